"""What `manage.py voicenter` does: the engineer's own way to the provider's account."""
