"""Messages that play automatically: outside opening hours, and to leads that were given up on."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.calling import dial, dispatch, manual, recorded_messages
from callbacks.common import task_publisher
from callbacks.models import (
    CallAttempt,
    CallParameters,
    Extension,
    OpeningHours,
    Schedule,
    SourceMessages,
    Team,
)
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import LEAST_GAP, Outcome
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
SHOWN = (
    "targetcallerid",
    "targetcallername",
    "phonemaxdialtime",
    "record",
    "phonecallerid",
    "maxduration",
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def closed(team: Team, source: LeadSource) -> None:
    schedule = Schedule.objects.create(name="Tomorrow", time_zone="UTC")
    tomorrow = timezone.now() + timedelta(days=1)
    OpeningHours.objects.create(
        schedule=schedule, weekday=tomorrow.weekday(), opens_at=time(9), closes_at=time(17)
    )
    team.schedule = schedule
    team.save()
    SourceMessages.objects.create(source=source, when_closed="closed-now", when_given_up="sorry")


def send_queued() -> None:
    for task, key in queued(empty=True):
        if task == task_publisher.DIAL:
            dial.dial_committed(key)


def test_a_lead_that_was_called_before_closing_does_not_hear_it(
    request: pytest.FixtureRequest, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    tried, new = make_lead(attempts=1), make_lead()
    request.getfixturevalue("closed")
    for lead in (tried, new):
        dispatch.call_lead(lead.pk)
        lead.refresh_from_db()
        assert lead.call_after > timezone.now()
    send_queued()
    assert [entry["phone"] for entry in simulator.ledger()] == [new.phone[1:]]


def test_a_lead_that_comes_outside_opening_hours_hears_so_once(
    closed: None, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    send_queued()
    [entry] = simulator.ledger()
    assert (entry["action"], entry["pre_rec"]) == ("message", "closed-now")
    Lead.objects.update(call_after=timezone.now())
    dispatch.call_lead(lead.pk)
    send_queued()
    assert len(simulator.ledger()) == 1
    lead.refresh_from_db()
    assert (lead.status, lead.attempts) == (LeadStatus.WAITING, 0)


def test_a_message_is_played_the_way_its_source_has_calls_made(
    closed: None,
    make_lead: MakeLead,
    source: LeadSource,
    simulator: SimulatorProcess,
    settings: SettingsWrapper,
) -> None:
    settings.VOICENTER_TARGET_CALLER_ID = "0505550177"
    settings.VOICENTER_TARGET_MAX_DIAL_TIME = 45
    settings.VOICENTER_RECORD = True
    CallParameters.objects.create(
        source=source,
        target_caller_id="0505550188",
        target_caller_name="Callbacks",
        target_max_dial_time=200,
        phone_caller_id="0505550199",
        max_duration=60,
    )
    dispatch.call_lead(make_lead().pk)
    send_queued()
    [entry] = simulator.ledger()
    assert {name: entry.get(name) for name in SHOWN} == {
        "targetcallerid": "0505550188",
        "targetcallername": "Callbacks",
        "phonemaxdialtime": "200",
        "record": "true",
        "phonecallerid": None,
        "maxduration": "120",
    }
    # No other call may ring the number for as long as this one may last.
    attempt = CallAttempt.objects.get()
    assert attempt.sent_at
    assert attempt.hold_until == attempt.sent_at + timedelta(seconds=200 + 120 + 60)


def test_a_message_is_played_the_way_the_settings_have_it_when_its_source_says_nothing(
    closed: None, make_lead: MakeLead, simulator: SimulatorProcess, settings: SettingsWrapper
) -> None:
    settings.VOICENTER_TARGET_CALLER_ID = "0505550177"
    settings.VOICENTER_TARGET_MAX_DIAL_TIME = 45
    dispatch.call_lead(make_lead().pk)
    send_queued()
    [entry] = simulator.ledger()
    assert (entry["targetcallerid"], entry["phonemaxdialtime"]) == ("0505550177", "45")
    assert "targetcallername" not in entry


def test_without_a_named_message_nothing_is_played(
    closed: None, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    SourceMessages.objects.update(when_closed="")
    dispatch.call_lead(make_lead().pk)
    assert not CallAttempt.objects.exists()


def test_a_lead_that_could_not_be_reached_hears_so(
    make_lead: MakeLead, extension: Extension, source: LeadSource, simulator: SimulatorProcess
) -> None:
    SourceMessages.objects.create(source=source, when_given_up="sorry")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    lead = make_lead(counted_from=an_hour_ago)
    for _ in range(4):
        CallAttempt.objects.create(
            lead=lead,
            extension=extension,
            phone=lead.phone,
            extension_number="101",
            state=AttemptState.LEAD_NO_ANSWER,
            outcome=Outcome.LEAD_NO_ANSWER.value,
            claimed_at=an_hour_ago,
            hold_until=an_hour_ago,
            ended_at=an_hour_ago,
        )
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    queued(empty=True)
    records.receive(
        Cdr(call_id=attempt.call_id, type="leg2", leg=2, status="NOANSWER", dial_time=20)
    )
    lead.refresh_from_db()
    assert lead.status == LeadStatus.UNREACHED
    # Not right after the call: the same gap holds as between calls.
    assert queued() == []
    message = CallAttempt.objects.get(kind="message")
    assert message.claimed_at >= timezone.now() + LEAST_GAP - timedelta(minutes=1) / 2
    CallAttempt.objects.filter(pk=message.pk).update(
        claimed_at=timezone.now() - timedelta(seconds=10)
    )
    assert dial.wake_unsent() == 1
    send_queued()
    assert [entry["action"] for entry in simulator.ledger()] == ["call", "message"]


@pytest.mark.parametrize(
    ("status", "state"),
    [("ANSWER", AttemptState.PLAYED), ("NOANSWER", AttemptState.LEAD_NO_ANSWER)],
)
def test_the_record_of_a_message_tells_whether_it_was_heard(
    closed: None,
    make_lead: MakeLead,
    simulator: SimulatorProcess,
    status: str,
    state: AttemptState,
) -> None:
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    send_queued()
    attempt = CallAttempt.objects.get()
    records.receive(
        Cdr(call_id=attempt.call_id, type="Click2Call leg1", leg=1, status=status, price=12)
    )
    attempt.refresh_from_db()
    lead.refresh_from_db()
    assert (attempt.state, attempt.price) == (state, 12)
    assert lead.status == LeadStatus.WAITING


# --- a message that has not been sent gives way ---------------------------------------------------


@pytest.fixture
def waiting_message(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> CallAttempt:
    """A message to be played in two minutes to somebody who could not be reached."""
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    at = timezone.now() + timedelta(minutes=2)
    message = recorded_messages.play(lead.pk, lead.phone, "sorry", at)
    assert message
    return message


def by_a_worker(lead: Lead) -> None:
    dispatch.call_lead(lead.pk)


def by_the_sweep(lead: Lead) -> None:
    queued(empty=True)
    tasks.sweep()
    assert queued() == [("callbacks.call_lead", lead.pk)]
    tasks.call_lead(lead.pk)


def by_a_free_extension(lead: Lead) -> None:
    tasks.work_team(Team.objects.get().pk)


def by_a_manager_with_an_extension(lead: Lead) -> None:
    manual.call_with(lead.pk, Extension.objects.get().pk, None)
    [dialled] = [key for task, key in queued() if task == task_publisher.DIAL]
    dial.dial_committed(dialled)


@pytest.mark.parametrize(
    "call", [by_a_worker, by_the_sweep, by_a_free_extension, by_a_manager_with_an_extension]
)
def test_to_a_call(
    waiting_message: CallAttempt,
    make_lead: MakeLead,
    simulator: SimulatorProcess,
    call: Callable[[Lead], None],
) -> None:
    lead = make_lead(waiting_message.phone)
    queued(empty=True)
    call(lead)
    [entry] = simulator.ledger()
    assert (entry["action"], entry["target"]) == ("call", lead.phone.lstrip("+"))
    waiting_message.refresh_from_db()
    assert (waiting_message.state, waiting_message.outcome) == (AttemptState.NOT_SENT, "")


def test_to_a_message_that_a_manager_plays(
    waiting_message: CallAttempt, simulator: SimulatorProcess
) -> None:
    queued(empty=True)
    manual.play(waiting_message.lead_id, "offer", None)
    send_queued()
    [entry] = simulator.ledger()
    assert entry["action"] != "call"
    waiting_message.refresh_from_db()
    assert waiting_message.state == AttemptState.NOT_SENT


def test_one_that_is_being_sent_holds_the_number(
    waiting_message: CallAttempt, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    assert waiting_message.take_on(timezone.now())
    lead = make_lead(waiting_message.phone)
    assert dispatch.call_lead(lead.pk) is None
    waiting_message.refresh_from_db()
    assert waiting_message.state == AttemptState.DIALING
    assert simulator.ledger() == []


def test_the_message_for_closed_hours_is_committed_with_its_lead(
    closed: None, make_lead: MakeLead
) -> None:
    """A process that dies after the commit loses neither: the sweep sends what was not sent."""
    with transaction.atomic():
        lead = make_lead()
        message = CallAttempt.objects.get(lead=lead)
        queued(empty=True)
    queued(empty=True)
    CallAttempt.objects.update(claimed_at=timezone.now() - timedelta(seconds=10))
    tasks.sweep()
    assert (task_publisher.DIAL, message.pk) in queued()


def test_a_lead_is_stored_when_its_message_cannot_be(
    closed: None, make_lead: MakeLead, source: LeadSource
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE callbacks_callattempt ADD CONSTRAINT none CHECK (kind = 'call')"
        )
    try:
        lead = make_lead()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE callbacks_callattempt DROP CONSTRAINT none")
    assert lead.status == LeadStatus.WAITING
    assert not CallAttempt.objects.exists()
