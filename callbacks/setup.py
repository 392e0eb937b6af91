"""Who answers what, when and how: sources, teams, hours, own numbers, call parameters.

Kept in memory until a manager changes it (leads.setup). What changes from call to call, such as
which extension is free, is never asked here: the claim asks the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks import schedule
from callbacks.models import CallParameters, Extension, Team, TeamSource
from callbacks.schedule import Calendar
from leads.models import LeadSource
from leads.setup import Kept


@dataclass(frozen=True)
class Setup:
    """As of one version. Its models are shared: they are read, never changed or saved."""

    sources: Mapping[int, LeadSource]
    teams_by_source: Mapping[int, list[Team]]
    own_numbers: frozenset[str]
    parameters_by_source: Mapping[int, dict[str, Any]]
    parameters_by_extension: Mapping[int, dict[str, Any]]
    # By team and extension, of those that have hours of their own.
    shifts: Mapping[int, Mapping[int, Calendar]]
    # By team, of those that have a schedule.
    calendars: Mapping[int, Calendar]
    # What callbacks.hours has found out about this version, so that it need not look again.
    openings: dict[Any, Any] = field(default_factory=dict)

    def teams_for(self, source_id: int) -> list[Team]:
        """The active teams that answer a source, with their hours."""
        return self.teams_by_source.get(source_id, [])

    def off_shift(self, team_ids: Iterable[int], at: datetime) -> list[int]:
        """The extensions of these teams whose own hours exclude `at`."""
        return [
            extension_id
            for team_id in team_ids
            for extension_id, calendar in self.shifts.get(team_id, {}).items()
            if not schedule.is_open(calendar, at)
        ]


def _load() -> Setup:
    teams = {
        team.pk: team
        for team in Team.objects.filter(is_active=True)
        .select_related("schedule")
        .prefetch_related("schedule__hours", "schedule__exceptions")
    }
    by_source: dict[int, list[Team]] = defaultdict(list)
    answers = TeamSource.objects.filter(team__in=teams).order_by("steps_in_after", "team__name")
    for source_id, team_id in answers.values_list("source_id", "team_id"):
        if team := teams.get(team_id):
            by_source[source_id].append(team)
    parameters = list(CallParameters.objects.all())
    shifts: dict[int, dict[int, Calendar]] = defaultdict(dict)
    for extension in (
        Extension.objects.filter(is_active=True, schedule__isnull=False)
        .select_related("schedule")
        .prefetch_related("schedule__hours", "schedule__exceptions")
    ):
        if extension.schedule:
            shifts[extension.team_id][extension.pk] = extension.schedule.calendar()
    return Setup(
        sources={source.pk: source for source in LeadSource.objects.all()},
        teams_by_source=dict(by_source),
        own_numbers=frozenset(Extension.objects.values_list("number", flat=True)),
        parameters_by_source={row.source_id: row.values() for row in parameters if row.source_id},
        parameters_by_extension={
            row.extension_id: row.values() for row in parameters if row.extension_id
        },
        shifts=dict(shifts),
        calendars={team.pk: team.schedule.calendar() for team in teams.values() if team.schedule},
    )


_kept = Kept(_load)
current = _kept.get
