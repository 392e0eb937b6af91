"""Rates as in the settings: "20/10m, 100/d" is at most 20 in 10 minutes and 100 a day."""

import re
from dataclasses import dataclass
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}  # seconds
_RATE = re.compile(r"(?P<limit>[0-9]{1,6})/(?P<number>[0-9]{1,4})?(?P<unit>[smhd])")
_LONGEST = 7 * 86_400
OFF = "off"


@dataclass(frozen=True)
class Rate:
    """At most `limit` in any `seconds` seconds."""

    limit: int
    seconds: int

    @property
    def per(self) -> timedelta:
        """The length of the window."""
        return timedelta(seconds=self.seconds)


def read(text: str) -> tuple[Rate, ...]:
    """The rates in a text, separated by commas; none for "off". Raises ValueError."""
    if text.strip().lower() == OFF:
        return ()
    return tuple(_one(part.strip()) for part in text.split(","))


def _one(text: str) -> Rate:
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    rate = Rate(int(found["limit"]), int(found["number"] or 1) * _UNITS[found["unit"]])
    if not (rate.limit and 0 < rate.seconds <= _LONGEST):
        raise ValueError(text)
    return rate
