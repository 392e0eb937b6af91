"""Alerts: problems that need somebody's attention, sent by mail or webhook to chosen receivers."""
