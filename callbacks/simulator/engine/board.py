"""The content of the phones page: phones that rang or are configured, and the last ended calls."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from callbacks.simulator.engine.calls import SimulatedCall
from callbacks.simulator.engine.ledger import LedgerLeg
from callbacks.simulator.engine.parameters import line_key

SHOWN = 60
RECENT = 8


@dataclass(slots=True)
class _Phone:
    number: str
    call: SimulatedCall | None = None


class Board:
    """The phones on the page, by number, and a version that grows with each change."""

    def __init__(self) -> None:
        self.version = 0
        self._phones: dict[str, _Phone] = {}
        self._recent: deque[dict[str, Any]] = deque(maxlen=RECENT)
        self._watchers: set[asyncio.Event] = set()

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set after each change, while the page is open."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            yield event
        finally:
            self._watchers.discard(event)

    @property
    def watchers(self) -> int:
        """The number of open pages."""
        return len(self._watchers)

    def touch(self) -> None:
        """Raises the version and wakes the open pages."""
        self.version += 1
        for event in self._watchers:
            event.set()

    def know(self, key: str, named: bool) -> None:
        """Shows a phone that the settings name, or removes one that they no longer name."""
        if named:
            self._phones.setdefault(key, _Phone(key))
        elif key in self._phones and self._phones[key].call is None:
            del self._phones[key]

    def rang(self, call: SimulatedCall) -> None:
        """Shows that the salesperson's phone of a call rings."""
        number = call.order.phone
        self._phones[line_key(number)] = _Phone(number, call)

    def ended(self, call: SimulatedCall) -> None:
        """Moves an ended call to the list of the last calls."""
        phone = self._phones.get(line_key(call.order.phone))
        if phone is not None and phone.call is call:
            phone.call = None
        self._recent.appendleft(_summary(call))
        self.touch()

    def clear(self) -> None:
        """Removes all phones and calls (reset)."""
        self._phones.clear()
        self._recent.clear()

    def snapshot(self, presence: Callable[[str], str]) -> dict[str, Any]:
        """The content of the page as JSON."""
        # If there are more phones than fit, those in a call come first.
        by_use = sorted(self._phones.items(), key=lambda item: item[1].call is None)
        shown = sorted(by_use[:SHOWN], key=lambda item: (len(item[1].number), item[1].number))
        return {
            "version": self.version,
            "phones": [
                {
                    "number": phone.number,
                    "presence": presence(key),
                    "call": _live(phone.call) if phone.call else None,
                }
                for key, phone in shown
            ],
            "hidden": len(self._phones) - len(shown),
            "recent": list(self._recent),
        }


def _live(call: SimulatedCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "action": call.order.action,
        "leg1": _leg(call.leg(1)),
        "leg2": _leg(call.leg(2)),
    }


def _leg(leg: LedgerLeg | None) -> dict[str, Any] | None:
    if leg is None:
        return None
    return {
        "number": leg.number,
        "status": leg.status,
        "since": leg.answered_at or leg.started_at,
    }


def _summary(call: SimulatedCall) -> dict[str, Any]:
    first, second = call.leg(1), call.leg(2)
    talked_from = second.answered_at if second else first.answered_at if first else None
    ended = first.ended_at if first else None
    return {
        "id": call.id,
        "action": call.order.action,
        "phone": call.order.phone,
        "target": call.order.target,
        "leg1": first.status if first else None,
        "leg2": second.status if second else None,
        "talked": ended - talked_from if ended and talked_from else None,
        "ended_at": ended,
    }
