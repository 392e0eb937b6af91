"""`manage.py set_up`: the first login, source, team and extensions of a new installation."""

import sys
from argparse import ArgumentParser
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from callbacks.access.groups import ensure_roles
from callbacks.common import task_publisher
from callbacks.models import Extension, Team
from leads import origins
from leads.models import LeadSource

_USAGE = 2
Row = TypeVar("Row", bound=models.Model)


class Command(BaseCommand):
    """Creates what is missing and changes nothing that exists. It is safe to repeat."""

    help = (
        "Creates the first login, the first source, the team that answers it and its extensions. "
        "Anything that already exists stays as it is. Asks for anything not given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the options for what is created."""
        parser.add_argument(
            "--user",
            default="",
            help=(
                "user name of the first login, a superuser; without a terminal its password is "
                "read from DJANGO_SUPERUSER_PASSWORD"
            ),
        )
        parser.add_argument("--email", default="", help="this login's e-mail address")
        parser.add_argument("--source", default="", help="part of the form's address: website")
        parser.add_argument("--source-name", default="", help="the name of the source")
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            help="a website that may show the form: https://www.example.com (may be repeated)",
        )
        parser.add_argument("--team", default="", help="the team that answers the source: Sales")
        parser.add_argument(
            "--extension",
            action="append",
            default=[],
            help=(
                "a Voicenter SIP code to ring first, with upper and lower case as it is there "
                "(may be repeated)"
            ),
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Asks, creates, and says what was created."""
        user = given["user"] or _ask("Name of the first login (empty: none)", "")
        slug = given["source"] or _ask("Source, as part of the form's address", "website")
        name = given["team"] or _ask("Team that answers it", _team_of(slug) or "Sales")
        numbers = given["extension"] or _ask("Its extensions, separated by spaces", "").split()
        with transaction.atomic():
            source = LeadSource(
                slug=slug,
                name=given["source_name"] or slug.capitalize(),
                allowed_origins=[_origin(typed) for typed in given["origin"]],
            )
            source = self._create("source", source, slug=slug)
            team = self._create("team", Team(name=name), name=name)
            if not team.sources.filter(pk=source.pk).exists():
                team.sources.add(source)
                self.stdout.write(f"the team {team.name} answers {source.slug}")
            for number in numbers:
                extension = Extension(number=number, name=number, team=team)
                self._create("extension", extension, number=number)
            ensure_roles()
            task_publisher.work_team_on_commit(team.pk)
        if user:
            self._login(user, given["email"])
        self.stdout.write(
            f"The form is at /contact/{source.slug}/. In the admin, set the team's opening hours "
            "(without any it is always open), the salesperson of each extension, and the fields "
            "of the form."
        )

    def _create(self, kind: str, row: Row, **by: str) -> Row:
        found = type(row)._default_manager.filter(**by).first()
        [shown] = by.values()
        if found is not None:
            self.stdout.write(f"left the {kind} {shown} as it is")
            return found
        try:
            row.full_clean()
        except ValidationError as problem:
            words = " ".join(problem.messages)
            raise CommandError(f"The {kind} {shown!r}: {words}", returncode=_USAGE) from None
        row.save()
        self.stdout.write(f"created the {kind} {shown}")
        return row

    def _login(self, name: str, email: str) -> None:
        users = get_user_model()._default_manager
        if users.filter(**{get_user_model().USERNAME_FIELD: name}).exists():
            self.stdout.write(f"left the login {name} as it is")
            return
        call_command(
            "createsuperuser", username=name, email=email, interactive=sys.stdin.isatty(),
            stdout=self.stdout, stderr=self.stderr,
        )  # fmt: skip


def _team_of(slug: str) -> str:
    """The name of the team that already answers this source; "" if none does."""
    found = Team.objects.filter(sources__slug=slug).order_by("pk").first()
    return found.name if found else ""


def _origin(typed: str) -> str:
    try:
        return origins.read(typed)
    except origins.NoOrigin as problem:
        raise CommandError(str(problem), returncode=_USAGE) from None


def _ask(what: str, usual: str) -> str:
    """What is typed; `usual` if nothing is typed, or if there is no terminal to ask on."""
    if not sys.stdin.isatty():
        return usual
    return input(f"{what} [{usual}]: " if usual else f"{what}: ").strip() or usual
