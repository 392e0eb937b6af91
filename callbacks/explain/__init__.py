"""Explains routing and waiting in words, and answers what would happen to a lead."""
