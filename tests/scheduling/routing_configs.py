"""Routing configs of sources and teams, and moments on a clock on the wall."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.models import Team
from callbacks.opening_hours.calendar import Calendar, Hours
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.models import LeadSource

ISRAEL, LONDON, NEW_YORK = "+972505550101", "+447400123456", "+12125550101"
JERUSALEM = ZoneInfo("Asia/Jerusalem")
MINUTE = timedelta(minutes=1)


def office(zone: str = "Asia/Jerusalem", opens: int = 9, closes: int = 17) -> Calendar:
    """Sunday to Thursday."""
    return Calendar(zone, {day: [Hours(time(opens), time(closes))] for day in (6, 0, 1, 2, 3)})


def config(
    *calendars: Calendar | None,
    window: tuple[time, time] | None = None,
    teams_window: tuple[time, time] | None = None,
    countries: tuple[str, ...] = ("IL",),
) -> RoutingConfig:
    """One source, number 1, and a team for each calendar; None is open round the clock.
    `teams_window` is the calling window of the last team.
    """
    source = LeadSource(pk=1, allowed_countries=list(countries))
    if window:
        source.call_from, source.call_until = window
    teams = [
        Team(pk=n, name=f"Team {n}", schedule_id=n if calendar else None)
        for n, calendar in enumerate(calendars)
    ]
    if teams_window:
        teams[-1].call_from, teams[-1].call_until = teams_window
    return RoutingConfig(
        sources={1: source},
        teams_by_source={1: teams},
        rules_by_source={},
        own_numbers=frozenset(),
        parameters_by_source={},
        parameters_by_extension={},
        shifts={},
        calendars={n: it for n, it in enumerate(calendars) if it},
    )


DAYTIME = (time(9), time(20))


def at(text: str, zone: ZoneInfo = JERUSALEM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def times(found: RoutingConfig, start: str, end: str) -> list[str]:
    return [f"{it:%a %H:%M}" for it in calling_hours.half_hours(found, 1, at(start), at(end))]
