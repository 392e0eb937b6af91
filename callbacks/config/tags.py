"""The tag of the system checks of settings, which every process runs when it starts."""

SETTINGS = "settings"
