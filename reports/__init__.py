"""What may be said about a deletion, and the signed proof of it."""
