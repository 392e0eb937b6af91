"""What the provider posts to us: call records and pop-up requests."""
