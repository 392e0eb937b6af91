"""`manage.py migrate`: Django's command, changed to run while the product runs."""

import random
import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError

from callbacks.management.locked_migrations import Executor, TablesInUseError, is_transient
from callbacks.monitoring import newer_database

# Django's command makes its plan with this, and uses it for nothing else.
migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]

# How often to start again after an unforeseen lock. Migrations that were applied stay applied.
_TIMES = 20


class Command(migrate.Command):
    """Applies migrations while leads come in and are called."""

    def handle(self, *args: Any, **options: Any) -> None:
        """As Django's command. Also says that `--check` found missing migrations, and that a newer
        version made the database. Raises CommandError if tables were in use all the time.
        """
        try:
            self._apply(*args, **options)
        except SystemExit:
            self.stderr.write("The database lacks migrations of this version. Run them first.")
            raise
        if not options["plan"] and (newer := newer_database.sentence()):
            self.stderr.write(self.style.WARNING(newer))

    def _apply(self, *args: Any, **options: Any) -> None:
        for left in reversed(range(_TIMES)):
            try:
                super().handle(*args, **options)
                return
            except TablesInUseError as problem:
                raise CommandError(str(problem)) from None
            except OperationalError as problem:
                if not is_transient(problem) or not left:
                    raise
            self.stdout.write("  The product was using a table. Trying again.")
            time.sleep(random.uniform(0.2, 1))  # noqa: S311
