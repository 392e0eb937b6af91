"""Who has exported what, and when: a list to read."""
