"""The page that shows the simulated phones."""
