"""`manage.py replay`: how a changed team would have handled the leads of the last days."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from callbacks.console.output import Output
from callbacks.replay import command
from callbacks.replay.command import MOST_DAYS, MOST_EXTENSIONS, CannotReplay, ReplayOptions
from callbacks.routing import rules

_STRATEGIES = (rules.LONGEST_IDLE, rules.ROUND_ROBIN, rules.WEIGHTED, rules.FAIR)


class Command(BaseCommand):
    """Only reads: no lead is called and nothing is changed."""

    help = "Replays the leads of recent days with a changed team. It calls nobody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the options for the period and for the change."""
        parser.add_argument("--days", type=_days, default=7, help="how many days back (default 7)")
        parser.add_argument("--team", default="", help="the team to change")
        parser.add_argument(
            "--extensions", type=_extensions, default=0, metavar="+N|-N",
            help="how many more or fewer extensions the team has",
        )  # fmt: skip
        parser.add_argument("--schedule", default="", help="the team's hours, by name")
        parser.add_argument("--strategy", default="", choices=["", *_STRATEGIES], metavar="NAME",
            help=", ".join(_STRATEGIES),
        )  # fmt: skip
        parser.add_argument(
            "--seed",
            type=int,
            default=0,
            help="seed for the random numbers; the same seed gives the same result",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON document")

    def handle(self, *_args: Any, **given: Any) -> None:
        """Replays; an early end becomes a message, a document and an exit code."""
        output = Output(self.stdout, self.stderr, as_json=given["as_json"])
        names = ("days", "team", "extensions", "schedule", "strategy", "seed")
        asked = ReplayOptions(**{name: given[name] for name in names})
        try:
            command.run(asked, output, timezone.now())
        except CannotReplay as ended:
            output.document(
                ok=False, exit_code=ended.exit_code, reason=ended.reason, message=ended.words
            )
            raise CommandError(ended.words, returncode=ended.exit_code) from None


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_DAYS:
        raise ArgumentTypeError(f"it must be a number from 1 to {MOST_DAYS}, not {text!r}")
    return int(text)


def _extensions(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isascii() or not digits.isdigit() or int(digits) > MOST_EXTENSIONS:
        raise ArgumentTypeError(
            f"it must be a number like +2 or -1, up to {MOST_EXTENSIONS}, not {text!r}"
        )
    return int(text)
