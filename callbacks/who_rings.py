"""Who would be rung: what if."""
