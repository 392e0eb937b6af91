"""Leads and their sources in the admin."""
