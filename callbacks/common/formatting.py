"""Durations, moments and lists as people read them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta, tzinfo

from django.utils.translation import gettext

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Moments closer than this are told to the second.
_SOON = timedelta(minutes=2)


def listed(items: Iterable[str]) -> str:
    """ "A, B, C": items of one kind in a row."""
    return gettext(", ").join(items)


def all_of(names: Iterable[str]) -> str:
    """ "A", "A and B", "A, B and C": names of which all are meant."""
    *first, last = [*names] or [""]
    if not first:
        return last
    return gettext("%(first)s and %(last)s") % {"first": listed(first), "last": last}


def when(instant: datetime, at: datetime, zone: tzinfo) -> str:
    """ "14:00", "14:00:30" when it is close, "Sun 29 Nov 09:00" on another day than `at`."""
    local, here = instant.astimezone(zone), at.astimezone(zone)
    if abs(instant - at) < _SOON and local.date() == here.date():
        return f"{local:%H:%M:%S}"
    if local.date() == here.date():
        return f"{local:%H:%M}"
    year = "" if local.year == here.year else f" {local:%Y}"
    return f"{local:%a %d %b}{year} {local:%H:%M}"


def in_words(seconds: float) -> str:
    """0.84 -> "0.8 s", 200 -> "3 min 20 s", 7500 -> "2 h 5 min", 273600 -> "3 d 4 h".

    Two units at most, rounded to the smaller one; what would be rounded to nothing is "< 0.1 s".
    `seconds` is not negative.
    """
    if 0 < seconds < 0.05:
        return "< 0.1 s"
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    minutes = round(seconds / _MINUTE) * _MINUTE
    if minutes < _DAY:
        return _two(minutes, _HOUR, "h", _MINUTE, "min")
    return _two(round(seconds / _HOUR) * _HOUR, _DAY, "d", _HOUR, "h")


def to_the_second(seconds: int) -> str:
    """75 -> "1 min 15 s", 7512 -> "2 h 5 min 12 s", 90000 -> "1 d 1 h": nothing is rounded, so that
    parts add up to their whole.
    """
    sizes = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    said = []
    for size, name in sizes:
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count} {name}")
    return " ".join(said) or "0 s"


def whole_seconds(parts: Sequence[float]) -> list[int]:
    """Each rounded so that they add up to their rounded sum: those with the largest rest up."""
    whole = [int(it) for it in parts]
    missing = round(sum(parts)) - sum(whole)
    by_rest = sorted(range(len(whole)), key=lambda place: whole[place] - parts[place])
    for place in by_rest[:missing]:
        whole[place] += 1
    return whole


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    count, rest = divmod(seconds, large)
    first = f"{count} {large_name}"
    return f"{first} {rest // small} {small_name}" if rest else first


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "14:05" on the day of `now` in `zone`, "26 Mar 14:05" on another."""
    local = at.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if same_day else f"{local:%d %b %H:%M}"


def dated(at: datetime, zone: tzinfo) -> str:
    """ "Sun 29 Nov 2026 09:00" in `zone`, whatever the day is now."""
    return f"{at.astimezone(zone):%a %d %b %Y %H:%M}"


def span(opens_at: time, closes_at: time) -> str:
    """ "09:00-17:30": the hours of one opening."""
    return f"{opens_at:%H:%M}-{closes_at:%H:%M}"


def percent(share: float) -> str:
    """0.987 -> "98.7 %". Never rounded up to 100 or down to 0 when it is not quite that."""
    tenths = round(share * 1000)
    if share < 1:
        tenths = min(tenths, 999)
    if share > 0:
        tenths = max(tenths, 1)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"
