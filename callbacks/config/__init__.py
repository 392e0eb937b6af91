"""Composition root: settings, addresses, Celery application, start-up.

`celery -A callbacks.config` finds the application in `callbacks.config.celery`.
"""
