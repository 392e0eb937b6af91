"""One thread reads for all, and nobody waits for it for long."""

import threading
from concurrent.futures import ThreadPoolExecutor

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
        self.goes_on.wait()
        return self.read


@pytest.fixture
def reading() -> Reading:
    return Reading()


def test_threads_that_come_together_share_one_reading(reading: Reading) -> None:
    shared = SharedReading[str, int](patience=FOR_EVER)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(shared.get, "day", FOR_EVER, reading) for _ in range(8)]
        reading.began.acquire()
        reading.goes_on.set()
        assert [it.result() for it in asked] == [1] * 8
    assert reading.read == 1


def test_who_has_waited_long_enough_is_told_so_and_reads_nothing(reading: Reading) -> None:
    shared = SharedReading[str, int](patience=0.05)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.get, "day", FOR_EVER, reading)
        reading.began.acquire()
        for _ in range(3):
            with pytest.raises(StillReading):
                shared.get("day", FOR_EVER, reading)
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
