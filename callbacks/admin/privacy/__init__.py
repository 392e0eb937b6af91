"""A person's rights: the data stored about them, and its erasure."""
