"""What the provider sends on its own: call records and pop-up requests."""
