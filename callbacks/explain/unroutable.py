"""Leads that nobody will call as things are set up: counted, listed, and told beside each one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext

from callbacks.common.formatting import all_of
from callbacks.models import Extension, Team
from callbacks.opening_hours import calendar as opening_hours
from callbacks.routing import config
from callbacks.scheduling import calling_hours
from leads.models import Lead, LeadStatus


def leads(now: datetime) -> Q:
    """Those that wait for somebody who will never call them."""
    waiting = Lead.objects.filter(status=LeadStatus.WAITING).order_by()
    sources = waiting.values_list("source", flat=True).distinct()
    return Q(status=LeadStatus.WAITING, source__in=why(sources, now))


def why(source_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """For each of these sources that nobody answers, why, in a few words. In two queries."""
    if not (wanted := set(source_ids)):
        return {}
    current = config.current()
    shifts: dict[int, set[int | None]] = defaultdict(set)
    on = Extension.objects.filter(is_active=True).order_by()
    for team_id, schedule_id in on.values_list("team", "schedule").distinct():
        shifts[team_id].add(schedule_id)
    found = {
        pk: _why(current.teams_for(pk), shifts, current, now) or _never_meets(current, pk, now)
        for pk in wanted
    }
    return {pk: words for pk, words in found.items() if words}


def _why(
    teams: list[Team],
    shifts: Mapping[int, set[int | None]],
    current: config.RoutingConfig,
    now: datetime,
) -> str:
    """`shifts`: by team, the schedules of its extensions; None for one without hours of its own."""
    if not teams:
        return gettext("no team answers its source")
    manned = [team for team in teams if team.pk in shifts]
    if not manned:
        return gettext("%(names)s has no extension") % {"names": _names(teams)}
    opening = [team for team in manned if calling_hours.next_opening([team], now)]
    if not opening:
        return gettext("%(names)s never opens") % {"names": _names(manned)}
    if not any(
        _meet(current, team.schedule_id, own, now) for team in opening for own in shifts[team.pk]
    ):
        return gettext("nobody of %(names)s is ever on shift") % {"names": _names(opening)}
    return ""


def _never_meets(current: config.RoutingConfig, source_id: int, now: datetime) -> str:
    if calling_hours.never_opens(current, source_id, now):
        return gettext("its source's calling window is never in its teams' hours")
    return ""


def _meet(current: config.RoutingConfig, teams: int | None, own: int | None, now: datetime) -> bool:
    calendars = [current.calendars[pk] for pk in (own, teams) if pk is not None]
    return own is None or opening_hours.next_common_opening(calendars, now) is not None


def team_problem(team: Team, now: datetime) -> str:
    """Why an active team never answers anybody, as a sentence; "" for one that does, at times."""
    if team.schedule is None:
        return ""
    calendar = team.schedule.calendar()
    if opening_hours.next_opening(calendar, now):
        return ""
    return opening_hours.problem(calendar) or gettext(
        "Its schedule has no hours that are still to come."
    )


def _names(teams: list[Team]) -> str:
    return all_of(team.name for team in teams)
