"""What the simulator posts to us: call records and pop-up requests."""
