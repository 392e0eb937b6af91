"""One HTTP exchange with the provider: connections, limits, documents."""
