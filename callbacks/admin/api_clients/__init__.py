"""Programs that use the API, and their keys."""
