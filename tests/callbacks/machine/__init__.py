"""A machine that drives the engine through anything that may happen, and its witness."""
