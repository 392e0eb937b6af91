"""The HTTP addresses of the simulator, and answers that break on request."""
