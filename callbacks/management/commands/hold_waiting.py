"""`manage.py hold_waiting`: holds all waiting leads after a restore, for a manager to decide."""

import re
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from callbacks.common import heartbeats
from callbacks.console.confirming import confirm
from callbacks.console.exits import Stop
from callbacks.console.output import Output
from callbacks.reconciliation import restored

# Seconds. A worker writes a sign every five; the last sign of a stopped worker stays for a while.
WATCHED_FOR = 12.0
_AGE = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """Run it on a restored database, before a worker is started."""

    help = (
        "Holds all waiting leads, so that nobody is called until a manager releases them. Use it "
        "after restoring a database from a backup, before you start a worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the options that choose leads, and those that skip questions."""
        parser.add_argument(
            "--older-than",
            type=_age,
            default=timedelta(0),
            metavar="AGE",
            help="only leads submitted at least this long ago: 30m, 2h, 7d (default: all)",
        )
        parser.add_argument(
            "--appointments",
            action="store_true",
            help="also leads with a chosen time in the future",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show the numbers and change nothing"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--force",
            action="store_true",
            help=(
                "run even if a worker is running; its calls then end as unknown, even if people "
                "are talking"
            ),
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Holds the leads, and says what was done."""
        output = Output(self.stdout, self.stderr, as_json=False)
        now = timezone.now()
        asked = {"older_than": given["older_than"], "appointments": given["appointments"]}
        found = restored.would_hold(now, **asked)
        if given["dry_run"]:
            output.say(f"Leads that would be held: {found.leads}.")
            output.say(f"Calls that would be marked as outcome unknown: {found.calls}.")
            return
        if not given["force"] and _a_worker_runs():
            raise CommandError(
                "A worker is running, and its current calls would be given up. Stop all workers "
                "and run this again, or use --force. Nothing was done."
            )
        try:
            what = (
                f"Hold {found.leads} waiting leads and mark {found.calls} running calls as "
                "outcome unknown"
            )
            confirm(what, yes=given["yes"], output=output)
        except Stop as stop:
            raise CommandError(str(stop), returncode=stop.exit.value) from None
        done = restored.hold_waiting(now, **asked)
        output.say(f"Leads held: {done.leads}. A manager releases them: Held leads in the admin.")
        output.say(
            f"Calls marked as outcome unknown: {done.calls}. See Unknown outcomes in the admin."
        )


def _a_worker_runs() -> bool:
    """Whether a worker writes signs of life now; a worker that was just stopped writes no more."""
    try:
        before = heartbeats.read()
        until = time.monotonic() + WATCHED_FOR
        while before.workers and time.monotonic() < until:
            time.sleep(WATCHED_FOR / 20)
            if heartbeats.read().worker_seen != before.worker_seen:
                return True
    except redis.RedisError:
        return False  # after a restore Redis need not be there yet
    return False


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"it must be an age such as 30m, 2h or 7d, not {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
