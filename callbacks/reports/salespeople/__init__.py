"""The people report: calls, pauses and shifts of each salesperson."""
