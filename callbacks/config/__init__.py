"""Wires the product together: settings, URLs, the Celery application, start-up.

`celery -A callbacks.config` finds the application in `callbacks.config.celery`.
"""
