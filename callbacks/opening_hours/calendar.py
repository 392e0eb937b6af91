"""Opening hours: pure rules for calendars in a time zone. Uses no database and no clock.

Rules are local ("Monday nine to five"), instants are absolute: every function takes and returns
aware datetimes and converts at the edges. A local time means the first instant at which the local
clock shows that time or a later one. So on the night when the clocks change, a time that does not
exist is the moment of the change, and of a time that exists twice, the first one counts: no
interval opens twice, and one interval on paper is one interval that night too.

The database may hold values that the forms would reject. A calendar with an unknown zone or country
is never open (`problem` says so): nobody can tell when it would be. Hours that cover the same time
twice are open once, and hours that close as they open are empty.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holidays import country_holidays, list_localized_countries, list_supported_countries

_MIDNIGHT, _LAST_MINUTE = time(0), time(23, 59)
_DAY = timedelta(days=1)
_WEEK = 7 * 24 * 3600  # seconds
# A calendar that does not open within this time counts as one that never opens.
HORIZON = timedelta(days=400)

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, order=True)
class Hours:
    """One interval in local time; it closes on the next day unless `closes_at` is after `opens_at`.

    00:00 to 00:00 is the whole day. A `closes_at` of 23:59 becomes midnight: nobody who writes
    23:59 means to leave out the last minute.
    """

    opens_at: time
    closes_at: time

    def __post_init__(self) -> None:
        if self.closes_at >= _LAST_MINUTE and self.opens_at < self.closes_at:
            object.__setattr__(self, "closes_at", _MIDNIGHT)

    @property
    def is_empty(self) -> bool:
        """Whether the interval closes as it opens and is not the whole day."""
        return self.opens_at == self.closes_at != _MIDNIGHT

    @property
    def past_midnight(self) -> bool:
        """Whether the interval ends on the next day, or at the midnight before it."""
        return self.closes_at <= self.opens_at


@dataclass(frozen=True)
class Calendar:
    """When somebody answers, in the IANA zone `time_zone`.

    `week`: the hours by weekday (0 Monday ... 6 Sunday). `exceptions`: the hours of particular
    days; empty for a closed day. `holidays_of`: ISO code of the country whose public holidays are
    closed; "" for none. `eve_closes_at`: when the day before a holiday closes; None: as usual.

    An exception overrides a holiday, and a holiday overrides the week. A closed day is closed from
    its midnight: hours that run over from the day before end there. The hours of an exception are
    those that begin on that day; hours that began the night before go on. A holiday that an
    exception opens has no eve.
    """

    time_zone: str
    week: Mapping[int, Sequence[Hours]]
    exceptions: Mapping[date, Sequence[Hours]] = field(default_factory=dict)
    holidays_of: str = ""
    eve_closes_at: time | None = None


def problem(calendar: Calendar) -> str:
    """Why the calendar never opens, as a sentence: an unknown zone or country. "": it may open."""
    if _zone(calendar.time_zone) is None:
        return f"Its time zone, {calendar.time_zone or 'none'}, is not known."
    if not _knows_holidays(calendar.holidays_of):
        return f"The holidays of {calendar.holidays_of} are not known."
    return ""


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar is open at the instant `at`; the closing instant itself is closed."""
    if problem(calendar):
        return False
    today = _local_day(calendar, at)
    return any(
        start <= at < end for day in (today - _DAY, today) for start, end in _of_day(calendar, day)
    )


def next_opening(calendar: Calendar, after: datetime) -> datetime | None:
    """The first open instant at or after `after`; None: the calendar never opens."""
    # The first interval that has not ended, whatever its length: a calendar may always be open. In
    # order of their starts, so no later interval opens earlier.
    for opens, closes in _in_order(calendar, after, after + HORIZON):
        if closes > after:
            return max(opens, after) if opens < after + HORIZON else None
    return None


def next_new_opening(calendar: Calendar, after: datetime) -> datetime | None:
    """The first instant at or after `after` at which the calendar opens after being closed.

    None: the calendar never opens, or never closes.
    """
    before = after - _DAY
    for start, _end in open_intervals(calendar, before, after + HORIZON):
        if start >= after and start > before:
            return start
    return None


def next_common_opening(
    calendars: Sequence[Calendar], after: datetime, within: timedelta = HORIZON
) -> datetime | None:
    """The first instant at or after `after` at which all are open; None: no instant `within`."""
    at = after
    while at < after + within:
        openings = [next_opening(calendar, at) for calendar in calendars]
        latest = max((opening for opening in openings if opening), default=at)
        if None in openings:
            return None
        if latest == at:
            return at
        at = latest
    return None


def next_holidays(country: str, after: date, at_most: int) -> list[tuple[date, str]]:
    """The next public holidays from the day `after` on, with their names; within HORIZON."""
    found = [
        (day, name)
        for year in (after.year, after.year + 1, after.year + 2)
        for day, name in (_holidays(country, year).items() if country else ())
        if after <= day < after + HORIZON
    ]
    return sorted(found)[:at_most]


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Whether the calendar opens on this day at all."""
    return bool(_hours_of(calendar, day))


def next_closing(calendar: Calendar, after: datetime) -> datetime | None:
    """The first closed instant at or after `after`; None: the calendar never closes."""
    first = next(open_intervals(calendar, after, after + HORIZON), None)
    if first is None or first[0] > after:
        return after
    return first[1] if first[1] < after + HORIZON else None


def open_intervals(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    """The open intervals between two instants, in UTC and in order; adjacent ones are joined."""
    current: Interval | None = None
    for opens, closes in _in_order(calendar, start, end):
        opens, closes = max(opens, start), min(closes, end)  # noqa: PLW2901  # the part within
        if opens >= closes:
            continue
        if current and opens <= current[1]:
            current = current[0], max(current[1], closes)
            continue
        if current:
            yield current
        current = opens, closes
    if current:
        yield current


def common_intervals(
    calendars: Sequence[Calendar], start: datetime, end: datetime
) -> Iterator[Interval]:
    """The intervals in which all calendars are open, in order; without calendars, all the time."""
    common = [(start, end)] if start < end else []
    for calendar in calendars:
        opened = list(open_intervals(calendar, start, end))
        common = [
            (max(a, c), min(b, d)) for a, b in common for c, d in opened if max(a, c) < min(b, d)
        ]
    yield from common


def local_day(time_zone: str, at: datetime) -> date:
    """The local date at the instant `at`."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def instant(day: date, at: time, time_zone: str) -> datetime:
    """The first instant, in UTC, at which the local clock shows this time of this day or later."""
    return _instant(day, at, ZoneInfo(time_zone))


def overlaps(week: Mapping[int, Sequence[Hours]]) -> list[tuple[int, Hours, int, Hours]]:
    """Pairs of intervals that cover the same time: weekday and hours of each."""
    placed = sorted(
        (
            _second(day, hours.opens_at),
            _second(day + hours.past_midnight, hours.closes_at),
            day,
            hours,
        )
        for day in range(7)
        for hours in week.get(day, ())
        if not hours.is_empty
    )
    # Sunday night runs into Monday morning.
    again = [(start + _WEEK, end + _WEEK, day, hours) for start, end, day, hours in placed]
    return [
        (a[2], a[3], b[2], b[3])
        for n, a in enumerate(placed)
        for b in [*placed[n + 1 :], *again[:n]]
        if b[0] < a[1]
    ]


def holes(week: Mapping[int, Sequence[Hours]]) -> list[tuple[int, Hours, int, Hours]]:
    """Pairs of intervals in which the second opens one minute after the first closes."""
    minute = 60
    placed = [(day, hours) for day in range(7) for hours in week.get(day, ()) if not hours.is_empty]
    opens = {_second(day, hours.opens_at) % _WEEK: (day, hours) for day, hours in placed}
    found = []
    for day, hours in placed:
        closes = _second(day + hours.past_midnight, hours.closes_at)
        if following := opens.get((closes + minute) % _WEEK):
            found.append((day, hours, *following))
    return found


def is_holiday(country: str, day: date) -> bool:
    """Whether `day` is a public holiday there. `country`: ISO code as in the `holidays` package."""
    return holiday(country, day) != ""


def eve_of(calendar: Calendar, day: date) -> str:
    """The name of the holiday that closes the next day, so that `day` closes earlier; or ""."""
    following = day + _DAY
    if calendar.eve_closes_at is None or not _is_closed_day(calendar, following):
        return ""
    return holiday(calendar.holidays_of, following)


def holiday(country: str, day: date) -> str:
    """The name of the public holiday on `day` there; "" for none."""
    return _holidays(country, day.year).get(day, "") if country else ""


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    if not _knows_holidays(country):
        return {}
    # In English if the package has it, like everything that managers read.
    language = "en_US" if "en_US" in _languages(country) else None
    return dict(country_holidays(country, years=year, language=language))


def _languages(country: str) -> Sequence[str]:
    languages: Mapping[str, Sequence[str]] = list_localized_countries(include_aliases=False)
    return languages.get(country, ())


@lru_cache(maxsize=256)
def _knows_holidays(country: str) -> bool:
    return not country or country in list_supported_countries(include_aliases=False)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path or a folder: not a zone either
        return None


def _in_order(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    if problem(calendar):
        return
    # From the day before, which may run over into the first day.
    day, last = _local_day(calendar, start) - _DAY, _local_day(calendar, end)
    opens_again = bool(any(calendar.week.values()))
    while day <= last:
        if not opens_again and day not in calendar.exceptions:
            # Only exceptions are left: skip to the next one.
            day = min((it for it in calendar.exceptions if it > day), default=date.max)
            continue
        yield from sorted(_of_day(calendar, day))
        day += _DAY


def _of_day(calendar: Calendar, day: date) -> Iterable[Interval]:
    """The intervals that begin on a local day, in UTC, without empty ones."""
    zone = ZoneInfo(calendar.time_zone)
    for hours in _hours_of(calendar, day):
        if hours.is_empty:
            continue
        end_day = day
        closes_at = hours.closes_at
        if hours.past_midnight:
            end_day = day + _DAY
            if _is_closed_day(calendar, end_day):
                closes_at = _MIDNIGHT
        start, end = _instant(day, hours.opens_at, zone), _instant(end_day, closes_at, zone)
        if start < end:
            yield start, end


def _hours_of(calendar: Calendar, day: date) -> Sequence[Hours]:
    if day in calendar.exceptions:
        return calendar.exceptions[day]
    if is_holiday(calendar.holidays_of, day):
        return ()
    hours = calendar.week.get(day.weekday(), ())
    if calendar.eve_closes_at is not None and eve_of(calendar, day):
        return _until(hours, calendar.eve_closes_at)
    return hours


def _until(hours: Sequence[Hours], closes_at: time) -> list[Hours]:
    return [
        Hours(each.opens_at, closes_at)
        if each.past_midnight or each.closes_at > closes_at
        else each
        for each in hours
        if each.opens_at < closes_at
    ]


def _is_closed_day(calendar: Calendar, day: date) -> bool:
    """Whether an exception closes the day, or a holiday that no exception opens."""
    if day in calendar.exceptions:
        return not calendar.exceptions[day]
    return is_holiday(calendar.holidays_of, day)


def _local_day(calendar: Calendar, at: datetime) -> date:
    return local_day(calendar.time_zone, at)


def _second(day: int, at: time) -> int:
    return ((day * 24 + at.hour) * 60 + at.minute) * 60 + at.second


# Callers ask about many moments of the same days.
@lru_cache(maxsize=4096)
def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the local clock shows this time of this day or later."""
    wanted = datetime.combine(day, at)
    first = wanted.replace(tzinfo=zone).astimezone(UTC)
    if _shown(first, zone) == wanted:
        return first
    # The time does not exist: the change lies between its two readings.
    before, changed = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    while changed - before > timedelta(seconds=1):
        middle = before + (changed - before) // 2
        if _shown(middle, zone) < wanted:
            before = middle
        else:
            changed = middle
    return changed.replace(microsecond=0)


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
