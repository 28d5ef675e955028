"""Jobs: work under a lease, in a process of its own, with effects that happen once."""
