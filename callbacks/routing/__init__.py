"""Who is rung for a lead, and which lead a free extension calls next."""
