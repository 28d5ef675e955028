"""Benches: one a module, run by ``vestige bench NAME``; ``vestige.bench`` is their frame."""
