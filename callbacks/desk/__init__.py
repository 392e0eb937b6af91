"""The salesperson's own page, made for a mobile phone: pauses, the current call, today's calls."""
