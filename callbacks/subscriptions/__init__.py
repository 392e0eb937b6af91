"""Reports by mail: who gets which saved view, when, and what stands in the mail."""
