"""Locks are taken in one order: calls, turns at an opening, leads, extensions. Nobody deadlocks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Event

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from callbacks.calling import after_talk
from callbacks.calling.after_talk import Writing
from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import corrections
from callbacks.routing import claim as claims
from callbacks.routing import config
from leads import intake, leaving, ports
from leads.models import Disposition, Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.simulator import eventually
from tests.support.together import alone, waiting_for_locks

MakeLead = Callable[..., Lead]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("extension", "dispositions"),
]
NIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)  # a Monday
AFTERNOON = NIGHT.replace(hour=16)
OPENING = datetime(2026, 11, 24, 9, tzinfo=UTC)
BEFORE_WORK = OPENING - timedelta(hours=2)
ANOTHER = "+972505550199"


@pytest.fixture(autouse=True)
def office(team: Team) -> Iterator[None]:
    """Hours that end during a call. In the morning ten leads a minute are called."""
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )
    Team.objects.update(schedule=schedule, opening_rate=10)
    with time_machine.travel(NIGHT, tick=False):
        yield


@pytest.fixture
def lead(office: None, make_lead: MakeLead) -> Lead:
    """A lead that came before closing time."""
    with time_machine.travel(AFTERNOON, tick=False):
        return make_lead()


def being_called(lead: Lead) -> CallAttempt:
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    claim = claims.claim(lead.pk, asked(*teams), AFTERNOON, timedelta(hours=9))
    assert claim
    return claim.attempt


def asks_again(lead: Lead) -> None:
    intake.store(
        intake.Submission(source=lead.source, key=intake.key_from("2"), name="N", phone=lead.phone),
        NIGHT,
    )


def ends(attempt: CallAttempt, state: str) -> None:
    with transaction.atomic():
        values = {"connected_at": NIGHT} if state == "bridged" else {}
        assert attempt.finish(AttemptState(state), NIGHT, **values)
        apply(attempt, NIGHT)


def turns_out(attempt: CallAttempt, state: str, at: datetime | None = None) -> None:
    with transaction.atomic():
        attempt = CallAttempt.objects.select_for_update().get(pk=attempt.pk)
        assert corrections.correct(attempt, AttemptState(state), at, [])


def is_agreed_on(attempt: CallAttempt) -> None:
    call_again = Writing(Disposition.objects.get(name="Call again"), "", BEFORE_WORK)
    after_talk.write(attempt.pk, call_again, None, NIGHT, seen=None)


def a_request_came_before_nobody_in_sales_answered(lead: Lead) -> Callable[[], None]:
    attempt = being_called(lead)
    asks_again(lead)
    return lambda: ends(attempt, "agent_no_answer")


def a_request_came_and_the_talk_was_over(lead: Lead) -> Callable[[], None]:
    attempt = being_called(lead)
    asks_again(lead)
    return lambda: ends(attempt, "bridged")


def another_call_was_agreed_on_in_the_talk(lead: Lead) -> Callable[[], None]:
    attempt = being_called(lead)
    is_agreed_on(attempt)
    return lambda: ends(attempt, "bridged")


def another_call_is_agreed_on_for_a_lead_that_waits(lead: Lead) -> Callable[[], None]:
    attempt = being_called(lead)
    ends(attempt, "lead_no_answer")
    return lambda: is_agreed_on(attempt)


def a_record_tells_late_that_the_lead_was_rung(lead: Lead) -> Callable[[], None]:
    attempt = being_called(lead)
    ends(attempt, "agent_no_answer")
    return lambda: turns_out(attempt, "lead_no_answer")


def a_record_tells_late_of_a_talk_after_which_a_call_was_agreed_on(
    lead: Lead,
) -> Callable[[], None]:
    attempt = being_called(lead)
    ends(attempt, "lead_no_answer")
    is_agreed_on(attempt)
    return lambda: turns_out(attempt, "bridged", NIGHT)


@pytest.mark.parametrize(
    "prepare",
    [
        a_request_came_before_nobody_in_sales_answered,
        a_request_came_and_the_talk_was_over,
        another_call_was_agreed_on_in_the_talk,
        another_call_is_agreed_on_for_a_lead_that_waits,
        a_record_tells_late_that_the_lead_was_rung,
        a_record_tells_late_of_a_talk_after_which_a_call_was_agreed_on,
    ],
    ids=lambda it: it.__name__,
)
def test_turns_come_before_leads(
    prepare: Callable[[Lead], Callable[[], None]], lead: Lead, source: LeadSource
) -> None:
    """Meanwhile the form is sent again: it takes a turn, then locks the lead that it joins."""
    act = prepare(lead)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ports.plan(source, ANOTHER, timezone.now(), None)
            acting = pool.submit(alone, act)
            eventually(lambda: waiting_for_locks() == 1 or acting.done(), within=60)
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        acting.result()
    assert Lead.objects.filter(phone=lead.phone, status=LeadStatus.WAITING).exists()


def test_turns_of_several_openings_are_taken_in_any_order(source: LeadSource) -> None:
    wednesday = OPENING - timedelta(hours=2) + timedelta(days=1)

    def plan(*chosen: datetime | None) -> None:
        for it in chosen:
            ports.plan(source, ANOTHER, timezone.now(), it)

    @transaction.atomic
    def the_other_way_round() -> None:
        plan(wednesday)
        plan(None)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            plan(None)
            other = pool.submit(alone, the_other_way_round)
            eventually(lambda: waiting_for_locks() == 1, within=60)
            plan(wednesday)
        other.result()


def test_who_takes_a_number_back_locks_its_call_before_its_lead(lead: Lead) -> None:
    """Taking the number back ends the call."""
    attempt = being_called(lead)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            CallAttempt.objects.select_for_update().get(pk=attempt.pk)
            taken_back = pool.submit(alone, lambda: leaving.withdraw([lead], timezone.now()))
            eventually(lambda: waiting_for_locks() == 1, within=60)
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        taken_back.result()
    lead.refresh_from_db()
    assert lead.status == LeadStatus.CANCELLED


def test_who_takes_a_number_back_that_is_claimed_meanwhile_locks_its_call_first_too(
    lead: Lead,
) -> None:
    """Taking back waits for the lead, which is just being claimed; then the call ends."""
    has_lead, let_go = Event(), Event()

    @transaction.atomic
    def has_the_lead() -> None:
        Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        has_lead.set()
        let_go.wait(60)

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            phone = Extension.objects.get()
            claim = claims.claim_chosen(lead.pk, phone.pk, NIGHT, timedelta(hours=9))
            assert claim
            other = pool.submit(alone, has_the_lead)
            eventually(lambda: waiting_for_locks() == 1, within=60)
            taken_back = pool.submit(alone, lambda: leaving.withdraw([lead], timezone.now()))
            eventually(lambda: waiting_for_locks() == 2, within=60)
        has_lead.wait(60)
        with transaction.atomic():
            CallAttempt.objects.select_for_update().get(pk=claim.attempt.pk)
            let_go.set()
            other.result()
            eventually(lambda: waiting_for_locks() == 1, within=60)
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        taken_back.result()
    lead.refresh_from_db()
    assert lead.status == LeadStatus.CANCELLED
