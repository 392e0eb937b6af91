"""The application `callbacks.config`: start-up, no models."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "callbacks.config"
    label = "config"

    def ready(self) -> None:
        """Registers the system checks, and makes our Celery application the one that publishes."""
        from callbacks.config import (  # noqa: PLC0415  # for effect
            catalog_checks,  # noqa: F401
            celery,  # noqa: F401
            checks,  # noqa: F401
            deploy_checks,  # noqa: F401
            mail_checks,  # noqa: F401
            process_checks,  # noqa: F401
            sign_in_checks,  # noqa: F401
        )
