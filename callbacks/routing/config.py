"""Who answers what, when and how: sources, teams, hours, own numbers, call parameters.

Kept in memory until a manager changes something (leads.config_cache). What changes from call to
call, such as which extension is free, is not here: the claim reads it from the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from callbacks.models import CallParameters, Extension, Schedule, Team, TeamSource
from callbacks.opening_hours import calendar as opening_hours
from callbacks.opening_hours.calendar import Calendar
from callbacks.routing import rules as routing_rules
from callbacks.routing.rules import TeamOffer, TeamRules
from leads.config_cache import VersionedCache
from leads.models import LeadSource


@dataclass(frozen=True)
class AnsweredSource:
    """A source that a team answers, and how long a lead waits before this team is asked."""

    source_id: int
    overflow_after: timedelta


@dataclass(frozen=True)
class OpenState:
    """Whether a calendar is open between two instants, and when it opens next (None: never)."""

    since: datetime
    until: datetime
    is_open: bool
    opens_at: datetime | None


@dataclass(frozen=True)
class RoutingConfig:
    """The configuration as of one version.

    Its models are shared: read them, never change or save them.
    """

    sources: Mapping[int, LeadSource]
    teams_by_source: Mapping[int, list[Team]]
    # The rules for the same teams in the same order.
    rules_by_source: Mapping[int, list[TeamRules]]
    own_numbers: frozenset[str]
    parameters_by_source: Mapping[int, dict[str, Any]]
    parameters_by_extension: Mapping[int, dict[str, Any]]
    calendars: Mapping[int, Calendar]
    # By team: its extensions' own schedules.
    shifts: Mapping[int, frozenset[int]]
    _states: dict[int, OpenState] = field(default_factory=dict, compare=False)
    # What callbacks.scheduling.calling_hours has worked out for this version, kept for reuse.
    openings: dict[Any, Any] = field(default_factory=dict, compare=False)

    def teams_for(self, source_id: int) -> list[Team]:
        """The active teams that answer a source, in the order in which they are asked."""
        return self.teams_by_source.get(source_id, [])

    def calls_a_day(self, source_id: int) -> int | None:
        """How often a number may be called in 24 hours for this source.

        The smallest bound of the source and its teams. None: there is none, and only the setting
        applies.
        """
        source = self.sources.get(source_id)
        own = [source.calls_a_day if source else None]
        own += [team.calls_a_day for team in self.teams_for(source_id)]
        return min((it for it in own if it is not None), default=None)

    def calling_window(self, source_id: int) -> tuple[time, time] | None:
        """From when until when numbers are called for this source, on their own clocks.

        The source's window, narrowed by the windows of its teams. None: there is no window. If the
        windows do not overlap, the end is no later than the start.
        """
        source = self.sources.get(source_id)
        own = [it for it in (source, *self.teams_for(source_id)) if it]
        begins = [it.call_from for it in own if it.call_from is not None]
        ends = [it.call_until for it in own if it.call_until is not None]
        return (max(begins), min(ends)) if begins and ends else None

    def asked(
        self, source_id: int, waited: timedelta, now: datetime, *, is_owned: bool = False
    ) -> list[TeamOffer]:
        """The teams that are asked for a lead that has waited for `waited`; empty if all are
        closed.
        """
        rules = self._open_rules(source_id, now)
        return routing_rules.offers(rules, waited, now, is_owned=is_owned)

    def rules_of(self, team_id: int) -> TeamRules | None:
        """The rules of an active team that answers any source; ignore `overflow_after`."""
        all_rules = (rules for found in self.rules_by_source.values() for rules in found)
        return next((rules for rules in all_rules if rules.id == team_id), None)

    def answered_by(self, team_id: int, now: datetime) -> list[AnsweredSource]:
        """The sources that a team answers, each with how long a lead waits before the team is
        asked.
        """
        return [
            AnsweredSource(
                source_id, routing_rules.steps_in(rules, self._open_rules(source_id, now))
            )
            for source_id, found in self.rules_by_source.items()
            for rules in found
            if rules.id == team_id
        ]

    def steps_in(self, source_id: int, now: datetime) -> list[tuple[timedelta, TeamRules]]:
        """The open teams of a source, each with how long a lead waits before the team is asked."""
        teams = self._open_rules(source_id, now)
        return [(routing_rules.steps_in(it, teams), it) for it in teams]

    def is_open(self, team: Team, at: datetime) -> bool:
        """Whether the team answers at `at`; a team without a schedule always does."""
        return team.schedule_id is None or self.state(team.schedule_id, at).is_open

    def zone_of(self, team_id: int) -> str | None:
        """The time zone of an active team's hours; None if it has none or an unknown one."""
        teams = (team for found in self.teams_by_source.values() for team in found)
        schedule_id = next((it.schedule_id for it in teams if it.pk == team_id), None)
        if schedule_id is None or opening_hours.problem(self.calendars[schedule_id]):
            return None
        return self.calendars[schedule_id].time_zone

    def closed_shifts(self, team_ids: Iterable[int], at: datetime) -> dict[int, datetime | None]:
        """The schedules of these teams' extensions that are closed, and when each opens."""
        schedules = {it for team_id in team_ids for it in self.shifts.get(team_id, ())}
        states = {schedule_id: self.state(schedule_id, at) for schedule_id in schedules}
        return {it: state.opens_at for it, state in states.items() if not state.is_open}

    def state(self, schedule_id: int, at: datetime) -> OpenState:
        """The state of a schedule, kept until the schedule opens or closes."""
        kept = self._states.get(schedule_id)
        if kept is None or not kept.since <= at < kept.until:
            kept = self._states[schedule_id] = _state(self.calendars[schedule_id], at)
        return kept

    def _open_rules(self, source_id: int, at: datetime) -> list[TeamRules]:
        teams, rules = self.teams_for(source_id), self.rules_by_source.get(source_id, [])
        return [its for team, its in zip(teams, rules, strict=True) if self.is_open(team, at)]


def _state(calendar: Calendar, at: datetime) -> OpenState:
    is_open = opening_hours.is_open(calendar, at)
    opens_at = None if is_open else opening_hours.next_opening(calendar, at)
    changes_at = opening_hours.next_closing(calendar, at) if is_open else opens_at
    return OpenState(at, changes_at or at + opening_hours.HORIZON, is_open, opens_at)


def _load() -> RoutingConfig:
    calendars = {
        it.pk: it.calendar() for it in Schedule.objects.prefetch_related("hours", "exceptions")
    }
    extensions = Extension.objects.filter(is_active=True)
    shifts: dict[int, set[int]] = defaultdict(set)
    for team_id, schedule_id in (
        extensions.filter(schedule__isnull=False).values_list("team_id", "schedule_id").distinct()
    ):
        shifts[team_id].add(schedule_id)
    with_languages = set(
        extensions.exclude(languages=[]).order_by().values_list("team_id", flat=True).distinct()
    )
    teams = {
        team.pk: team
        for team in Team.objects.filter(is_active=True)
        .select_related("schedule")
        .prefetch_related("schedule__hours", "schedule__exceptions")
    }
    teams_by_source: dict[int, list[Team]] = defaultdict(list)
    rules_by_source: dict[int, list[TeamRules]] = defaultdict(list)
    for answer in TeamSource.objects.filter(team__in=teams).order_by(
        "overflow_after", "team__name"
    ):
        team = teams[answer.team_id]
        teams_by_source[answer.source_id].append(team)
        rules_by_source[answer.source_id].append(_rules(team, answer, with_languages))
    parameters = list(CallParameters.objects.all())
    return RoutingConfig(
        sources={source.pk: source for source in LeadSource.objects.all()},
        teams_by_source=dict(teams_by_source),
        rules_by_source=dict(rules_by_source),
        own_numbers=frozenset(Extension.objects.values_list("number", flat=True)),
        parameters_by_source={row.source_id: row.values() for row in parameters if row.source_id},
        parameters_by_extension={
            row.extension_id: row.values() for row in parameters if row.extension_id
        },
        calendars=calendars,
        shifts={team_id: frozenset(found) for team_id, found in shifts.items()},
    )


def _rules(team: Team, answer: TeamSource, with_languages: set[int]) -> TeamRules:
    return TeamRules(
        id=team.pk,
        name=team.name,
        strategy=team.strategy,
        overflow_after=answer.overflow_after,
        language_wait=team.language_wait,
        sticky_agent_days=team.sticky_agent_days,
        sticky_agent_wait=team.sticky_agent_wait,
        has_languages=team.pk in with_languages,
    )


_kept = VersionedCache(_load)
current = _kept.get
