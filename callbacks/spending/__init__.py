"""What calls may cost: limits an hour and a day, which no number of workers exceeds by one call."""
