"""Leads that nobody will ever call with the present configuration: counted, listed, explained.

For most, no lead of their source is ever called. For others it is the number: its calling window,
by the clocks where it may be, never overlaps the teams' hours. Or nobody speaks the lead's
language, and the teams ring nobody else.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from callbacks.common.formatting import all_of
from callbacks.models import Extension, Team
from callbacks.opening_hours import calendar as opening_hours
from callbacks.routing import config
from callbacks.routing import rules as routing_rules
from callbacks.scheduling import calling_hours
from leads import phones
from leads.countries import name as country_name
from leads.models import Lead, LeadStatus

# Numbers are checked one by one, at most so many of each source.
_LOOKED_AT = 5000


def leads(now: datetime) -> Q:
    """Selects waiting leads that nobody will ever call."""
    waiting = Lead.objects.filter(status=LeadStatus.WAITING).order_by()
    pairs = set(waiting.values_list("source", "language").distinct())
    sources = {source_id for source_id, _language in pairs}
    never = why(sources, now)
    current = config.current()
    by_number = [
        pk
        for source_id in sources - set(never)
        for pk in _by_number(current, source_id, waiting.filter(source=source_id), now)
    ]
    unspoken = Q()
    for source_id, language in nobody_speaks(it for it in pairs if it[0] not in never):
        unspoken |= Q(source=source_id, language=language)
    of_language = unspoken or Q(pk__in=())
    return Q(status=LeadStatus.WAITING) & (Q(source__in=never) | Q(pk__in=by_number) | of_language)


def nobody_speaks(asked: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """The given sources and languages for which nobody is ever rung, however long a lead waits: no
    phone of the teams names the language, and no team rings others. One query.

    Leaves out sources whose teams have no phone at all: `why` covers them.
    """
    current, found = config.current(), set()
    wanted = {it for it in asked if it[1]}
    if not wanted:
        return set()
    phones_on = list(
        Extension.objects.filter(is_active=True).order_by().values_list("team", "languages")
    )
    for source_id, language in wanted:
        waits = {
            rules.id: rules.language_wait for rules in current.rules_by_source.get(source_id, ())
        }
        theirs = [(team_id, spoken) for team_id, spoken in phones_on if team_id in waits]
        if theirs and not any(
            waits[team_id] is not None or routing_rules.speaks(spoken, language)
            for team_id, spoken in theirs
        ):
            found.add((source_id, language))
    return found


def of_leads(leads: Iterable[Lead], now: datetime) -> dict[int, str]:
    """By primary key, why nobody will ever call a waiting lead; other leads are left out."""
    rows = [it for it in leads if it.status == LeadStatus.WAITING]
    never, current = why([it.source_id for it in rows], now), config.current()
    unspoken = nobody_speaks((it.source_id, it.language) for it in rows)
    found = {
        it.pk: never.get(it.source_id)
        or why_number(current, it.source_id, it.phone, now)
        or _why_language(it, unspoken)
        for it in rows
    }
    return {pk: words for pk, words in found.items() if words}


def _why_language(lead: Lead, unspoken: set[tuple[int, str]]) -> str:
    if (lead.source_id, lead.language) not in unspoken:
        return ""
    return gettext("nobody speaks %(language)s, and nobody else may take it") % {
        "language": lead.language
    }


def _by_number(
    current: config.RoutingConfig, source_id: int, waiting: QuerySet[Lead], now: datetime
) -> list[int]:
    """Waiting leads of a source that is called in general, but whose own number never is."""
    if calling_hours.every_number_has_an_hour(current, source_id, now):
        return []
    rows = waiting.order_by("pk").values_list("pk", "phone")[:_LOOKED_AT]
    return [pk for pk, phone in rows if why_number(current, source_id, phone, now)]


def why_number(current: config.RoutingConfig, source_id: int, phone: str, now: datetime) -> str:
    """Why a number is never called although its source is, in a few words; "" if it is called."""
    if not calling_hours.has_an_hour(current, source_id, phone, now):
        return gettext("no hour of the calling window suits all time zones the number may be in")
    if calling_hours.next_time(current, source_id, phone, now) is None:
        return gettext(
            "the calling window in the number's time zone never overlaps the teams' hours"
        )
    return ""


def countries(source_id: int, now: datetime) -> list[str]:
    """Sentences on a source's countries whose mobile numbers are never called automatically."""
    current = config.current()
    source = current.sources.get(source_id)
    if source is None or why([source_id], now):
        return []
    found: dict[str, list[str]] = defaultdict(list)
    for country in source.allowed_countries:
        phone = phones.example(country)
        if phone and (words := why_number(current, source_id, phone, now)):
            found[words].append(str(country_name(country)))
    return [
        gettext("Mobile numbers of %(countries)s wait for a person: %(why)s.")
        % {"countries": all_of(names), "why": words}
        for words, names in found.items()
    ]


def why(source_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """For each of these sources that is never answered, why, in a few words. Two queries."""
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
    """`shifts`: the schedules of each team's extensions; None for one without its own hours."""
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
        return gettext("nobody in %(names)s is ever on shift") % {"names": _names(opening)}
    return ""


def _never_meets(current: config.RoutingConfig, source_id: int, now: datetime) -> str:
    window = current.calling_window(source_id)
    if window and window[0] >= window[1]:
        return gettext("the calling windows of the source and its teams never overlap")
    if calling_hours.never_opens(current, source_id, now):
        return gettext("the calling window never overlaps the teams' hours")
    return ""


def _meet(current: config.RoutingConfig, teams: int | None, own: int | None, now: datetime) -> bool:
    calendars = [current.calendars[pk] for pk in (own, teams) if pk is not None]
    return own is None or opening_hours.next_common_opening(calendars, now) is not None


def team_problem(team: Team, now: datetime) -> str:
    """Why an active team never answers, as a sentence; "" if it does at times."""
    if team.schedule is None:
        return ""
    calendar = team.schedule.calendar()
    if opening_hours.next_opening(calendar, now):
        return ""
    return opening_hours.problem(calendar) or gettext("Its schedule has no future hours.")


def _names(teams: list[Team]) -> str:
    return all_of(team.name for team in teams)
