"""Who may do what, and whose rows each person sees."""
