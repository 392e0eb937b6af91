"""The Celery application: `celery -A callbacks.config worker` and `... beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")

app = Celery("callbacks")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["callbacks"])
app.set_default()
