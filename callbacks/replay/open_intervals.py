"""Opening hours calculated once for a stretch of time, to be asked a million times. Pure.

Instants are epoch seconds. Outside the stretch, nothing is open.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from callbacks.opening_hours import calendar as opening_hours
from callbacks.opening_hours.calendar import Calendar

_EVER = float("inf")


@dataclass(frozen=True)
class OpenIntervals:
    """When something is open: ordered spans that do not touch; the end of a span is not open."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]

    @classmethod
    def always(cls) -> "OpenIntervals":
        """Round the clock."""
        return cls((-_EVER,), (_EVER,))

    @classmethod
    def of(cls, calendar: Calendar, start: float, end: float) -> "OpenIntervals":
        """The hours of a calendar between two instants."""
        first, last = (datetime.fromtimestamp(it, UTC) for it in (start, end))
        return cls.joined(
            (opens.timestamp(), closes.timestamp())
            for opens, closes in opening_hours.open_intervals(calendar, first, last)
        )

    @classmethod
    def joined(cls, pairs: Iterable[tuple[float, float]]) -> "OpenIntervals":
        """Open in any of these spans."""
        starts: list[float] = []
        ends: list[float] = []
        for start, end in sorted(pairs):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return cls(tuple(starts), tuple(ends))

    @classmethod
    def any_of(cls, several: Iterable["OpenIntervals"]) -> "OpenIntervals":
        """Open when any of them is."""
        return cls.joined(pair for one in several for pair in one.pairs())

    def both(self, other: "OpenIntervals") -> "OpenIntervals":
        """Open when both are."""
        found: list[tuple[float, float]] = []
        for start, end in self.pairs():
            place = max(bisect_right(other.starts, start) - 1, 0)
            while place < len(other.starts) and other.starts[place] < end:
                begins, ends = max(start, other.starts[place]), min(end, other.ends[place])
                if begins < ends:
                    found.append((begins, ends))
                place += 1
        return OpenIntervals.joined(found)

    def pairs(self) -> Iterator[tuple[float, float]]:
        """The start and end of each span, in order."""
        return zip(self.starts, self.ends, strict=True)

    def is_open(self, at: float) -> bool:
        place = bisect_right(self.starts, at) - 1
        return place >= 0 and at < self.ends[place]

    def next_opening(self, after: float) -> float | None:
        """The first open instant at or after `after`; None if there is none."""
        if self.is_open(after):
            return after
        place = bisect_right(self.starts, after)
        return self.starts[place] if place < len(self.starts) else None

    def next_new_opening(self, after: float) -> float | None:
        """The first instant at or after `after` when it opens; None if it does not."""
        place = bisect_right(self.starts, after)
        if place and self.starts[place - 1] == after:
            return after
        return self.starts[place] if place < len(self.starts) else None

    def closing(self, at: float) -> float:
        """When the span at `at` closes; infinity if never; `at` if it is closed then."""
        place = bisect_right(self.starts, at) - 1
        return max(self.ends[place], at) if place >= 0 else at

    def after_open_seconds(self, start: float, seconds: float) -> float | None:
        """When it has been open for `seconds` since `start`; None: never."""
        left = seconds
        for begins, ends in self.pairs():
            here = max(begins, start)
            if ends <= here:
                continue
            if ends - here >= left:
                return here + left
            left -= ends - here
        return None

    def open_seconds(self, start: float, end: float) -> float:
        """How many seconds it is open between two instants."""
        return sum(max(min(closes, end) - max(opens, start), 0.0) for opens, closes in self.pairs())

    def changes(self, start: float, end: float) -> list[float]:
        """The instants in a stretch at which it opens or closes."""
        return [it for pair in self.pairs() for it in pair if start < it <= end]
