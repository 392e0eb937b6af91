"""Migrations, demo data and the user `admin`, for `make run`.

A separate process, so that the launcher stays free of Django and of database connections.
"""

import io
import os
import sys
from urllib.parse import urlsplit

import django
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError

from callbacks.config import database_at_start
from callbacks.localrun.generated_secrets import ADMIN, ADMIN_PASSWORD_FILE, kept_password

_THIS_MACHINE = {"localhost", "127.0.0.1"}
_SOURCE = "website"  # created by `manage.py demo`
_ADMINS_PHONE = "101"  # the first one created by `manage.py demo`


def main() -> int:
    """Brings the database up to date. Returns an exit code; prints a problem as one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
    try:
        django.setup()
        call_command("check", databases=["default"], stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        call_command("demo", verbosity=0, stdout=io.StringIO())
        _let_the_shop_show_the_form()
        _mail_the_visitors()
        _ensure_admin()
    except SystemCheckError as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 1
    except DatabaseError as problem:
        found = database_at_start.problem()
        reason = f"{found.sentence} {found.way_out}" if found else str(problem).strip()
        print(f"This cannot start: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    except CommandError as problem:
        reason = str(problem).strip()
        print(f"This cannot start: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _let_the_shop_show_the_form() -> None:
    """Lets the shop show the demo source's form, unless a manager has allowed other websites."""
    sources = apps.get_model("leads", "LeadSource")._default_manager
    source = sources.filter(slug=_SOURCE).first()
    port = os.environ.get("SHOP_PORT")
    if source is None or port is None:
        return
    if all(urlsplit(it).hostname in _THIS_MACHINE for it in source.allowed_origins):
        names = sorted(_THIS_MACHINE)
        sources.filter(pk=source.pk).update(
            allowed_origins=[f"http://{name}:{port}" for name in names]
        )


def _mail_the_visitors() -> None:
    """Switches on mail to visitors of the demo source while all mail goes to the simulator. Only
    before the source's first lead, so that a manager who switches it off keeps it off.
    """
    port = os.environ.get("SIMULATOR_MAIL_PORT")
    if port and os.environ.get("EMAIL_URL") == f"smtp://127.0.0.1:{port}":
        sources = apps.get_model("leads", "LeadSource")._default_manager
        sources.filter(slug=_SOURCE, leads=None).update(mails_visitors=True)


def _ensure_admin() -> None:
    """Creates the superuser `admin` if there is none, with a generated password in DATA_DIR.

    Deletes the password file once somebody has chosen another password.
    """
    users = get_user_model()._default_manager
    file = settings.DATA_DIR / ADMIN_PASSWORD_FILE
    admin = users.filter(**{users.model.USERNAME_FIELD: ADMIN}).first()
    if admin is None:
        password = kept_password(settings.DATA_DIR, ADMIN_PASSWORD_FILE)
        admin = users.create_superuser(username=ADMIN, email="", password=password)
        # Gives the admin something to see at /desk/.
        extensions = apps.get_model("callbacks", "Extension")._default_manager
        extensions.filter(number=_ADMINS_PHONE, user=None).update(user=admin)
    elif file.exists() and not admin.check_password(file.read_text().strip()):
        file.unlink()


if __name__ == "__main__":
    sys.exit(main())
