"""Template tags and filters of this app: {% load visitor_pages %}."""
