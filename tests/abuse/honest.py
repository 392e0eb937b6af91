"""The honest visitors beside each attack: each has an address and a number of their own."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.abuse.client import PATIENCE, by_form, page, stay

# How long, in seconds, a visitor whose browser fills in the form looks at it.
LOOKS = (1.2, 2.5)


@dataclass(frozen=True)
class Submitted:
    """Somebody's request, acknowledged at `at` (epoch seconds) at the latest."""

    phone: str
    public_id: str
    begun: float
    at: float


class Honest:
    """Visitors who come at `per_second` until the block ends; those already there finish."""

    def __init__(
        self, port: int, numbers: Iterator[str], per_second: float, rng: random.Random
    ) -> None:
        self.submitted: list[Submitted] = []
        self.given_up: list[str] = []
        self._port, self._numbers, self._pause, self._rng = port, numbers, 1 / per_second, rng
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._arriving = threading.Thread(target=self._arrive, daemon=True)
        # Each scenario has its own range: requests are counted by address for up to a day.
        self._first = rng.randrange(2**22) * 4

    def __enter__(self) -> Self:
        self._arriving.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._arriving.join()
        for thread in self._threads:
            thread.join()

    def _arrive(self) -> None:
        while not self._threads or not self._stopped.wait(self._pause):
            place = self._first + len(self._threads)
            address = f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"
            visitor = threading.Thread(
                target=self._visit,
                args=(next(self._numbers), address, self._rng.uniform(*LOOKS)),
                daemon=True,
            )
            visitor.start()
            self._threads.append(visitor)

    def _visit(self, phone: str, address: str, looks: float) -> None:
        give_up_at = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < give_up_at:
            carried = page(self._port, address)
            if carried:
                stay(looks)
                begun = time.time()
                answer = by_form(self._port, phone, address, carried)
                if answer.lead:
                    self.submitted.append(Submitted(phone, answer.lead, begun, time.time()))
                    return
            stay(1.0)
        self.given_up.append(phone)
