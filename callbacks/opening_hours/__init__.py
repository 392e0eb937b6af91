"""When a calendar is open, and what an SLA clock counts; pure functions."""
