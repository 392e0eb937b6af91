"""Small helpers without a subject of their own: publishing tasks, formatting, typed times."""
