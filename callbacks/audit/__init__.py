"""Keeps who did what to which setting, right or lead, when and from where, and never changes it."""
