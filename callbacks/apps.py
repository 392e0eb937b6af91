"""The application `callbacks`."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CallbacksConfig(AppConfig):
    name = "callbacks"
    verbose_name = "Callbacks"

    def ready(self) -> None:
        """Connects the receivers of `leads`' signals, those that look after the group of sales
        managers, and the one that makes the claim's function.
        """
        from callbacks import (  # noqa: PLC0415  # models must be loaded first
            claim_sql,
            receivers,  # noqa: F401
        )
        from callbacks.admin import access  # noqa: PLC0415  # the same

        pre_migrate.connect(access.before_migrations, sender=self)
        post_migrate.connect(claim_sql.install, sender=self)
        post_migrate.connect(access.after_migrations, sender=self)
