"""When a lead may be called: a team of its source is open, and the lead's clock allows it.

The calling window (`RoutingConfig.calling_window`: the source's, narrowed by those of its teams) is
in the zone of the lead's number; where that may be one of several, the window has to be open in
each of them. Where these have no hour in common the lead is never called by itself: it waits for a
person. Where no number is asked about, or nothing is known of it, the window is in the zone of the
team. A team's opening hours (`Team.schedule`) are the salespeople's, in their own zone.

Pure, over the routing config; only the questions about a team or an extension as it stands in the
database read its schedule from there. Every `phone` is E.164; "" is any number of the source.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from callbacks.models import Extension, Team
from callbacks.opening_hours import calendar as opening_hours
from callbacks.opening_hours.calendar import Calendar, Hours, Interval
from callbacks.routing.config import RoutingConfig
from leads import phones

# When a lead whose window and teams never meet is looked at again.
LOOK_AGAIN = timedelta(hours=1)

_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)  # every zone's half hours are quarters of UTC's hour
_YEAR = 366


def may_be_called(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether the engine may call a lead of this source and number at `at`."""
    return bool(open_teams(config, source_id, phone, at))


def open_teams(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> list[Team]:
    """The teams that may call it at `at`; none outside the lead's own window."""
    teams = [team for team in config.teams_for(source_id) if config.is_open(team, at)]
    return teams if teams and in_window(config, source_id, phone, at) else []


def in_window(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether this number may be rung at `at`, whoever rings it: the lead's own hours alone."""
    return all(opening_hours.is_open(it, at) for it in windows_of(config, source_id, phone))


def is_usual_hour(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether people are called at `at` without having asked for that hour: in the source's calling
    window. One that calls at any hour keeps to that of new sources (NEW_CALLING_HOURS).
    """
    windows = usual_windows_of(config, source_id, phone)
    return all(opening_hours.is_open(it, at) for it in windows)


def next_usual_time(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """As `next_time`, at a usual hour (`is_usual_hour`). Where a team answers at no such hour, or
    none fits all zones of the number, at any.
    """
    if not has_an_hour(config, source_id, phone, after):
        return None
    windows = usual_windows_of(config, source_id, phone)
    usual = _first_common(config, source_id, windows, after)
    return usual or next_time(config, source_id, phone, after)


def next_time(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which it may be called; None: never."""
    if may_be_called(config, source_id, phone, after):
        return after
    if not has_an_hour(config, source_id, phone, after):
        return None
    windows = windows_of(config, source_id, phone)
    # What opens next is asked once for each lead that comes at night.
    key = (source_id, tuple(it.time_zone for it in windows))
    opening: datetime | None
    if key in config.openings:
        asked, opening = config.openings[key]
        if asked <= after <= (opening or asked + _DAY):
            return opening
    opening = _first_common(config, source_id, windows, after)
    config.openings[key] = after, opening
    return opening


def next_new_opening(config: RoutingConfig, source_id: int, after: datetime) -> datetime | None:
    """When the first of the source's teams opens anew, at or after `after`; None: none does, or all
    are always open.
    """
    calendars = (_calendar(config, team) for team in config.teams_for(source_id))
    openings = [opening_hours.next_new_opening(it, after) for it in calendars if it]
    return min((it for it in openings if it), default=None)


def next_in_window(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which this number may be rung, whoever rings it.

    None: no hour fits all zones in which it may be.
    """
    if in_window(config, source_id, phone, after):
        return after
    if not has_an_hour(config, source_id, phone, after):
        return None
    return opening_hours.next_common_opening(windows_of(config, source_id, phone), after)


def next_by_hand(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which a person may have this number rung.

    As `next_in_window`; where no hour fits all zones in which it may be, in the window of one of
    them. None: the window is never open.
    """
    if has_an_hour(config, source_id, phone, after):
        return next_in_window(config, source_id, phone, after)
    windows = windows_of(config, source_id, phone)
    openings = [opening_hours.next_opening(it, after) for it in windows]
    return min((it for it in openings if it), default=None)


def has_an_hour(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether an hour of the calling window fits all zones in which this number may be.

    By the clocks of the year of `at`. Where it is False, only a person calls the number.
    """
    window = config.calling_window(source_id)
    return window is None or _have_an_hour(*window, _zones(config, source_id, phone), at.year)


def closes_at(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> datetime | None:
    """When calling ends: the last team open at `at` or the lead's window closes; None: never."""
    teams = open_teams(config, source_id, phone, at)
    closings = [
        opening_hours.next_closing(calendar, at) if calendar else None
        for calendar in (_calendar(config, team) for team in teams)
    ]
    ends = [opening_hours.next_closing(it, at) for it in windows_of(config, source_id, phone)]
    if closings and None not in closings:
        ends.append(max(it for it in closings if it))
    return min((it for it in ends if it), default=None)


def never_opens(config: RoutingConfig, source_id: int, now: datetime) -> bool:
    """Whether leads of this source are never called: no team, or none that ever opens for them."""
    return next_time(config, source_id, "", now) is None


def ever_opens(config: RoutingConfig, source_id: int, now: datetime) -> bool:
    """Whether a team of the source opens at all, for whatever number; answered at once."""
    return any(
        team.schedule_id is None
        or config.is_open(team, now)
        or config.state(team.schedule_id, now).opens_at is not None
        for team in config.teams_for(source_id)
    )


def all_may_be_called(config: RoutingConfig, source_id: int, at: datetime) -> bool:
    """Whether every lead of the source may be called at `at`, whatever number it has.

    Answered without looking at leads; False may be wrong.
    """
    if not open_teams(config, source_id, "", at):
        return False
    window = config.calling_window(source_id)
    return window is None or all(
        opening_hours.is_open(_window(*window, zone), at) for zone in _all_zones(config, source_id)
    )


def every_number_has_an_hour(config: RoutingConfig, source_id: int, now: datetime) -> bool:
    """Whether every lead of the source is called at some time, whatever number it has.

    Answered without looking at leads; False may be wrong.
    """
    window = config.calling_window(source_id)
    if window is None:
        return True
    zones = _all_zones(config, source_id)
    windows = tuple(_window(*window, zone) for zone in zones)
    # An hour that fits all zones fits those of each number.
    return (
        _have_an_hour(*window, zones, now.year)
        and _first_common(config, source_id, windows, now) is not None
    )


def zone_of(config: RoutingConfig, source_id: int) -> ZoneInfo:
    """The zone in which times are told to visitors: that of the source's first team with hours."""
    for team in config.teams_for(source_id):
        if calendar := _calendar(config, team):
            # One that is not known gets past no form; its team never opens.
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                return ZoneInfo(calendar.time_zone)
    return ZoneInfo(settings.TIME_ZONE)


def calendars(config: RoutingConfig, source_id: int) -> list[Calendar] | None:
    """The hours of the source's teams; None: somebody answers round the clock, or nobody does."""
    found = [_calendar(config, team) for team in config.teams_for(source_id)]
    known = [it for it in found if it]
    return known if known and len(known) == len(found) else None


def half_hours(
    config: RoutingConfig, source_id: int, after: datetime, until: datetime
) -> Iterator[datetime]:
    """The full and half hours from `after` to `until` at which leads are called, in order.

    In `zone_of`, and for any number: the window is taken in that zone.
    """
    zone = zone_of(config, source_id)
    windows = windows_of(config, source_id, "")
    told: datetime | None = None
    for at in merge(
        *(_quarters(_calendar(config, team), after, until) for team in config.teams_for(source_id))
    ):
        local = at.astimezone(zone)
        if (
            at != told
            and local.minute in {0, 30}
            and all(opening_hours.is_open(it, at) for it in windows)
        ):
            told = at
            yield local


# --- teams and extensions as they are in the database ---------------------------------------------


def is_open(team: Team, at: datetime) -> bool:
    """Whether the team answers at `at`; one without a schedule always does."""
    return team.schedule is None or opening_hours.is_open(team.schedule.calendar(), at)


def is_on_shift(extension: Extension, at: datetime) -> bool:
    """Whether its own hours include `at`; always if it has none. Its team's hours hold as well."""
    return extension.schedule is None or opening_hours.is_open(extension.schedule.calendar(), at)


def next_opening(teams: list[Team], after: datetime) -> datetime | None:
    """When the first of `teams` answers, at or after `after`; None when none ever does."""
    openings = [
        after
        if team.schedule is None
        else opening_hours.next_opening(team.schedule.calendar(), after)
        for team in teams
    ]
    return min((opening for opening in openings if opening), default=None)


# --- windows --------------------------------------------------------------------------------------


def windows_of(config: RoutingConfig, source_id: int, phone: str) -> Sequence[Calendar]:
    """The calling window in each zone that counts; none where there is none."""
    window = config.calling_window(source_id)
    if window is None:
        return ()
    return tuple(_window(*window, zone) for zone in _zones(config, source_id, phone))


def usual_windows_of(config: RoutingConfig, source_id: int, phone: str) -> Sequence[Calendar]:
    """The calling window, or where the source calls at any hour, that of new sources."""
    windows = windows_of(config, source_id, phone)
    if windows or settings.NEW_CALLING_HOURS is None:
        return windows
    zones = _zones(config, source_id, phone)
    return tuple(_window(*settings.NEW_CALLING_HOURS, zone) for zone in zones)


def _zones(config: RoutingConfig, source_id: int, phone: str) -> tuple[str, ...]:
    known = phones.time_zones(phone) if phone else ()
    return known or (zone_of(config, source_id).key,)


def _all_zones(config: RoutingConfig, source_id: int) -> tuple[str, ...]:
    """Those of every number that the source takes: no country has none."""
    allowed = config.sources[source_id].allowed_countries
    return tuple(sorted({zone for country in allowed for zone in phones.time_zones_of(country)}))


@lru_cache(maxsize=1000)
def _have_an_hour(call_from: time, call_until: time, zones: tuple[str, ...], year: int) -> bool:
    """Whether there is an hour of `year` at which the window is open in all of `zones`."""
    windows = tuple(_window(call_from, call_until, zone) for zone in zones)
    start = datetime(year, 1, 1, tzinfo=UTC)
    # Each zone's clock is changed twice a year at the most, for months.
    days = (start + timedelta(days=day) for day in range(0, _YEAR, 10))
    # Not further than a day, or a number of a wide country would be looked at for seconds.
    meet = (opening_hours.next_common_opening(windows, at, within=_DAY) for at in days)
    return any(meet)


@lru_cache(maxsize=2000)
def _window(call_from: time, call_until: time, zone: str) -> Calendar:
    if call_from >= call_until:  # those of a source and of its team that have no time in common
        return Calendar(zone, {})
    return Calendar(zone, {day: [Hours(call_from, call_until)] for day in range(7)})


# --- teams in the routing config ------------------------------------------------------------------


def _calendar(config: RoutingConfig, team: Team) -> Calendar | None:
    """None: round the clock."""
    return None if team.schedule_id is None else config.calendars[team.schedule_id]


def _first_common(
    config: RoutingConfig, source_id: int, windows: Sequence[Calendar], after: datetime
) -> datetime | None:
    openings = []
    for team in config.teams_for(source_id):
        calendar = _calendar(config, team)
        both = [*windows, *([calendar] if calendar else [])]
        openings.append(opening_hours.next_common_opening(both, after))
    return min((it for it in openings if it), default=None)


def _quarters(calendar: Calendar | None, after: datetime, until: datetime) -> Iterator[datetime]:
    """The quarters of an hour that are open."""
    always: list[Interval] = [(after, until)]
    for start, end in opening_hours.open_intervals(calendar, after, until) if calendar else always:
        at = start + (datetime.min.replace(tzinfo=UTC) - start) % _QUARTER
        while at < end:
            yield at
            at += _QUARTER
