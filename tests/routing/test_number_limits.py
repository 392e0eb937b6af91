"""How often one number is rung, whatever leads it is for: bounds that no setting lifts."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import dispatch, manual, manual_requests, recorded_messages
from callbacks.models import (
    CallAttempt,
    CallRecord,
    Extension,
    OpeningHours,
    Schedule,
    SourceMessages,
    Team,
)
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import LEAST_GAP, MAX_CALLS_A_DAY
from callbacks.routing import claim, config, number_limits
from leads import visitor_status
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.queue import queued

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+972505550150"
CLOSED = {"status": LeadStatus.UNREACHED, "closed_at": timezone.now()}
RANG = [
    AttemptState.BRIDGED,
    AttemptState.LEAD_NO_ANSWER,
    AttemptState.ENDED,
]
DID_NOT_RING = [
    AttemptState.REFUSED,
    AttemptState.NOT_SENT,
    AttemptState.AGENT_NO_ANSWER,
    AttemptState.NEVER_PLACED,
]


@pytest.fixture
def rung(make_lead: MakeLead, extension: Extension) -> Callable[..., CallAttempt]:
    """rung(ago): a call that rang PHONE that long ago, for another lead."""

    def ring(ago: timedelta, state: AttemptState = AttemptState.LEAD_NO_ANSWER) -> CallAttempt:
        at = timezone.now() - ago
        return CallAttempt.objects.create(
            lead=make_lead(PHONE, **CLOSED),
            extension=extension,
            extension_number=extension.number,
            phone=PHONE,
            state=state,
            claimed_at=at,
            ended_at=at,
            connected_at=at,
            hold_until=at,
        )

    return ring


def is_claimed(lead: Lead) -> bool:
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    return claim.claim(lead.pk, asked(*teams), timezone.now(), timedelta(hours=1)) is not None


def put_off_until(lead: Lead) -> datetime:
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    return lead.call_after


@pytest.mark.parametrize("state", RANG)
def test_a_number_that_has_just_been_rung_is_put_off_for_another_lead(
    make_lead: MakeLead, rung: Callable[..., CallAttempt], state: AttemptState
) -> None:
    last = rung(timedelta(seconds=20), state)
    lead = make_lead(PHONE)
    assert not is_claimed(lead)
    assert last.ended_at
    assert put_off_until(lead) == last.ended_at + LEAST_GAP


@pytest.mark.parametrize("state", DID_NOT_RING)
def test_a_call_that_did_not_ring_the_number_puts_nobody_off(
    make_lead: MakeLead, rung: Callable[..., CallAttempt], state: AttemptState
) -> None:
    for _ in range(MAX_CALLS_A_DAY):
        rung(timedelta(seconds=20), state)
    assert is_claimed(make_lead(PHONE))


@pytest.mark.parametrize(
    ("status", "dial_time", "rang"),
    [
        ("NOANSWER", None, True),
        ("CANCEL", 12, True),
        ("CANCEL", 0, False),
        ("NOTDIALED", None, False),
    ],
)
def test_a_salesperson_who_hung_up_while_it_rang_has_had_the_number_rung(
    make_lead: MakeLead,
    rung: Callable[..., CallAttempt],
    status: str,
    dial_time: int | None,
    rang: bool,
) -> None:
    attempt = rung(timedelta(seconds=20), AttemptState.AGENT_NO_ANSWER)
    for leg, word in ((1, "CANCEL"), (2, status)):
        CallRecord.objects.create(
            call_id="call",
            type=f"Click2Call leg{leg}",
            leg=leg,
            status=word,
            attempt=attempt,
            dial_time=dial_time if leg == 2 else 20,
            payload={},
        )
    assert is_claimed(make_lead(PHONE)) is not rang


def test_after_the_gap_the_number_is_called(
    make_lead: MakeLead, rung: Callable[..., CallAttempt]
) -> None:
    rung(LEAST_GAP)
    assert is_claimed(make_lead(PHONE))


def test_another_number_is_not_put_off(
    make_lead: MakeLead, rung: Callable[..., CallAttempt]
) -> None:
    rung(timedelta(seconds=1))
    assert is_claimed(make_lead("+972505550151"))


@pytest.mark.parametrize("whose", [None, LeadSource, Team], ids=["setting", "source", "team"])
def test_a_number_that_has_been_rung_often_waits_until_the_first_call_is_a_day_ago(
    make_lead: MakeLead,
    source: LeadSource,
    rung: Callable[..., CallAttempt],
    settings: SettingsWrapper,
    whose: type[LeadSource] | type[Team] | None,
) -> None:
    if whose:
        whose.objects.update(calls_a_day=3)
    else:
        settings.CALLS_A_DAY = 3
    rung(timedelta(hours=25))
    first, *_others = [rung(timedelta(hours=hours)) for hours in (23, 2)]
    assert number_limits.number_limited_until(PHONE, source.pk, timezone.now()) is None
    rung(timedelta(hours=1), AttemptState.ENDED)
    lead = make_lead(PHONE)
    assert put_off_until(lead) == first.claimed_at + timedelta(days=1)
    shown = visitor_status.standing(lead, timezone.now())
    assert (shown.status, shown.title) == ("scheduled", "Your call is planned")


def test_it_is_put_off_to_a_time_at_which_somebody_answers(
    make_lead: MakeLead, rung: Callable[..., CallAttempt], team: Team, settings: SettingsWrapper
) -> None:
    settings.CALLS_A_DAY = 1
    schedule = Schedule.objects.create(name="Monday morning and Wednesday", time_zone="UTC")
    for weekday, closes_at in ((0, time(13)), (2, time(17))):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=closes_at
        )
    team.schedule = schedule
    team.save()
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with time_machine.travel(monday, tick=False):
        rung(timedelta(hours=20))  # it rests until Monday at 16:00
        assert put_off_until(make_lead(PHONE)) == datetime(2026, 11, 25, 9, tzinfo=UTC)


def test_no_setting_lifts_the_bounds(
    make_lead: MakeLead,
    source: LeadSource,
    rung: Callable[..., CallAttempt],
    settings: SettingsWrapper,
) -> None:
    settings.CALLS_A_DAY, settings.CALL_GAP = 1000, 0.0
    for minutes in range(2, MAX_CALLS_A_DAY + 1):
        rung(timedelta(minutes=minutes))
    assert number_limits.number_limited_until(PHONE, source.pk, timezone.now()) is None
    rung(timedelta(seconds=59))
    lead = make_lead(PHONE)
    assert not is_claimed(lead)
    assert put_off_until(lead) > timezone.now() + timedelta(hours=23)


# --- a manager's wish ignores the gap, but not the bound of the day -------------------------------


def test_a_manager_passes_the_gap(make_lead: MakeLead, rung: Callable[..., CallAttempt]) -> None:
    rung(timedelta(seconds=1))
    lead = make_lead(PHONE)
    assert not is_claimed(lead)
    said = manual.call_now(lead.pk, None)
    assert said == "The lead will be called as soon as a salesperson is free."
    assert is_claimed(lead)


def test_a_manager_does_not_pass_the_bound_of_a_day_and_is_told_when(
    make_lead: MakeLead,
    rung: Callable[..., CallAttempt],
    extension: Extension,
    settings: SettingsWrapper,
) -> None:
    settings.CALLS_A_DAY = 1
    last = rung(timedelta(hours=1))
    lead = make_lead(PHONE, **CLOSED)
    for refused in (
        lambda: manual.call_with(lead.pk, extension.pk, None),
        lambda: manual.play(lead.pk, "a-record", None),
    ):
        with pytest.raises(manual_requests.CannotCall, match="as often as allowed in 24 hours"):
            refused()
    assert "as often as allowed" in manual.call_now(lead.pk, None)
    lead.refresh_from_db()
    assert lead.call_after == last.claimed_at + timedelta(days=1)
    assert not is_claimed(lead)


def test_a_manager_who_had_it_called_before_the_last_call_does_not_pass_its_gap(
    make_lead: MakeLead, rung: Callable[..., CallAttempt]
) -> None:
    lead = make_lead(PHONE)
    manual.call_now(lead.pk, None)
    Lead.objects.update(status=LeadStatus.CANCELLED, closed_at=timezone.now())
    last = rung(timedelta(0))
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.WAITING, closed_at=None)
    assert not is_claimed(lead)
    assert last.ended_at
    assert put_off_until(lead) == last.ended_at + LEAST_GAP


# --- recorded messages ring the number too --------------------------------------------------------


def test_a_message_that_plays_by_itself_keeps_to_the_bounds(
    make_lead: MakeLead,
    rung: Callable[..., CallAttempt],
    source: LeadSource,
    settings: SettingsWrapper,
) -> None:
    SourceMessages.objects.create(source=source, when_given_up="sorry")
    last = rung(timedelta(seconds=20))
    lead = make_lead(PHONE, **CLOSED)
    queued(empty=True)
    recorded_messages.play_when_given_up(lead.pk, PHONE, source.pk, timezone.now())
    message = CallAttempt.objects.get(kind="message")
    assert last.ended_at
    assert message.claimed_at == last.ended_at + LEAST_GAP
    assert queued() == []
    message.delete()
    settings.CALLS_A_DAY = 1
    recorded_messages.play_when_given_up(lead.pk, PHONE, source.pk, timezone.now())
    assert not CallAttempt.objects.filter(kind="message").exists()
