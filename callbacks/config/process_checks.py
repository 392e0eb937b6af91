"""System checks of the processes' own settings. Every process reports all of them.

E070 PORT    E071 numbers of processes, threads and connections, WEB_DRAIN, HSTS_SECONDS
E072 DATABASE_POOL_SIZE below a process's number of threads
"""

from collections.abc import Iterator, Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from callbacks.config.tags import SETTINGS

_LARGEST_PORT = 65_535
_MOST = {"WEB_CONCURRENCY": 64, "WEB_THREADS": 256, "WORKER_THREADS": 256}
_MOST_CONNECTIONS = 500
_LONGEST_DRAIN, _LONGEST_HSTS = 60, 2 * 31_536_000  # seconds


@checks.register(SETTINGS)
def check_processes(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - the settings belong to no single application
    **kwargs: object,  # noqa: ARG001
) -> list[CheckMessage]:
    """Reports every mistake at once."""
    return [*_port(), *_numbers(), *_pool()]


def _port() -> Iterator[CheckMessage]:
    if not 1 <= settings.PORT <= _LARGEST_PORT:
        yield Error(
            f"PORT is {settings.PORT}, which is not a port number.",
            hint=f"Set PORT to a number from 1 to {_LARGEST_PORT}, for example PORT=8000.",
            id="callbacks.E070",
        )


def _numbers() -> Iterator[CheckMessage]:
    ranges = {name: (1, most) for name, most in _MOST.items()}
    ranges |= {"DATABASE_POOL_SIZE": (1, _MOST_CONNECTIONS), "WEB_DRAIN": (0, _LONGEST_DRAIN)}
    ranges["HSTS_SECONDS"] = (0, _LONGEST_HSTS)
    for name, (least, most) in ranges.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            yield Error(
                f"{name} is {value}, which is out of range.",
                hint=f"Set {name} to a number from {least} to {most}.",
                id="callbacks.E071",
            )


def _pool() -> Iterator[CheckMessage]:
    size = settings.DATABASE_POOL_SIZE
    for name in ("WEB_THREADS", "WORKER_THREADS"):
        threads = getattr(settings, name)
        if 1 <= size < threads <= _MOST[name]:
            yield Error(
                f"DATABASE_POOL_SIZE is {size} and {name} is {threads}, so threads would wait "
                "for each other's database connections.",
                hint=(
                    f"Set DATABASE_POOL_SIZE to {threads} or more, or {name} to {size} or less. "
                    "PostgreSQL's max_connections must exceed the connections of all processes "
                    "together."
                ),
                id="callbacks.E072",
            )
