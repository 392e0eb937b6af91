"""Migrations in the database that this code does not know: a newer version applied them."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader


def sentence() -> str:
    """What is wrong, and what to do; "" if this code knows all migrations in the database.

    Raises django.db.Error.
    """
    unknown = _unknown()
    if not unknown:
        return ""
    return (
        f"The database belongs to a newer version. This code does not know {len(unknown)} of its "
        f"migrations ({unknown[0]}). Deploy the newer version again, or see “Going back” under "
        "“Upgrading” in docs/deploy.md."
    )


def _unknown() -> list[str]:
    """Unknown migrations applied after all known ones of the same application. An unknown migration
    that was applied before a known one is from an earlier version, and was squashed.
    """
    known = _known()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        applied = cursor.fetchall()
    found: dict[str, list[str]] = {}
    for app, name in applied:
        if name in known.get(app, ()):
            found.pop(app, None)
        elif app in known:  # ignores applications that no longer exist
            found.setdefault(app, []).append(f"{app}.{name}")
    return [name for names in found.values() for name in names]


@cache
def _known() -> dict[str, set[str]]:
    """The migrations in the code, by application, including those that they replace."""
    loader = MigrationLoader(None)
    known: dict[str, set[str]] = {app: set() for app in loader.migrated_apps}
    for (app, name), migration in loader.disk_migrations.items():
        known[app].add(name)
        for replaced_app, replaced in migration.replaces:
            known.setdefault(replaced_app, set()).add(replaced)
    return known
