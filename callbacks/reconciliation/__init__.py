"""What became of a call: the provider's records, look-ups, corrections, and a person's decision."""
