"""The application `callbacks.config`: start-up, no models."""

import gc

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "callbacks.config"
    label = "config"

    def ready(self) -> None:
        """Registers the system checks, and makes ours the Celery application that publishes.

        The last application's: what is loaded now stays, and the collector need not look at it.
        """
        from callbacks.config import celery, checks  # noqa: F401, PLC0415  # importing is enough

        gc.freeze()
        gc.enable()
