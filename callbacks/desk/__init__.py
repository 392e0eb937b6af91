"""The salesperson's own page, made for a telephone: available or paused, who rings, my calls."""
