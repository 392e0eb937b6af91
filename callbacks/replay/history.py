"""What a simulation is made from (callbacks.replay): the present configuration, and past leads.

Reads only. One query for each kind of thing, however many there are.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import CallAttempt, Extension, Schedule
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.opening_hours.calendar import Calendar
from callbacks.policy.from_settings import policy
from callbacks.policy.rules import Outcome
from callbacks.replay.engine import RUN_ON
from callbacks.replay.leads import HistoricAttempt, HistoricLead
from callbacks.replay.metrics import Figures, percentile
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario, ScenarioExtension, ScenarioSource, ScenarioTeam
from callbacks.routing import config
from callbacks.routing.rules import Owner
from callbacks.scheduling import calling_hours
from leads import sla
from leads.models import Lead, SlaClock

# A retry at "the next opening" may be days after the last lead.
_BEFORE, _AFTER = timedelta(days=2), timedelta(days=1, seconds=RUN_ON)


@dataclass(frozen=True)
class Period:
    """Leads submitted in [start, end), judged at `end`."""

    start: datetime
    end: datetime

    def spans(self, calendar: Calendar | None) -> OpenIntervals:
        """A calendar's hours while these leads may be called; None: round the clock."""
        if calendar is None:
            return OpenIntervals.always()
        first, last = self.start - _BEFORE, self.end + _AFTER
        return OpenIntervals.of(calendar, first.timestamp(), last.timestamp())


def scenario_now(period: Period) -> Scenario:
    """The present configuration, without extensions that are off or blocked."""
    current = config.current()
    calendars = {
        it.pk: it.calendar() for it in Schedule.objects.prefetch_related("hours", "exceptions")
    }
    spans_of: dict[int | None, OpenIntervals] = {None: OpenIntervals.always()}
    spans_of |= {key: period.spans(calendar) for key, calendar in calendars.items()}
    teams = {team.pk: team for found in current.teams_by_source.values() for team in found}
    return Scenario(
        teams={
            team.pk: ScenarioTeam(
                id=team.pk,
                name=team.name,
                spans=spans_of[team.schedule_id],
                time_zone=calendars[team.schedule_id].time_zone
                if team.schedule_id
                else settings.TIME_ZONE,
                opening_rate=team.opening_rate,
                daily_cap=team.daily_cap,
                wrap_up=team.wrap_up,
            )
            for team in teams.values()
        },
        phones=tuple(
            ScenarioExtension(
                id=it.pk,
                number=it.number,
                team_id=it.team_id,
                tier=it.tier,
                weight=it.weight,
                languages=tuple(it.languages),
                spans=spans_of[it.schedule_id],
                daily_cap=it.daily_cap or teams[it.team_id].daily_cap,
                wrap_up=teams[it.team_id].wrap_up if it.wrap_up is None else it.wrap_up,
                salesperson=it.user_id,
            )
            for it in Extension.objects.filter(
                is_active=True, is_blocked=False, team__in=teams
            ).order_by("number")
        ),
        sources={
            source.pk: ScenarioSource(
                id=source.pk,
                teams=tuple(current.rules_by_source.get(source.pk, ())),
                target=source.sla_target,
                counts_open=source.sla_clock == SlaClock.OPEN,
                priority=source.priority,
                calls_a_day=current.calls_a_day(source.pk),
            )
            for source in current.sources.values()
        },
        policy=policy(),
    )


def leads_of(period: Period, at_most: int) -> list[Lead]:
    """The leads that the callback times report counts, and planned follow-ups, which take up
    phones too; at most the first `at_most`.
    """
    return list(
        Lead.objects.filter(
            sla.counted() | sla.follow_ups(),
            submitted_at__gte=period.start,
            submitted_at__lt=period.end,
        )
        .order_by("submitted_at", "pk")
        .only(
            "source_id", "phone", "language", "submitted_at", "chosen_at", "clock_started_at",
            "due_at", "rang_at", "time_to_ring", "connected_at", "follow_up_of_id",
            "first_source_id", "assigned_to_id",
        )[:at_most]
    )  # fmt: skip


def is_follow_up(lead: Lead) -> bool:
    """Whether it is called as a salesperson planned it, so it counts in no figure (leads.sla)."""
    return lead.follow_up_of_id is not None and lead.first_source_id is None


def historic_leads(leads: Sequence[Lead], period: Period) -> list[HistoricLead]:
    """The leads as they came, and how each of their calls went."""
    tries = _tries([lead.pk for lead in leads])
    current, kept = config.current(), dict[tuple[object, ...], OpenIntervals]()

    def common(lead: Lead, windows: Sequence[Calendar], *, is_usual: bool) -> OpenIntervals:
        key = is_usual, lead.source_id, *(it.time_zone for it in windows)
        if key not in kept:
            kept[key] = OpenIntervals.always()
            for calendar in windows:
                kept[key] = kept[key].both(period.spans(calendar))
        return kept[key]

    def window(lead: Lead) -> OpenIntervals:
        found = calling_hours.windows_of(current, lead.source_id, lead.phone)
        return common(lead, found, is_usual=False)

    def usual(lead: Lead) -> OpenIntervals:
        found = calling_hours.usual_windows_of(current, lead.source_id, lead.phone)
        return common(lead, found, is_usual=True)

    return [
        HistoricLead(
            id=lead.pk,
            source_id=lead.source_id,
            phone=lead.phone,
            submitted_at=lead.submitted_at.timestamp(),
            chosen_at=lead.chosen_at.timestamp() if lead.chosen_at else None,
            language=lead.language,
            window=window(lead),
            usual=usual(lead),
            tries=tuple(tries[lead.pk]),
            is_owned=lead.has_owner,
            assigned_to=lead.assigned_to_id,
        )
        for lead in leads
    ]


def owners_before(period: Period, leads: Sequence[Lead]) -> dict[str, Owner]:
    """Who had last talked with these leads' numbers when the period began."""
    is_owned = any(lead.has_owner for lead in leads)
    owned_for = max(
        (
            it.owned_for(is_owned=is_owned)
            for found in config.current().rules_by_source.values()
            for it in found
        ),
        default=timedelta(0),
    )
    talks = (
        CallAttempt.objects.filter(
            phone__in={lead.phone for lead in leads},
            state=AttemptState.BRIDGED,
            claimed_at__gt=period.start - owned_for,
            claimed_at__lt=period.start,
        )
        .order_by("phone", "-claimed_at")
        .distinct("phone")
        .values_list("phone", "extension_id", "claimed_at", "salesperson_id")
    )
    return {
        phone: Owner(extension, at, salesperson)
        for phone, extension, at, salesperson in talks
        if extension is not None
    }


def really(leads: Sequence[Lead], judged_at: datetime) -> Figures:
    """What really happened to them, by the report's definitions."""
    rang = [(lead.rang_at, lead) for lead in leads if lead.rang_at]
    times = [lead.time_to_ring.total_seconds() for lead in leads if lead.time_to_ring is not None]
    return Figures(
        leads=len(leads),
        rang=len(rang),
        connected=sum(lead.connected_at is not None for lead in leads),
        within_target=sum(rang_at <= lead.due_at for rang_at, lead in rang),
        judged=len(rang) + sum(_is_missed(lead, judged_at) for lead in leads),
        ring_p50=percentile(times, 0.5),
        ring_p90=percentile(times, 0.9),
    )


def _is_missed(lead: Lead, at: datetime) -> bool:
    """As leads.sla.missed."""
    return not lead.rang_at and not lead.connected_at and lead.due_at < at


def _tries(lead_ids: list[int]) -> dict[int, list[HistoricAttempt]]:
    found: dict[int, list[HistoricAttempt]] = defaultdict(list)
    ended = CallAttempt.objects.filter(lead_id__in=lead_ids, kind=AttemptKind.CALL)
    attempts = ended.exclude(outcome="").order_by("claimed_at", "pk")
    for attempt in attempts.only(
        "lead_id", "outcome", "claimed_at", "answered_at", "rang_at", "ended_at", "call_id"
    ):
        found[attempt.lead_id].append(_try(attempt))
    return found


def _try(attempt: CallAttempt) -> HistoricAttempt:
    rang_after = None
    if attempt.rang_at:
        rang_after = max((attempt.rang_at - attempt.claimed_at).total_seconds(), 0.0)
    ended_at = attempt.ended_at or attempt.claimed_at
    held = max((ended_at - attempt.claimed_at).total_seconds(), rang_after or 0.0)
    return HistoricAttempt(Outcome(attempt.outcome), rang_after, held)
