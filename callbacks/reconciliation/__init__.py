"""How calls ended: the provider's records, look-ups, corrections, and a person's decision."""
