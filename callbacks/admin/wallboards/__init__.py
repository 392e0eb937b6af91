"""Wallboards in the admin."""
