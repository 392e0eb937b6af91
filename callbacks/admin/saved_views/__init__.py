"""Saved views of reports, and who gets them by mail."""
