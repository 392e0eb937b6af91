"""A small shop that nobody owns: somebody else's website with the call-back button, to try it."""
