"""An Aside can be woken again, however its last job ended."""

import threading

import pytest

from callbacks.common.aside import Aside
from tests.support.threads import no_thread_starts


def test_it_goes_on_until_nothing_is_left() -> None:
    done = threading.Event()
    jobs = [True, True, False]

    def work() -> bool:
        is_more = jobs.pop(0)
        if not jobs:
            done.set()
        return is_more

    Aside("work", work).wake()
    assert done.wait(60)


def test_after_a_job_that_raised_system_exit_it_is_woken_again() -> None:
    begun = threading.Semaphore(0)
    ends = iter([True, False])

    def work() -> bool:
        begun.release()
        if next(ends):
            raise SystemExit
        return False

    aside = Aside("work", work)
    aside.wake()
    assert begun.acquire(timeout=60)
    aside._pool.submit(int).result(60)  # the job is over
    aside.wake()
    assert begun.acquire(timeout=60)


def test_a_moment_without_a_free_thread_does_not_put_it_to_sleep_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = threading.Event()

    def work() -> bool:
        done.set()
        return False

    aside = Aside("work", work)
    with no_thread_starts(monkeypatch):
        aside.wake()
    aside.wake()
    assert done.wait(60)
