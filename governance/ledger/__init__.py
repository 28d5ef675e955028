"""The append-only ledger: a Merkle tree whose leaves commit to salted entries."""
