"""The addresses that the provider posts call records and pop-ups to."""
