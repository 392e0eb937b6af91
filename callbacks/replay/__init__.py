"""Past leads replayed against a changed team: a simulation over the pure rules."""
