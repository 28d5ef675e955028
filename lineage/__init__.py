"""The provenance graph: what holds, or inherited, whose records."""
