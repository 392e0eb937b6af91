"""`make run`: PostgreSQL, Redis and all processes on this machine."""
