"""The salesperson's own page, made for a mobile phone: pauses, the present call, today's calls."""
