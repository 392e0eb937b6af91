"""Leads: people who asked for a call back, and the forms and pages they use."""
