"""Spending limits for each hour and day, which no number of workers exceeds, even by one call."""
