"""One thread reads for all, and nobody waits for it for long."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import cast

import pytest

from callbacks.common.shared_reading import SharedReading, StillReading

FOR_EVER = 3600.0


class Reading:
    """Reads 1, 2, 3 ..., each time after `goes_on` is set."""

    def __init__(self) -> None:
        self.began, self.goes_on = threading.Semaphore(0), threading.Event()
        self.read = 0

    def __call__(self) -> int:
        self.read += 1
        self.began.release()
        assert self.goes_on.wait(60)
        return self.read


@contextmanager
def watched(shared: SharedReading[str, int]) -> Iterator[threading.Semaphore]:
    """Counts the threads that begin to wait for a reading in the block."""
    lock, begun = shared._is_reading, threading.Semaphore(0)

    class Watched:
        def acquire(self, timeout: float) -> bool:
            begun.release()
            return lock.acquire(timeout=timeout)

        def release(self) -> None:
            lock.release()

    shared._is_reading = cast("threading.Lock", Watched())
    yield begun
    shared._is_reading = lock


@pytest.fixture
def reading() -> Iterator[Reading]:
    made = Reading()
    yield made
    made.goes_on.set()


@pytest.mark.parametrize("kept_for", [FOR_EVER, 0], ids=["kept", "old as soon as it is read"])
def test_threads_that_come_together_share_one_reading(reading: Reading, kept_for: float) -> None:
    shared = SharedReading[str, int](patience=FOR_EVER)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(shared.get, "day", kept_for, reading)
        reading.began.acquire()
        with watched(shared) as waiting:
            others = [pool.submit(shared.get, "day", kept_for, reading) for _ in range(7)]
            for _ in others:
                waiting.acquire()
            reading.goes_on.set()
            assert [it.result() for it in (first, *others)] == [1] * 8
    assert reading.read == 1


def test_who_has_waited_long_enough_is_told_so_and_reads_nothing(reading: Reading) -> None:
    shared = SharedReading[str, int](patience=0.05)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.get, "day", FOR_EVER, reading)
        reading.began.acquire()
        for _ in range(3):
            with pytest.raises(StillReading):
                pool.submit(shared.get, "day", FOR_EVER, reading).result(30)
        reading.goes_on.set()
        assert first.result() == 1
    assert shared.get("day", FOR_EVER, reading) == 1


def test_an_old_reading_is_replaced_and_another_key_is_another_reading(reading: Reading) -> None:
    reading.goes_on.set()
    shared = SharedReading[str, int](patience=FOR_EVER)
    assert [shared.get("day", kept, reading) for kept in (FOR_EVER, FOR_EVER, 0)] == [1, 1, 2]
    assert [shared.get(key, FOR_EVER, reading) for key in ("day", "hour", "hour")] == [2, 3, 3]


def test_a_reading_that_failed_is_not_kept_and_the_next_caller_reads() -> None:
    results = iter([1, ValueError("no database"), 3])

    def read() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    shared = SharedReading[str, int](patience=FOR_EVER)
    assert shared.get("day", FOR_EVER, read) == 1
    with pytest.raises(ValueError, match="no database"):
        shared.get("day", 0, read)
    assert shared.get("day", FOR_EVER, read) == 3


def test_what_is_forgotten_is_read_again(reading: Reading) -> None:
    reading.goes_on.set()
    shared = SharedReading[str, int](patience=FOR_EVER)
    shared.get("day", FOR_EVER, reading)
    shared.forget()
    assert shared.get("day", FOR_EVER, reading) == 2
