"""Translates between our terms and those of the provider's library."""
