"""Alerts: what needs somebody, told by mail or webhook to whoever has asked for it."""
