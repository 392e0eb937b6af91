"""Durations, moments and lists as people read them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta, tzinfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# The units of a duration, abbreviated as usual in the language.
_SECONDS, _MINUTES = _("%(count)s s"), _("%(count)s min")
_HOURS, _DAYS = _("%(count)s h"), _("%(count)s d")
# Moments closer than this are shown to the second.
_SOON = timedelta(minutes=2)


def listed(items: Iterable[str]) -> str:
    """ "A, B, C": a list of items of one kind."""
    return gettext(", ").join(items)


def all_of(names: Iterable[str]) -> str:
    """ "A", "A and B", "A, B and C": a list of which all are meant."""
    *first, last = [*names] or [""]
    if not first:
        return last
    return gettext("%(first)s and %(last)s") % {"first": listed(first), "last": last}


def when(instant: datetime, at: datetime, zone: tzinfo) -> str:
    """ "14:00"; "14:00:30" if it is close to `at`; "Sun 29 Nov 09:00" on another day than `at`."""
    local, here = instant.astimezone(zone), at.astimezone(zone)
    if abs(instant - at) < _SOON and local.date() == here.date():
        return f"{local:%H:%M:%S}"
    if local.date() == here.date():
        return f"{local:%H:%M}"
    if local.year == here.year:
        # Translators: a pattern of Unicode's CLDR, as in "Sun 29 Nov 09:00".
        return _dated(local, gettext("EEE dd MMM HH:mm"))
    return dated(instant, zone)


def in_words(seconds: float) -> str:
    """0.84 -> "0.8 s", 200 -> "3 min 20 s", 7500 -> "2 h 5 min", 273600 -> "3 d 4 h".

    At most two units, rounded to the smaller one; a value that would round to zero is "< 0.1 s".
    `seconds` is not negative.
    """
    if 0 < seconds < 0.05:
        return gettext("< 0.1 s")
    if seconds < 9.95:
        return _in(_SECONDS, format_decimal(round(seconds, 1), locale=_locale()))
    whole = round(seconds)
    if whole < _MINUTE:
        return _in(_SECONDS, whole)
    if whole < _HOUR:
        return _two(whole, _MINUTE, _MINUTES, 1, _SECONDS)
    minutes = round(seconds / _MINUTE) * _MINUTE
    if minutes < _DAY:
        return _two(minutes, _HOUR, _HOURS, _MINUTE, _MINUTES)
    return _two(round(seconds / _HOUR) * _HOUR, _DAY, _DAYS, _HOUR, _HOURS)


def to_the_second(seconds: int) -> str:
    """75 -> "1 min 15 s", 7512 -> "2 h 5 min 12 s", 90000 -> "1 d 1 h".

    Nothing is rounded, so that parts add up to the whole.
    """
    sizes = ((_DAY, _DAYS), (_HOUR, _HOURS), (_MINUTE, _MINUTES), (1, _SECONDS))
    said = []
    for size, name in sizes:
        count, seconds = divmod(seconds, size)
        if count:
            said.append(_in(name, count))
    return " ".join(said) or _in(_SECONDS, 0)


def whole_seconds(parts: Sequence[float]) -> list[int]:
    """Each rounded so that the parts add up to the rounded sum: the largest fractions go up."""
    whole = [int(it) for it in parts]
    missing = round(sum(parts)) - sum(whole)
    by_rest = sorted(range(len(whole)), key=lambda place: whole[place] - parts[place])
    for place in by_rest[:missing]:
        whole[place] += 1
    return whole


def _two(seconds: int, large: int, large_name: Text, small: int, small_name: Text) -> str:
    count, rest = divmod(seconds, large)
    first = _in(large_name, count)
    return f"{first} {_in(small_name, rest // small)}" if rest else first


def _in(unit: Text, count: object) -> str:
    return str(unit) % {"count": count}


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "14:05" on the day of `now` in `zone`, "26 Mar 14:05" on another day."""
    local = at.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    # Translators: a pattern of Unicode's CLDR, as in "26 Mar 14:05".
    return f"{local:%H:%M}" if same_day else _dated(local, gettext("dd MMM HH:mm"))


def dated(at: datetime, zone: tzinfo) -> str:
    """ "Sun 29 Nov 2026 09:00" in `zone`, always with the date."""
    # Translators: a pattern of Unicode's CLDR, as in "Sun 29 Nov 2026 09:00".
    return _dated(at.astimezone(zone), gettext("EEE dd MMM y HH:mm"))


def _dated(local: datetime, pattern: str) -> str:
    """Formatted with CLDR's names of days and months in the current language."""
    return format_datetime(local, pattern, locale=_locale())


def _locale() -> str:
    return to_locale(get_language() or "en")


def span(opens_at: time, closes_at: time) -> str:
    """ "09:00-17:30": the hours of one opening."""
    return f"{opens_at:%H:%M}-{closes_at:%H:%M}"


def percent(share: float) -> str:
    """0.987 -> "98.7 %". Shows 100 and 0 only for exactly 1 and 0."""
    tenths = round(share * 1000)
    if share < 1:
        tenths = min(tenths, 999)
    if share > 0:
        tenths = max(tenths, 1)
    number = format_decimal(tenths / 10, "0.#", locale=_locale())
    return gettext("%(number)s %%") % {"number": number}
