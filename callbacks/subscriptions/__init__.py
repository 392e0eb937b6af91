"""Reports by mail: who gets which saved view, when, and what the mail shows."""
