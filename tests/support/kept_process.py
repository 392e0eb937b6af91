"""Keeps slow-starting processes running for consecutive tests that need them, across modules."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

import pytest

T = TypeVar("T")


class Kept(Generic[T]):
    """The value of the fixture `name`, started by the first test that needs it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running = ExitStack()
        self._value: T | None = None

    def get(self, start: Callable[[], AbstractContextManager[T]]) -> T:
        """The running value; enters what `start` returns if nothing runs."""
        if self._value is None:
            self._value = self._running.enter_context(start())
        return self._value

    def end(self) -> None:
        """Ends it, if it is running."""
        self._value = None
        self._running.close()

    def end_unless_asked_for(self, nextitem: pytest.Item | None) -> None:
        """To be called after each test: ends it unless the next test needs it."""
        if self._name not in getattr(nextitem, "fixturenames", ()):
            self.end()
