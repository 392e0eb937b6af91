"""`manage.py demo`: creates what is needed to see a call. It is safe to repeat."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from callbacks.access.groups import ensure_roles
from callbacks.access.roles import Role
from callbacks.admin.access import SALES_MANAGERS
from callbacks.common import task_publisher
from callbacks.models import Extension, Team
from callbacks.routing import config
from leads import language_choice
from leads.models import LeadSource, WidgetText

SOURCE = "website"
# People who try it want it to ring at night too, and for the same number again and again.
AT_ANY_TIME = {"call_from": None, "call_until": None, "calls_a_day": None}
# What the button says on the Hebrew page of the shop that `make run` shows.
HEBREW = {"language": "he", "button": "חזרו אליי", "title": "נחזור אליכם בטלפון"}
TEAM = "Sales"
FIRST_NUMBER = 101
_MOST = 10_000


class Command(BaseCommand):
    """Creates what is missing and changes nothing that exists.

    Extensions that a manager has renamed, paused, moved or switched off stay so.
    """

    help = "Creates a source, a team and extensions for trying out callbacks. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds --extensions N."""
        parser.add_argument(
            "--extensions",
            type=_how_many,
            default=5,
            metavar="N",
            help=(
                f"how many extensions, numbered from {FIRST_NUMBER} (default 5); none is ever "
                "removed"
            ),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Creates everything in one transaction and writes what was created."""
        with transaction.atomic():
            source, new_source = LeadSource.objects.get_or_create(
                slug=SOURCE,
                defaults={
                    "name": "Website",
                    "languages_offered": language_choice.codes(),
                    **AT_ANY_TIME,
                },
            )
            self._say("source", source.slug, new_source)
            if new_source:
                WidgetText.objects.create(source=source, **HEBREW)
            team, new_team = _team(source)
            self._say("team", team.name, new_team)
            if new_source or new_team:
                team.sources.add(source)
            if window := config.current().calling_window(source.pk):
                self.stdout.write(
                    f"its leads are called from {window[0]:%H:%M} to {window[1]:%H:%M} where "
                    "their number is"
                )
            self._extensions(team, options["extensions"])
            self._say("group", SALES_MANAGERS, Role.MANAGER in ensure_roles())
            task_publisher.work_team_on_commit(team.pk)

    def _extensions(self, team: Team, how_many: int) -> None:
        numbers = [str(FIRST_NUMBER + index) for index in range(how_many)]
        there = set(Extension.objects.filter(number__in=numbers).values_list("number", flat=True))
        missing = [number for number in numbers if number not in there]
        Extension.objects.bulk_create(
            [
                Extension(number=number, name=f"Salesperson {number}", team=team)
                for number in missing
            ],
            # Another run at the same moment may create the same extensions first.
            ignore_conflicts=True,
        )
        if missing:
            self.stdout.write(f"created {len(missing)} extensions: {_range(missing)}")
        if there:
            self.stdout.write(f"left {len(there)} extensions as they are")

    def _say(self, kind: str, name: str, created: bool) -> None:
        done = "created the {} {}" if created else "left the {} {} as it is"
        self.stdout.write(done.format(kind, name))


def _team(source: LeadSource) -> tuple[Team, bool]:
    """The team that answers the source, whatever its name now is; otherwise the team Sales."""
    answering = source.teams.order_by("pk").first()
    if answering:
        return answering, False
    return Team.objects.get_or_create(name=TEAM, defaults=AT_ANY_TIME)


def _how_many(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MOST:
        raise ArgumentTypeError(f"it must be a number from 0 to {_MOST}, not {text!r}")
    return int(text)


def _range(numbers: list[str]) -> str:
    whole = int(numbers[-1]) - int(numbers[0]) + 1 == len(numbers) and len(numbers) > 1
    return f"{numbers[0]} to {numbers[-1]}" if whole else ", ".join(numbers)
