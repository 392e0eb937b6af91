"""Who asked to be called back."""
