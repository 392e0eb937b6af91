"""Seconds, and times of day, as people read them. Pure."""

from datetime import datetime, tzinfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


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


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    count, rest = divmod(seconds, large)
    first = f"{count} {large_name}"
    return f"{first} {rest // small} {small_name}" if rest else first


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "14:05" on the day of `now` in `zone`, "26 Mar 14:05" on another."""
    local = at.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if same_day else f"{local:%d %b %H:%M}"
