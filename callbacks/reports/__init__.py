"""Reports: how fast visitors are really called back."""
