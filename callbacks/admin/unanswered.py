"""Leads that nobody will call as things are set up: said wherever managers see such a lead."""

from collections.abc import Iterable
from datetime import datetime

from callbacks import matching, schedule, setup
from callbacks.models import Extension, Team


def why(source_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """For each of these sources that nobody answers, why, in a few words. In two queries."""
    current = setup.current()
    staffed = set(
        Extension.objects.filter(is_active=True).order_by().values_list("team", flat=True)
    )
    found = {pk: _why(current.teams_for(pk), staffed, now) for pk in set(source_ids)}
    return {pk: words for pk, words in found.items() if words}


def _why(teams: list[Team], staffed: set[int], now: datetime) -> str:
    if not teams:
        return "no team answers its source"
    manned = [team for team in teams if team.pk in staffed]
    if not manned:
        return f"{_names(teams)} has no extension"
    if matching.next_opening(manned, now) is None:
        return f"{_names(manned)} never opens"
    return ""


def team_problem(team: Team, now: datetime) -> str:
    """Why an active team never answers anybody, as a sentence; "" for one that does, at times."""
    if team.schedule is None:
        return ""
    calendar = team.schedule.calendar()
    if schedule.next_opening(calendar, now):
        return ""
    return schedule.problem(calendar) or "Its schedule has no hours that are still to come."


def _names(teams: list[Team]) -> str:
    return " and ".join(team.name for team in teams)
