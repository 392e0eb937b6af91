"""The application `callbacks`."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CallbacksConfig(AppConfig):
    name = "callbacks"
    verbose_name = "Callbacks"

    def ready(self) -> None:
        """Registers the answers to `leads`, the receivers of its signals, and the receivers that
        maintain the groups of the roles and that tell people about changes of their login.
        """
        from callbacks import receivers  # noqa: PLC0415  # models must be loaded first
        from callbacks.access import groups, scope  # noqa: PLC0415  # the same
        from callbacks.audit import entries  # noqa: F401, PLC0415  # the same; it has receivers
        from callbacks.signin import login_mail  # noqa: F401, PLC0415  # the same; it has receivers
        from leads import ports, visible_rows  # noqa: PLC0415  # the same

        ports.register(receivers.Caller())
        visible_rows.register(scope.rows)
        pre_migrate.connect(groups.before_migrations, sender=self)
        post_migrate.connect(groups.after_migrations, sender=self)
