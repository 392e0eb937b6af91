"""Roles: who may open which address, and whose rows they see."""
