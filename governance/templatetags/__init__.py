"""Template words shared by every page."""
