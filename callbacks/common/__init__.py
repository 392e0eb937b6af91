"""Small shared helpers: publishing tasks, formatting, typed times, and others."""
