"""Capture: what tools report becomes observations, and one writer puts those into the graph."""
