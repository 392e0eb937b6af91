"""Spending limits and call prices in the admin."""
