"""`manage.py health`: checks whether a worker, or a beat, of this machine still works."""

import math
import re
import socket
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from kombu.exceptions import OperationalError

from callbacks.common import clock, heartbeats, task_publisher

# Seconds. Longer than a restart takes, including running dials; signs come every few seconds.
STOPPED_AFTER = 90.0
# Seconds. If Redis comes back at this moment, a running process's next sign is there this long
# after it is due.
_WRITTEN_WITHIN = 5.0
_STOPPED, _NOT_KNOWN = 1, 2
_BEAT = "beat"
# Celery's own name for a worker without a given name.
_UNNAMED = {"worker": "celery"}


class Command(BaseCommand):
    """Exits with 0 if the process works, 1 if it has stopped, 2 if this is unknown."""

    help = (
        "Exits with 0 if this machine's worker or beat is running, with 1 if it has stopped, and "
        "with 2 if that is unknown because Redis or the broker is down, or Redis has just come "
        "back or lost its data."
    )
    requires_system_checks: list[str] = []  # Django's own type

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the process, and the machine that it runs on."""
        parser.add_argument(
            "process",
            type=_process,
            help='"beat", "worker", or the part of the worker\'s --hostname before the @',
        )
        parser.add_argument(
            "--host", default=socket.gethostname(), help="its machine or container (%(default)s)"
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Says that the process works, or raises CommandError. Looks twice before it says no."""
        name = f"{_UNNAMED.get(given['process'], given['process'])}@{given['host']}"
        patience, every = STOPPED_AFTER, heartbeats.WORKER_SIGNS_EVERY
        if given["process"] == _BEAT:
            every = max(every, settings.SWEEP_EVERY)
            patience = max(patience, 3 * every)
        try:
            self.stdout.write(_look(name, patience))
        except CommandError as first:
            if first.returncode != _STOPPED:
                raise
            time.sleep(every + _WRITTEN_WITHIN)
            self.stdout.write(_look(name, patience))


def _look(name: str, patience: float) -> str:
    """Reads the newest sign of life of `name`. Raises CommandError after `patience` seconds."""
    try:
        seen_at = heartbeats.process_seen(name)
        since, back, takes_writes = heartbeats.kept()
    except redis.RedisError:
        raise CommandError(
            "Redis does not answer, so the state is unknown. Check that it is running and "
            "that REDIS_URL is correct.",
            returncode=_NOT_KNOWN,
        ) from None
    ago = _ago(seen_at)
    if ago > patience:
        # The signs use the database's time, and this machine's clock may be wrong.
        clock.measure()
        ago = _ago(seen_at)
    if ago < patience:
        return f"{name} was seen {ago:.0f} s ago."
    if not takes_writes:
        raise CommandError(
            "Redis answers but accepts no writes (its memory or disk is full, or it is a "
            "replica), so the state is unknown. See its log and `redis-cli INFO`.",
            returncode=_NOT_KNOWN,
        )
    if seen_at is None and (kept_for := _ago(since)) < patience:
        raise CommandError(
            f"Redis was empty {kept_for:.0f} s ago: it is new or has lost its data, so it is "
            f"unknown whether {name} is running. Try again in {patience - kept_for:.0f} s.",
            returncode=_NOT_KNOWN,
        )
    if (back_for := _ago(back)) < patience:
        raise CommandError(
            f"Redis was away until {back_for:.0f} s ago, so it is unknown whether {name} is "
            f"running. Try again in {patience - back_for:.0f} s.",
            returncode=_NOT_KNOWN,
        )
    if not _broker_answers():
        raise CommandError(
            "The broker does not answer, so the state is unknown. Check that it is running "
            "and that BROKER_URL is correct.",
            returncode=_NOT_KNOWN,
        )
    raise CommandError(
        f"{name} has not been seen for {patience:.0f} s. Restart it and check its log.",
        returncode=_STOPPED,
    )


def _ago(seen_at: float | None) -> float:
    """Seconds. A sign from the future was written before the clock was set back."""
    return math.inf if seen_at is None else abs(timezone.now().timestamp() - seen_at)


def _process(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", text):
        raise ArgumentTypeError(f"it must be a process's name, such as worker-1, not {text!r}")
    return text


def _broker_answers() -> bool:
    try:
        with task_publisher.connection() as broker:
            broker.ensure_connection(max_retries=0)
    except (OperationalError, OSError):
        return False
    return True
