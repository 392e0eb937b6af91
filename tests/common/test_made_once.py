"""One object for all threads, even if several need the first one at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from callbacks.common.made_once import MadeOnce

THREADS = 8


def test_threads_that_come_together_get_one_object() -> None:
    is_making, goes_on = threading.Event(), threading.Event()
    made = []

    @MadeOnce
    def thing() -> object:
        made.append(object())
        is_making.set()
        goes_on.wait()
        return made[-1]

    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(thing)
        is_making.wait()
        begun = threading.Semaphore(0)

        def ask() -> object:
            begun.release()
            return thing()

        others = [pool.submit(ask) for _ in range(THREADS - 1)]
        for _ in others:
            begun.acquire()
        goes_on.set()
        got = [it.result() for it in (first, *others)]
    assert len(made) == 1
    assert got == made * THREADS


def test_what_could_not_be_made_is_tried_again() -> None:
    results = iter([ValueError("not yet"), "made"])

    @MadeOnce
    def thing() -> str:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return str(result)

    with pytest.raises(ValueError, match="not yet"):
        thing()
    assert [thing(), thing()] == ["made", "made"]


def test_what_is_forgotten_is_made_again() -> None:
    @MadeOnce
    def thing() -> object:
        return object()

    former = thing()
    assert thing() is former
    thing.forget()
    assert thing() is not former
