"""Which extension rings for a lead, and which lead a free extension calls next."""
