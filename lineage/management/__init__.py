"""Commands of the lineage app."""
