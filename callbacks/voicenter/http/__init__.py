"""One HTTP exchange with the provider: addresses, connections, limits, answers with a status."""
