"""What a report is asked for: which days and leads. Read from and written to an address's query.

Everything that counts leads takes an `Asked`: the page, its pictures, exports, mails, and the list
of leads behind a number. Equal `Asked` count the same leads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext

from callbacks.access import others_calls
from callbacks.access.others_calls import OTHERS
from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common.formatting import all_of
from callbacks.models import Team
from callbacks.reports.date_ranges import EARLIEST, Days, parsed_day
from callbacks.reports.people import NOBODY, Person, team_parsed, team_written
from callbacks.reports.periods import CHOSEN, PERIODS, TODAY, days_before
from leads.models import LANGUAGE, Lead, LeadSource, LeadStatus
from leads.typed_text import clean_line
from leads.visits import MOST_MARK

_MOST_DIGITS = 18  # of an id in the database
# The attribution columns to filter by, which are also the parameters' names in the address.
MARKS = ("utm_campaign", "utm_medium", "utm_source")
# In an address: leads without a campaign. No campaign has this name (leads.visits).
WITHOUT = "-"


class NotUnderstood(ValueError):  # noqa: N818  # said to a person
    """Something asked for does not exist. `problems`: a sentence for each field, by its name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Asked:
    """Selects leads submitted on `days` in `zone`, limited by the other fields.

    `period`: the name of the days (periods.PERIODS), or CHOSEN. `first_weekday`: the locale's, 0
    for Sunday, 1 for Monday. `team`: an id, NOBODY for leads that no team called, or OTHERS for
    leads whose team is hidden; None: all. Team and salesperson are those of the call that the lead
    counts for (`Lead.by_team`). `utm_campaign` and the like: None for all, "" for leads without
    one. `seen`: what the user may see; not part of the address.
    """

    days: Days
    period: str = CHOSEN
    zone: str = field(default_factory=lambda: str(settings.TIME_ZONE))
    sources: tuple[int, ...] = ()
    team: int | None = None
    salesperson: Person | None = None
    language: str = ""
    status: str = ""
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    first_weekday: int = 0
    seen: Scope = EVERYTHING

    @property
    def tz(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.zone)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The instants [start, end)."""
        return self.days.bounds(self.tz)

    def condition(self) -> Q:
        """Selects the leads asked for. Not all of them count: see leads.sla."""
        start, end = self.bounds
        found = Q(submitted_at__gte=start, submitted_at__lt=end) & self.seen.leads()
        if self.sources:
            found &= Q(source__in=self.sources)
        if self.team is not None:
            of_team = Q(by_team=self.team) if self.team else Q(by_team__isnull=True)
            found &= self._called_by(self.team, of_team)
        if self.salesperson is not None:
            found &= self._called_by(self.salesperson.number, self.salesperson.condition())
        if self.language:
            found &= Q(language=self.language)
        if self.status:
            found &= Q(status=self.status)
        return found & self.marks()

    def _called_by(self, number: int, condition: Q) -> Q:
        if number == OTHERS:
            return others_calls.is_hidden(self.seen)
        return others_calls.as_told(self.seen, condition)

    def marks(self, lead: str = "") -> Q:
        """Selects leads, or rows with a lead at `lead` ("lead__"), by their `utm_` values. A lead
        whose values are hidden counts as having none.
        """
        found = Q()
        told = others_calls.has_not_moved(self.seen, lead) if self.seen.is_limited else Q()
        for name in MARKS:
            value, column = getattr(self, name), f"{lead}attribution__{name}"
            if value:
                found &= told & Q((column, value))
            elif value is not None:
                unknown = Q((column, "")) | Q((f"{lead}attribution__isnull", True))
                found &= unknown | ~told if told else unknown
        return found

    def leads(self) -> QuerySet[Lead]:
        """The leads asked for, in no order."""
        return Lead.objects.filter(self.condition()).order_by()

    def before(self) -> "Asked":
        """The same for the period before."""
        return replace(self, days=days_before(self.period, self.days), period=CHOSEN)

    def fixed(self) -> "Asked":
        """The same days, whatever today is: "yesterday" is another day tomorrow."""
        return replace(self, period=CHOSEN)

    def query(self) -> QueryDict:
        """For an address. `read` turns it back into an equal `Asked`."""
        query = QueryDict(mutable=True)
        query["period"] = self.period
        if self.period == CHOSEN:
            query["first"], query["last"] = self.days.first.isoformat(), self.days.last.isoformat()
        query.setlist("source", [str(it) for it in self.sources])
        if self.team is not None:
            query["team"] = team_written(self.team)
        if self.salesperson is not None:
            query["salesperson"] = str(self.salesperson)
        if self.language:
            query["language"] = self.language
        if self.status:
            query["status"] = self.status
        for name in MARKS:
            value = getattr(self, name)
            if value is not None:
                query[name] = value or WITHOUT
        if self.zone != settings.TIME_ZONE:
            query["zone"] = self.zone
        return query


def read(query: QueryDict, now: datetime, seen: Scope = EVERYTHING) -> Asked:
    """What an address asks for; by default, today's leads.

    `seen`: what the user may see; for them, nothing else exists. Raises NotUnderstood. Up to three
    small queries, for values given by id.
    """
    return _Reader(query, now, seen).asked()


class _Reader:
    """Reads one field after the other, and collects what is wrong with each."""

    def __init__(self, query: QueryDict, now: datetime, seen: Scope) -> None:
        self._query = query
        self._seen = seen
        self._now = now
        self._problems: dict[str, str] = {}

    def asked(self) -> Asked:
        zone = self._zone()
        first_weekday = int(get_format("FIRST_DAY_OF_WEEK"))
        period, days = self._days(timezone.localdate(self._now, ZoneInfo(zone)), first_weekday)
        asked = Asked(
            days=days,
            period=period,
            zone=zone,
            sources=self._sources(),
            team=self._team(),
            salesperson=self._salesperson(),
            language=self._language(),
            status=self._status(),
            **{name: self._mark(name) for name in MARKS},
            first_weekday=first_weekday,
            seen=self._seen,
        )
        if self._problems:
            raise NotUnderstood(self._problems)
        return asked

    def _given(self, name: str) -> str:
        return (self._query.get(name) or "").strip()

    def _zone(self) -> str:
        zone = self._given("zone") or str(settings.TIME_ZONE)
        if zone in _zones():
            return zone
        self._problems["zone"] = gettext("There is no time zone with this name.")
        return str(settings.TIME_ZONE)

    def _days(self, today: date, first_weekday: int) -> tuple[str, Days]:
        period = self._given("period") or (CHOSEN if self._given("first") else TODAY)
        if period in PERIODS:
            return period, PERIODS[period].days(today, first_weekday)
        if period != CHOSEN:
            self._problems["period"] = gettext("Choose one of the periods.")
            return CHOSEN, Days(today, today)
        first, last = self._day("first", today), self._day("last", today)
        if first and last and first > last:
            self._problems["last"] = gettext("Choose a day on or after the first one.")
        return CHOSEN, Days(first or today, last or today)

    def _day(self, name: str, today: date) -> date | None:
        typed = self._given(name)
        day = parsed_day(typed)
        if not typed:
            self._problems[name] = gettext("Choose a day.")
        elif day and day > today:
            self._problems[name] = gettext("Choose a day up to today.")
        elif day is None:
            self._problems[name] = gettext(
                "Enter a day like 2026-03-27, not before %(earliest)s and not after today."
            ) % {"earliest": EARLIEST.isoformat()}
        return day

    def _sources(self) -> tuple[int, ...]:
        typed = [it for it in self._query.getlist("source") if it.strip()]
        ids = [_number(it) for it in typed]
        known = [it for it in ids if it is not None]
        there = set(LeadSource.objects.filter(pk__in=known).values_list("pk", flat=True))
        if self._seen.is_limited:
            there &= self._seen.sources
        if set(ids) - there:
            self._problems["source"] = gettext(
                "One of these sources does not exist. Choose from the list."
            )
        return tuple(sorted(there))

    def _team(self) -> int | None:
        typed = self._given("team")
        number = team_parsed(typed)
        if not typed or number == NOBODY or (number == OTHERS and self._seen.is_limited):
            return number
        teams = Team.objects.filter(self._seen.of_teams("pk"))
        if number is None or not teams.filter(pk=number).exists():
            self._problems["team"] = gettext("There is no such team. Choose one from the list.")
        return number

    def _salesperson(self) -> Person | None:
        typed = self._given("salesperson")
        if not typed:
            return None
        person = Person.parsed(typed)
        if person is None or not person.exists(self._seen):
            self._problems["salesperson"] = gettext(
                "There is no such salesperson. Choose one from the list."
            )
        return person

    def _language(self) -> str:
        typed = self._given("language")
        if typed and not re.fullmatch(LANGUAGE, typed):
            self._problems["language"] = gettext("Choose a language from the list.")
        return typed

    def _status(self) -> str:
        typed = self._given("status")
        if typed and typed not in LeadStatus.values:
            self._problems["status"] = gettext("Choose a status from the list.")
        return typed

    def _mark(self, name: str) -> str | None:
        typed = clean_line(self._given(name))[:MOST_MARK]
        return "" if typed == WITHOUT else typed or None


def remarks(asked: Asked) -> list[str]:
    """What the reader should know: sources and people that are switched off."""
    said = []
    off = LeadSource.objects.filter(pk__in=asked.sources, is_active=False)
    if names := [it.name for it in off]:
        said.append(gettext("%(names)s: switched off now.") % {"names": all_of(names)})
    if asked.salesperson and not asked.salesperson.is_there():
        said.append(
            gettext("%(name)s is no longer listed: the login or the phone is switched off.")
            % {"name": asked.salesperson.name()}
        )
    return said


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
