"""A moment in which this process can start no thread, as at TasksMax or short of memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def no_thread_starts(
    monkeypatch: pytest.MonkeyPatch, of: type[threading.Thread] = threading.Thread
) -> Iterator[None]:
    """No thread of this class can be started in the block."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(of, "start", start)
        yield
