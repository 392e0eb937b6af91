"""What the provider sends us."""
