"""A source's colour and logo, as its pages and its button show them."""
