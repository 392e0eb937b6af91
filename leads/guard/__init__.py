"""Decides whether a stranger's submission is called, held for a manager, or refused."""
