"""When a calendar is open, and what an SLA clock counts. Pure functions."""
