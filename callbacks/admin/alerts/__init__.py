"""Alerts in the admin: who is told of what, what has happened, and what was sent."""
