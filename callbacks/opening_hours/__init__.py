"""Pure functions: when a calendar is open, and what an SLA clock counts."""
