"""What the simulator sends to the product: call records and pop-up requests."""
