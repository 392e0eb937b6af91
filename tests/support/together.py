"""Several actions at the same moment, each with its own database connection."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, models, transaction

from tests.support.simulator import eventually

T = TypeVar("T")


def at_once(count: int, *acts: Callable[[], T]) -> list[T]:
    """What each act returned, run by `count` threads that start together."""
    start = threading.Barrier(count * len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        return alone(act)

    with ThreadPoolExecutor(count * len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts * count]]


def all_waiting_for(row: models.Model, count: int, act: Callable[[], T]) -> list[T]:
    """What each of `count` calls returned; all are released together once they wait to change the
    row.
    """
    with ThreadPoolExecutor(count) as pool:
        with transaction.atomic():
            type(row)._base_manager.select_for_update().get(pk=row.pk)
            running = [pool.submit(alone, act) for _ in range(count)]
            eventually(lambda: waiting_for_locks() >= count, within=60)
        return [done.result() for done in running]


@contextmanager
def locked_by_another(row: models.Model) -> Iterator[Callable[[], None]]:
    """Another connection locks the row inside the block; the yielded function releases it
    earlier.
    """
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            type(row)._base_manager.select_for_update().get(pk=row.pk)
            taken.set()
            done.wait()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(alone, hold)
        try:
            while not taken.wait(1):  # shows its error if it failed
                assert not holding.done(), holding.exception()
            yield done.set
        finally:
            done.set()
            holding.result()


def alone(act: Callable[[], T]) -> T:
    """What `act` returned, for a thread: leaves no connection behind."""
    try:
        return act()
    finally:
        connection.close()


def waiting_for_locks() -> int:
    """How many of the database's processes are waiting for a lock."""
    with connection.cursor() as cursor:
        # PostgreSQL reads this once per transaction unless the snapshot is cleared.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])
