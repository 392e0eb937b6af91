"""The tag of the system checks of the settings, which every process makes at its start."""

SETTINGS = "settings"
