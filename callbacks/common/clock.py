"""The time that all processes share: the database's, if a machine's own clock is wrong.

Web, workers and beat may run on several machines, and decide by times that another machine wrote:
whether a lead is due, whether an attempt is lost, whether a team is open. So each process measures
how far its machine's clock is from the database's, at its start and every MEASURED_EVERY seconds.
In between it continues the database's time with a monotonic clock.
`django.utils.timezone.now` is replaced (`install`, in the settings), because our code, Django and
other libraries all read the time there, so nobody can forget to use the shared time. While the two
clocks agree, the machine's own time is used.

A process that does not measure, such as a test, uses its machine's time.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps

import psycopg
from django.db import connection
from django.utils import timezone

from callbacks.common import heartbeats

log = logging.getLogger(__name__)

# Seconds.
MEASURED_EVERY = 30.0
# Two processes that both agree with the database differ by at most twice this, which the claim
# allows for (routing.claim.CLOCK_TOLERANCE). A measurement is accurate to half its round trip; one
# with a longer round trip than this is not used.
AGREES_WITHIN = 0.5
# A clock that is synchronised over a network is accurate to a few milliseconds.
SAID_FROM = 2.0
_SAMPLES = 3

# On Linux, also counts while the machine sleeps, as macOS's monotonic clock does.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class _Reading:
    """The database's clock (seconds since the epoch) when `elapsed()` had this value."""

    database: float
    elapsed: float


_machines_now: Callable[[], datetime] = timezone.now
_reading: _Reading | None = None
_said = 0.0
_starting = threading.Lock()
_thread: threading.Thread | None = None
# The process whose thread could not be started; "" if it runs or nobody has asked for it.
_not_started = ""


@wraps(timezone.now)
def now() -> datetime:
    """The time in UTC: the machine's, or the database's if the machine's clock is wrong."""
    machines, reading = _machines_now(), _reading
    if reading is None:
        return machines
    databases = reading.database + (elapsed() - reading.elapsed)
    if abs(machines.timestamp() - databases) <= AGREES_WITHIN:
        return machines
    return datetime.fromtimestamp(databases, UTC)


def install() -> None:
    """Replaces `django.utils.timezone.now` with `now`, before anybody imports it by name."""
    timezone.now = now


def elapsed() -> float:
    """Seconds on a monotonic clock that keeps counting while the machine sleeps."""
    return time.clock_gettime(_ELAPSED)


def measure() -> float | None:
    """Measures the database's clock, which `now` follows from then on.

    Returns the seconds by which the machine's clock is ahead of it (negative: behind). None: the
    database did not answer, or too slowly, and the last measurement still applies.
    """
    global _reading
    try:
        trip, reading = _fastest_of_some()
    except psycopg.Error as error:
        # Code that needs the database for more reports why it does not answer.
        log.debug("the database's clock was not measured error=%s", type(error).__name__)
        return None
    if trip > AGREES_WITHIN:
        log.info("the database's clock was not measured: it took %.1f s to answer", trip)
        return None
    machines = _machines_now().timestamp()
    _reading = reading
    return machines - (reading.database + (elapsed() - reading.elapsed))


def keep_measuring(process: str) -> None:
    """Measures from now on in a separate thread; once for each process. Never raises.

    Reports in the log and the signs of life how far the clock of this process (`worker-1@host`) is
    off. If no thread can be started now, `try_again` starts it later.
    """
    global _thread, _not_started
    with _starting:
        if _thread is not None and _thread.is_alive():
            return
        thread = threading.Thread(
            target=_measure_for_ever, args=(process,), name="clock", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            if not _not_started:
                log.warning("The clock is not measured yet: no thread could be started.")
            _not_started = process
        else:
            _thread, _not_started = thread, ""


def try_again() -> None:
    """Starts what `keep_measuring` could not start. Web
    workers, workers and beat call this from their loops."""
    if _not_started:
        keep_measuring(_not_started)


def _measure_for_ever(process: str) -> None:
    while True:
        ahead = measure()
        if ahead is not None:
            say(process, ahead)
        time.sleep(MEASURED_EVERY)


def say(process: str, ahead: float) -> None:
    """Reports that the clock of `process` is `ahead` seconds ahead of the database's.

    To readers of the signs of life, and in the log when the difference begins, changes or ends.
    """
    global _said
    heartbeats.clock_seen(process, ahead)
    is_off, was_off = abs(ahead) > SAID_FROM, abs(_said) > SAID_FROM
    if is_off and abs(ahead - _said) > SAID_FROM:
        log.warning(
            "The clock of this machine is %.1f s %s the database's. The database's time is used. "
            'Set up time synchronisation on both machines: docs/deploy.md, "Clocks".',
            abs(ahead),
            "ahead of" if ahead > 0 else "behind",
        )
        _said = ahead
    elif was_off and not is_off:
        log.info("The clock of this machine is that of the database again.")
        _said = 0.0


def _fastest_of_some() -> tuple[float, _Reading]:
    """The round trip in seconds, and the reading half-way through it. Raises psycopg.Error."""
    # Not from the pool: its connections are for the work itself.
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    found = []
    with psycopg.connect(**parameters) as raw:
        for _ in range(_SAMPLES):
            asked_at = elapsed()
            row = raw.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            trip = elapsed() - asked_at
            if row is not None:
                found.append((trip, _Reading(float(row[0]), asked_at + trip / 2)))
    return min(found, key=lambda it: it[0])
