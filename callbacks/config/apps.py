"""The application `callbacks.config`: start-up, no models."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "callbacks.config"
    label = "config"

    def ready(self) -> None:
        """Registers the system checks, and makes ours the Celery application that publishes."""
        from callbacks.config import celery, checks, mail_checks  # noqa: F401, PLC0415  # for effect
