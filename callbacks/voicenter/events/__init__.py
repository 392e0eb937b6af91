"""What the provider sends unasked: call records and pop-up requests."""
