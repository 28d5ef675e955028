"""Template words about deletion requests, for pages of the floors below."""
