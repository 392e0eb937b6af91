"""Which requests for staff pages are answered now, and which wait for their turn."""

from enum import Enum
from typing import Generic, Protocol, TypeVar

# Seconds for which a request waits. The example proxies (docs/proxy/) wait 35 and 180 seconds for
# an answer: the other 20 and 90 are for making it.
WAITS, WAITS_FOR_LONG = 15.0, 90.0
# The most waiting requests of one process, and the most bytes that they may hold together.
MOST_WAITING, MOST_WAITING_BYTES = 100, 16 * 1024 * 1024


class Turn(Enum):
    """What happens to a request that has arrived."""

    BEGINS = "begins"
    WAITS = "waits"
    REFUSED = "refused"  # too many wait


class _Request(Protocol):
    @property
    def is_long(self) -> bool: ...
    def __len__(self) -> int: ...


class _Asking(Protocol):
    incoming: _Request
    timeout: float


Asking = TypeVar("Asking", bound=_Asking)


class StaffTurns(Generic[Asking]):
    """The turns of the connections that ask for staff pages. Used by the worker's loop alone.

    At most half of the threads answer staff pages, and at most half of these answer pages that may
    take long. With one thread, everybody shares it; with two or three, all staff pages share one.
    """

    def __init__(self, threads: int) -> None:
        self._most = max(threads // 2, 1)
        self._most_long = max(self._most // 2, 1)
        self._begun: dict[Asking, bool] = {}  # whether it may take long
        self._waiting: dict[Asking, int] = {}  # bytes, in the order of their coming

    def comes(self, conn: Asking, now: float) -> Turn:
        """What happens to this connection's request. `conn.timeout` says until when it waits."""
        if self._may_begin(conn):
            self._begun[conn] = conn.incoming.is_long
            return Turn.BEGINS
        size = len(conn.incoming)
        held = sum(self._waiting.values())
        if len(self._waiting) >= MOST_WAITING or held + size > MOST_WAITING_BYTES:
            return Turn.REFUSED
        self._waiting[conn] = size
        conn.timeout = now + (WAITS_FOR_LONG if conn.incoming.is_long else WAITS)
        return Turn.WAITS

    def ended(self, conn: Asking) -> list[Asking]:
        """After an answer to any connection: the waiting ones whose turn has come."""
        self._begun.pop(conn, None)
        begin = []
        for waiting in list(self._waiting):
            if self._may_begin(waiting):
                del self._waiting[waiting]
                self._begun[waiting] = waiting.incoming.is_long
                begin.append(waiting)
        return begin

    def waiting(self) -> list[Asking]:
        """The connections that wait."""
        return list(self._waiting)

    def forget(self, conn: Asking) -> None:
        """Ends the wait of a connection."""
        self._waiting.pop(conn, None)

    def _may_begin(self, conn: Asking) -> bool:
        if len(self._begun) >= self._most:
            return False
        return not conn.incoming.is_long or sum(self._begun.values()) < self._most_long
