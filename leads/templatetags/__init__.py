"""What the templates of this app use: {% load visitor_pages %}."""
