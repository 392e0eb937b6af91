"""What wires the product together: settings, addresses, the Celery application, start-up.

`celery -A callbacks.config` finds the application in `callbacks.config.celery`.
"""
