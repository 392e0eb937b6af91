"""The audit in the admin: who did what, and the values before and after."""
