"""The leads of a while ago against a changed team: a simulation over the pure rules."""
