"""A person's rights: what is held of them, and its erasure."""
