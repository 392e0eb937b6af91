"""Leads: people who asked to be called back, and the forms and pages that they use."""
