"""Alerts in the admin: the alerts, their receivers, and the messages sent."""
