"""When a lead is called next: one table, asked in four ways that must give the same time.

`apply_outcome` (for new leads: the submission) stores the time in PostgreSQL, the preview and the
consequences show it, and the replay plays it. The times in each row were worked out by hand, in
UTC; the year is 2026, and 23 November is a Monday.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import apply_outcome, dispatch
from callbacks.explain import preview
from callbacks.explain.consequences import OUTCOMES, consequences
from callbacks.models import (
    CallAttempt,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
)
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.from_settings import policy
from callbacks.policy.rules import LeadStep, Outcome, next_step
from callbacks.replay import history
from callbacks.replay.engine import simulate
from callbacks.replay.history import Period
from callbacks.replay.leads import HistoricAttempt, HistoricLead, taken
from callbacks.routing import claim as claims
from callbacks.routing import config, number_limits
from callbacks.scheduling import calling_hours
from leads import intake
from leads.models import Lead, LeadSource, LeadStatus
from tests.scheduling.next_call_rows import AND_SO_ON, AT_ONCE, NEVER, ROWS, SECOND, Hours, Row
from tests.support.asking import asked

pytestmark = pytest.mark.django_db(transaction=True)


def window_of(hours: tuple[int, int] | None) -> dict[str, time | None]:
    begins, ends = (time(hour) for hour in hours) if hours else (None, None)
    return {"call_from": begins, "call_until": ends}


@pytest.fixture(params=ROWS.values(), ids=ROWS)
def row(request: pytest.FixtureRequest, source: LeadSource, settings: SettingsWrapper) -> Row:
    """A row of the table, set up in the database as it is when the row's call ends."""
    row: Row = request.param
    for name, value in row.numbers.items():
        setattr(settings, name, value)
    source.allowed_countries = ["IL", "US", "RU", "KZ", "ID", "BM"]
    for name, at in window_of(row.window).items():
        setattr(source, name, at)
    source.calls_a_day = row.source_calls
    source.save()
    elsewhere = LeadSource.objects.create(slug="landing", name="Landing page")
    for number, hours in enumerate(row.teams, 1):
        team = Team.objects.create(
            name=f"Team {number}",
            schedule=schedule_of(hours, number),
            opening_rate=hours.rate,
            calls_a_day=hours.calls,
            **window_of(hours.window),
        )
        team.sources.add(source, elsewhere)
        Extension.objects.bulk_create(
            Extension(number=f"{number}{n:02}", team=team) for n in range(30)
        )
    for lead in others(row):
        store(lead)
    for number, at in enumerate(row.before):
        called_before(row, source, number, moment(at))
    return row


def test_all_four_ways_give_the_same_time(row: Row, source: LeadSource) -> None:
    found: dict[str, Sequence[str]] = {
        "preview": by_preview(row, source),
        "consequences": by_consequences(row, source),
        "replay": by_replay(row, source),
        "apply_outcome": by_apply_outcome(row, source),
    }
    if row.outcome is None:
        del found["consequences"]  # which are about calls only
    if row.chosen:
        del found["preview"]  # which cannot take a chosen time
    assert found == {way: list(row.again) for way in found}


# --- the four ways --------------------------------------------------------------------------------


def by_preview(row: Row, source: LeadSource) -> list[str]:
    at = moment(row.at)
    answer = preview.answer(preview.PreviewQuestion(source, at, row.phone), at)
    if row.outcome is None:
        return told(row, [answer.called_at or NEVER])
    assert answer.called_at == at
    return told_consequence(row, answer.follows)


def by_consequences(row: Row, source: LeadSource) -> list[str]:
    found = consequences(config.current(), source.pk, row.phone, moment(row.at), policy(), UTC)
    return told_consequence(row, found) if row.outcome else []


def told_consequence(row: Row, found: Sequence[Any]) -> list[str]:
    [its] = [it for (of, _words), it in zip(OUTCOMES, found, strict=True) if of is row.outcome]
    if not its.again and "at once" in its.lead:
        return told(row, [AT_ONCE])
    never = [NEVER] if its.lead.endswith("waits until a team opens") else []
    return told(row, [*its.again, *never])


def by_replay(row: Row, source: LeadSource) -> list[str]:
    """Calls end as they begin. `others` are called too, once each."""
    at = moment(row.at)
    period = Period(at - timedelta(days=1), at + timedelta(days=20))
    chosen_at = moment(row.chosen) if row.chosen else None
    ours = Lead(
        pk=1_000, source=source, phone=row.phone, language="", submitted_at=at, chosen_at=chosen_at
    )
    before = [
        Lead(pk=2_000 + n, source=source, phone=row.phone, language="", submitted_at=moment(it))
        for n, it in enumerate(row.before)
    ]
    [subject, *rest] = history.historic_leads([ours, *before, *others(row)], period)
    went = HistoricAttempt(row.outcome or Outcome.BRIDGED, None, 0)
    talk = HistoricAttempt(Outcome.BRIDGED, None, 0)
    played: list[HistoricLead] = [replace(subject, tries=(went,) * 25)]
    played += [replace(lead, tries=(talk,)) for lead in rest]
    scenario = history.scenario_now(period)
    lives = simulate(scenario, taken(scenario, played))
    [life] = [life for life in lives if life.request.id == ours.pk]
    called = [datetime.fromtimestamp(it, UTC) for it in life.claimed_at]
    if row.outcome is None:
        return told(row, called[:1] or [NEVER])
    assert called[0] == at
    step = next_step(row.outcome, len(called) - 1, len(called), policy())
    never = [NEVER] if step.lead is LeadStep.CALL_AGAIN and len(called) < 25 else []
    return told(row, [*called[1:], *never])


def by_apply_outcome(row: Row, source: LeadSource) -> list[str]:
    """On PostgreSQL. For a new lead: its submission and, if its number rests, the claim."""
    at = moment(row.at)
    with time_machine.travel(at, tick=False) as clock:
        chosen_at = moment(row.chosen) if row.chosen else None
        lead = store(Lead(pk=1_000, source=source, phone=row.phone, submitted_at=at,
                          chosen_at=chosen_at))  # fmt: skip
        if row.outcome is None:
            if number_limits.lead_limited_until(lead.pk, at) and lead.call_after <= at:
                assert dispatch.call_lead(lead.pk) is None
            return told(row, [called_at(lead)])
        found: list[datetime | str] = []
        while len(found) <= len(row.again):
            clock.move_to(max(at, lead.call_after))
            end(claimed(lead), row.outcome, max(at, lead.call_after))
            lead.refresh_from_db()
            if lead.status != LeadStatus.WAITING:
                break
            found.append(called_at(lead))
            if found[-1] == NEVER:
                break
        return told(row, found)


def called_at(lead: Lead) -> datetime | str:
    lead.refresh_from_db()
    opens = calling_hours.next_time(config.current(), lead.source_id, lead.phone, lead.call_after)
    return NEVER if opens is None else lead.call_after


def claimed(lead: Lead) -> CallAttempt:
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    now = datetime.now(UTC)
    claim = claims.claim(lead.pk, asked(*teams), now, timedelta(hours=1))
    assert claim
    return claim.attempt


def end(attempt: CallAttempt, outcome: Outcome, at: datetime) -> None:
    """Ends the attempt as the provider's answer or a record does."""
    codes = {Outcome.INVALID: 1, Outcome.PROVIDER_ERROR: 2, Outcome.OFFLINE: 3, Outcome.BLOCKED: 4}
    if outcome in codes:
        assert attempt.refuse(outcome, codes[outcome], "", "", at)
    else:
        states = {Outcome.NO_RECORD: AttemptState.ENDED, Outcome.NEVER_KNOWN: AttemptState.ENDED}
        state = states.get(outcome) or AttemptState(outcome.value)
        connected_at = at if outcome is Outcome.BRIDGED else None
        assert attempt.finish(state, at, connected_at=connected_at)
    apply_outcome.apply(attempt, at)


# --- setting up and comparing ---------------------------------------------------------------------


def moment(text: str) -> datetime:
    form = "%Y %d %b %H:%M:%S" if text.count(":") == 2 else "%Y %d %b %H:%M"
    return datetime.strptime(f"2026 {text}", form).replace(tzinfo=UTC)


def told(row: Row, times: Sequence[datetime | str]) -> list[str]:
    """The times in the table's words."""
    words = []
    for it in times:
        if isinstance(it, datetime):
            seconds = ":%S" if it.second else ""
            words.append(AT_ONCE if it <= moment(row.at) else f"{it:%d %b %H:%M{seconds}}")
        else:
            words.append(it)
    if AND_SO_ON in row.again:
        return [*words[: len(row.again) - 1], AND_SO_ON]
    # A lead that is called again at once is so every time until it is closed.
    return words[:1] if words[:1] == [AT_ONCE] else words


def schedule_of(hours: Hours, number: int) -> Schedule | None:
    if hours.always:
        return None
    schedule = Schedule.objects.create(name=f"Hours {number}", time_zone=hours.zone)
    for day in hours.days:
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at=hours.opens, closes_at=hours.closes
        )
    for day_of_year in hours.only:
        on: date = moment(f"{day_of_year} 00:00").date()
        ScheduleException.objects.create(
            schedule=schedule, date=on, opens_at=hours.opens, closes_at=hours.closes
        )
    return schedule


def others(row: Row) -> list[Lead]:
    """Leads that came just before, and wait for an opening."""
    slug = "landing" if row.waiting_elsewhere else "website"
    source = LeadSource.objects.get(slug=slug)
    chosen_at = moment(row.waiting_for) if row.waiting_for else None
    return [
        Lead(
            pk=3_000 + n, source=source, phone=f"{row.phone[:-2]}{n:02}", language="",
            submitted_at=moment(row.at) - (row.waiting - n) * SECOND, chosen_at=chosen_at,
        )
        for n in range(row.waiting)
    ]  # fmt: skip


def store(lead: Lead) -> Lead:
    """Stores the lead as the form does."""
    return intake.store(
        intake.Submission(
            source=lead.source, key=intake.key_from("next", str(lead.pk)), name="Noa Levi",
            phone=lead.phone, chosen_at=lead.chosen_at,
        ),
        now=lead.submitted_at,
    )  # fmt: skip


def called_before(row: Row, source: LeadSource, number: int, at: datetime) -> None:
    """A call for another lead with the same number; they talked."""
    lead = Lead.objects.create(
        source=source, phone=row.phone, status=LeadStatus.CONNECTED, submitted_at=at,
        waiting_since=at, clock_started_at=at, due_at=at, call_after=at, closed_at=at,
        connected_at=at,
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=lead, extension=Extension.objects.all()[number], phone=row.phone,
        state=AttemptState.BRIDGED, call_id=f"C-{number}", error_code=0, claimed_at=at, sent_at=at,
        connected_at=at, ended_at=at, hold_until=at, extension_number="101",
    )  # fmt: skip
