"""The audit as a page: who did what, and what stood there before."""
