"""Several at the same moment, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(count: int, *acts: Callable[[], T]) -> list[T]:
    """What each act returned, done by `count` threads that start together."""
    start = threading.Barrier(count * len(acts))

    def run(act: Callable[[], T]) -> T:
        try:
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count * len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts * count]]
