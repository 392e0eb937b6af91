"""Signs that are added while earlier ones are being written, or while none can be written."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from callbacks.common import heartbeats
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts

# The writer takes what waits, looks again, and finds nothing.
TAKEN_AND_NONE_LEFT = 2


class LockThatIsPassedOn:
    """Another sign is added as soon as the writer has seen that nothing waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times = 0

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        is_writer = threading.current_thread().name.startswith("pulse")
        if is_writer and not heartbeats._unsaid:
            self._times += 1
            if self._times == TAKEN_AND_NONE_LEFT:
                heartbeats.beat_seen("beat-1@here:2")


def test_a_sign_that_is_added_as_the_last_one_is_written_is_written_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeats, "_lock", LockThatIsPassedOn())
    heartbeats.worker_seen("worker-1@here:1")
    assert eventually(lambda: heartbeats.process_seen("beat-1@here"))
    assert heartbeats.process_seen("worker-1@here")


def test_a_moment_without_a_free_thread_raises_nothing_and_later_signs_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = ThreadPoolExecutor(1)
    monkeypatch.setattr(heartbeats, "_writer", lambda: fresh)
    with no_thread_starts(monkeypatch):
        heartbeats.beat_seen("beat-1@here:2")
    assert not heartbeats._writing
    heartbeats.worker_seen("worker-1@here:1")
    assert eventually(lambda: heartbeats.process_seen("worker-1@here"))
    assert heartbeats.process_seen("beat-1@here")


class OutageThatEnds(tuple[float, float]):
    """Another thread's exchange ends the outage just when somebody has seen that there was one."""

    def __bool__(self) -> bool:
        heartbeats._missed = None
        return True


def test_an_outage_whose_end_two_threads_notice_at_once_ends_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeats, "_missed", OutageThatEnds((100.0, 200.0)))
    assert heartbeats.read().back


def test_a_forked_process_writes_its_own_signs() -> None:
    heartbeats.worker_seen("worker-1@here:1")
    assert eventually(lambda: heartbeats.process_seen("worker-1@here") and not heartbeats._writing)
    child = os.fork()
    if not child:
        try:
            heartbeats.worker_seen("worker-2@here:2")
            eventually(lambda: not heartbeats._writing, within=20)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert heartbeats.process_seen("worker-2@here")
