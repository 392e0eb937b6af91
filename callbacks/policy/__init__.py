"""What follows from each outcome of a call: rules, bounds, and their numbers from the settings."""
