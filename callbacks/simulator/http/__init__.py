"""The simulator's addresses, and how it answers."""
