"""What the benchmark and the fault runs have in common: progress, bounds, numbers, the machine."""

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

# What would set up the project other than the Procfile and `make run` do, and the addresses of
# servers that are somebody's: these runs make databases of their own and fill them.
_FOREIGN = (
    *("VOICENTER_", "SIMULATOR_", "DJANGO_", "LOG_LEVEL", "HTTPS", "DEBUG"),
    *("DATABASE_URL", "REDIS_URL", "BROKER_URL"),
)


def bounded(minutes: float) -> None:
    """From now on TimeoutError ends us after so long, and a signal as Ctrl-C does.

    Either unwinds, so that everything that was started is ended.
    """
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError if number == signal.SIGALRM else KeyboardInterrupt


def progress() -> Say:
    """Prints lines with the seconds since it was made."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)

    return say


def forget_settings() -> None:
    """Takes settings of the project, and addresses of servers, out of our environment."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]


def numbers() -> Iterator[str]:
    """Israeli mobile numbers, no two alike; they reach nobody but the simulator."""
    for prefix in ("+97250555", "+97252555", "+97254555"):
        for number in range(10_000):
            yield f"{prefix}{number:04d}"


def new_database(server_url: str, name: str, template: str = "template1") -> str:
    """A database beside the one of `server_url`, a copy of `template`; its address."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)
    return f"{server_url.rpartition('/')[0]}/{name}"


def without_spending_limits(database_url: str) -> None:
    """A run makes more calls an hour than a new installation allows."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM callbacks_spendlimit")


def machine() -> dict[str, Any]:
    """What the figures were made on. A load above the cores: somebody else was at work."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }
