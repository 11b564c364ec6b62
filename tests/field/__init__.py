"""Charts as others make them, invented: those that must stay quiet, and those that must speak."""
