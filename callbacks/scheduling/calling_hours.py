"""When a lead may be called: a team of its source is open, and the lead's local time allows it.

The calling window (`RoutingConfig.calling_window`: the source's, narrowed by those of its teams) is
in the time zone of the lead's number. If the number may be in one of several zones, the window has
to be open in all of them. If they have no hour in common, the lead is never called automatically
and waits for a person. Without a number, or if nothing is known about it, the window is in the
team's zone. A team's opening hours (`Team.schedule`) are the salespeople's, in their own zone.

Pure, over the routing config; only the functions for a team or an extension from the database read
its schedule from there. Every `phone` is E.164; "" is any number of the source.
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

# When to look again at a lead whose window and teams' hours never overlap.
LOOK_AGAIN = timedelta(hours=1)

_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)  # every zone's half hours are quarters of UTC's hour
_YEAR = 366


def may_be_called(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether a lead of this source and number may be called automatically at `at`."""
    return bool(open_teams(config, source_id, phone, at))


def open_teams(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> list[Team]:
    """The teams that may call the number at `at`; none outside the lead's own window."""
    teams = [team for team in config.teams_for(source_id) if config.is_open(team, at)]
    return teams if teams and in_window(config, source_id, phone, at) else []


def in_window(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether the calling window allows a call to this number at `at`, open teams or not."""
    return all(opening_hours.is_open(it, at) for it in windows_of(config, source_id, phone))


def is_usual_hour(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether people are called at `at` without having asked for that hour.

    That is inside the source's calling window. For a source that calls at any hour, it is inside
    the window of new sources (NEW_CALLING_HOURS).
    """
    windows = usual_windows_of(config, source_id, phone)
    return all(opening_hours.is_open(it, at) for it in windows)


def next_usual_time(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first usual hour (`is_usual_hour`) at or after `after` at which the lead may be called.

    If no team answers at a usual hour, or none fits all zones of the number: `next_time`.
    """
    if not has_an_hour(config, source_id, phone, after):
        return None
    windows = usual_windows_of(config, source_id, phone)
    usual = _first_common(config, source_id, windows, after)
    return usual or next_time(config, source_id, phone, after)


def next_time(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which the lead may be called; None: never."""
    if may_be_called(config, source_id, phone, after):
        return after
    if not has_an_hour(config, source_id, phone, after):
        return None
    windows = windows_of(config, source_id, phone)
    # Cached, because every lead that arrives at night needs the next opening.
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
    """When the first of the source's teams opens anew, at or after `after`.

    None: no team opens again, or all are always open.
    """
    calendars = (_calendar(config, team) for team in config.teams_for(source_id))
    openings = [opening_hours.next_new_opening(it, after) for it in calendars if it]
    return min((it for it in openings if it), default=None)


def next_in_window(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which the calling window allows this number.

    Whatever the teams' hours. None: no hour fits all zones in which the number may be.
    """
    if in_window(config, source_id, phone, after):
        return after
    if not has_an_hour(config, source_id, phone, after):
        return None
    return opening_hours.next_common_opening(windows_of(config, source_id, phone), after)


def next_by_hand(
    config: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """The first instant at or after `after` at which a person may have this number called.

    As `next_in_window`. If no hour fits all zones in which the number may be, it is the first
    opening of the window in any of them. None: the window is never open.
    """
    if has_an_hour(config, source_id, phone, after):
        return next_in_window(config, source_id, phone, after)
    windows = windows_of(config, source_id, phone)
    openings = [opening_hours.next_opening(it, after) for it in windows]
    return min((it for it in openings if it), default=None)


def has_an_hour(config: RoutingConfig, source_id: int, phone: str, at: datetime) -> bool:
    """Whether an hour of the calling window fits all zones in which this number may be.

    By the clocks in the year of `at`. If False, only a person may call the number.
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
    """Whether a team of the source opens at all, for any number; fast."""
    return any(
        team.schedule_id is None
        or config.is_open(team, now)
        or config.state(team.schedule_id, now).opens_at is not None
        for team in config.teams_for(source_id)
    )


def all_may_be_called(config: RoutingConfig, source_id: int, at: datetime) -> bool:
    """Whether every lead of the source may be called at `at`, whatever its number.

    Does not look at leads. False may be wrong.
    """
    if not open_teams(config, source_id, "", at):
        return False
    window = config.calling_window(source_id)
    return window is None or all(
        opening_hours.is_open(_window(*window, zone), at) for zone in _all_zones(config, source_id)
    )


def every_number_has_an_hour(config: RoutingConfig, source_id: int, now: datetime) -> bool:
    """Whether every lead of the source can be called at some time, whatever its number.

    Does not look at leads. False may be wrong.
    """
    window = config.calling_window(source_id)
    if window is None:
        return True
    zones = _all_zones(config, source_id)
    windows = tuple(_window(*window, zone) for zone in zones)
    # An hour that fits all zones fits the zones of each number.
    return (
        _have_an_hour(*window, zones, now.year)
        and _first_common(config, source_id, windows, now) is not None
    )


def zone_of(config: RoutingConfig, source_id: int) -> ZoneInfo:
    """The zone in which times are shown to visitors: that of the source's first team with hours."""
    for team in config.teams_for(source_id):
        if calendar := _calendar(config, team):
            # No form accepts an unknown zone; a team with one never opens.
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                return ZoneInfo(calendar.time_zone)
    return ZoneInfo(settings.TIME_ZONE)


def calendars(config: RoutingConfig, source_id: int) -> list[Calendar] | None:
    """The hours of the source's teams; None: a team is always open, or there is no team."""
    found = [_calendar(config, team) for team in config.teams_for(source_id)]
    known = [it for it in found if it]
    return known if known and len(known) == len(found) else None


def half_hours(
    config: RoutingConfig, source_id: int, after: datetime, until: datetime
) -> Iterator[datetime]:
    """The full and half hours from `after` to `until` at which leads are called, in order.

    In `zone_of` and for any number: the window is taken in that zone.
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


# --- teams and extensions from the database -------------------------------------------------------


def is_open(team: Team, at: datetime) -> bool:
    """Whether the team answers at `at`; a team without a schedule always does."""
    return team.schedule is None or opening_hours.is_open(team.schedule.calendar(), at)


def is_on_shift(extension: Extension, at: datetime) -> bool:
    """Whether the extension's own hours include `at`; always true without own hours.

    Its team's hours apply too.
    """
    return extension.schedule is None or opening_hours.is_open(extension.schedule.calendar(), at)


def next_opening(teams: list[Team], after: datetime) -> datetime | None:
    """When the first of `teams` answers, at or after `after`; None: no team ever does."""
    openings = [
        after
        if team.schedule is None
        else opening_hours.next_opening(team.schedule.calendar(), after)
        for team in teams
    ]
    return min((opening for opening in openings if opening), default=None)


# --- windows --------------------------------------------------------------------------------------


def windows_of(config: RoutingConfig, source_id: int, phone: str) -> Sequence[Calendar]:
    """The calling window in each zone that counts; empty if there is no window."""
    window = config.calling_window(source_id)
    if window is None:
        return ()
    return tuple(_window(*window, zone) for zone in _zones(config, source_id, phone))


def usual_windows_of(config: RoutingConfig, source_id: int, phone: str) -> Sequence[Calendar]:
    """The calling window; if the source calls at any hour, the window of new sources."""
    windows = windows_of(config, source_id, phone)
    if windows or settings.NEW_CALLING_HOURS is None:
        return windows
    zones = _zones(config, source_id, phone)
    return tuple(_window(*settings.NEW_CALLING_HOURS, zone) for zone in zones)


def _zones(config: RoutingConfig, source_id: int, phone: str) -> tuple[str, ...]:
    known = phones.time_zones(phone) if phone else ()
    return known or (zone_of(config, source_id).key,)


def _all_zones(config: RoutingConfig, source_id: int) -> tuple[str, ...]:
    """The zones of every number that the source accepts; every country has at least one."""
    allowed = config.sources[source_id].allowed_countries
    return tuple(sorted({zone for country in allowed for zone in phones.time_zones_of(country)}))


@lru_cache(maxsize=1000)
def _have_an_hour(call_from: time, call_until: time, zones: tuple[str, ...], year: int) -> bool:
    """Whether there is an hour of `year` at which the window is open in all of `zones`."""
    windows = tuple(_window(call_from, call_until, zone) for zone in zones)
    start = datetime(year, 1, 1, tzinfo=UTC)
    # A zone changes its clock at most twice a year, months apart.
    days = (start + timedelta(days=day) for day in range(0, _YEAR, 10))
    # Within a day, or a number of a wide country would take seconds.
    meet = (opening_hours.next_common_opening(windows, at, within=_DAY) for at in days)
    return any(meet)


@lru_cache(maxsize=2000)
def _window(call_from: time, call_until: time, zone: str) -> Calendar:
    if call_from >= call_until:  # the windows of a source and its team do not overlap
        return Calendar(zone, {})
    return Calendar(zone, {day: [Hours(call_from, call_until)] for day in range(7)})


# --- teams in the routing config ------------------------------------------------------------------


def _calendar(config: RoutingConfig, team: Team) -> Calendar | None:
    """None: open round the clock."""
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
    """The open quarter hours."""
    always: list[Interval] = [(after, until)]
    for start, end in opening_hours.open_intervals(calendar, after, until) if calendar else always:
        at = start + (datetime.min.replace(tzinfo=UTC) - start) % _QUARTER
        while at < end:
            yield at
            at += _QUARTER
