"""What is slow to start is kept for all tests in a row that ask for it, of whichever modules."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

import pytest

T = TypeVar("T")


class Kept(Generic[T]):
    """Behind the fixture `name`: started by the first test that asks for it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running = ExitStack()
        self._value: T | None = None

    def get(self, start: Callable[[], AbstractContextManager[T]]) -> T:
        """What runs; what `start` gives is entered when nothing does."""
        if self._value is None:
            self._value = self._running.enter_context(start())
        return self._value

    def end(self) -> None:
        """Ends it, if it runs."""
        self._value = None
        self._running.close()

    def end_unless_asked_for(self, nextitem: pytest.Item | None) -> None:
        """To be called after each test: ends it before one that does not ask for it."""
        if self._name not in getattr(nextitem, "fixturenames", ()):
            self.end()
