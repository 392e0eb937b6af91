"""Finds, shows and erases the data that is stored about a person."""
