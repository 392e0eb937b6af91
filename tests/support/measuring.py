"""What the benchmark and the fault runs share: progress, time limits, numbers, the machine."""

import os
import platform
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

import psycopg
from psycopg import sql

Say = Callable[[str], None]

# Settings other than those of the Procfile and `make run`, and addresses of somebody's servers:
# these runs create and fill their own databases.
_FOREIGN = (
    *("VOICENTER_", "SIMULATOR_", "DJANGO_", "LOG_LEVEL", "HTTPS", "DEBUG"),
    *("DATABASE_URL", "REDIS_URL", "BROKER_URL"),
)


def bounded(minutes: float) -> None:
    """Raises TimeoutError after `minutes`; signals act like Ctrl-C.

    Both unwind, so that everything started is ended.
    """
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError if number == signal.SIGALRM else KeyboardInterrupt


def progress() -> Say:
    """Prints lines with the seconds since the start."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)

    return say


def forget_settings() -> None:
    """Removes the project's settings and server addresses from our environment."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]


def numbers() -> Iterator[str]:
    """Distinct Israeli mobile numbers; they only reach the simulator."""
    for prefix in ("+97250555", "+97252555", "+97254555"):
        for number in range(10_000):
            yield f"{prefix}{number:04d}"


def new_database(server_url: str, name: str, template: str = "template1") -> str:
    """Creates a database beside that of `server_url`, as a copy of `template`; returns its
    address.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)
    return f"{server_url.rpartition('/')[0]}/{name}"


def without_spending_limits(database_url: str) -> None:
    """Removes the spending limits: a run makes more calls an hour than they allow by default."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM callbacks_spendlimit")


def machine() -> dict[str, Any]:
    """The machine of the figures. A load above the number of cores means that something else was
    running.
    """
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }
