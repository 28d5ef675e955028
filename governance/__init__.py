"""Who may act, what was done, and how it is recorded and delivered."""
