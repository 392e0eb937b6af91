"""Claims a lead and an extension, dials, and applies the outcome of the call."""
