"""Health, readiness and metrics for the engineer who runs the system."""
