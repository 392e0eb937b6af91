"""Claim, dial, record: against the simulator over HTTP, which keeps the ledger."""

import socket
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.core.checks import run_checks
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import dial, dispatch
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.routing import claim as claims
from callbacks.routing.config import current as current_config
from callbacks.telephony import account
from callbacks.voicenter import Accepted, InvalidCall, OutcomeUnknown
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def call(lead: Lead) -> CallAttempt:
    """Calls the lead; then attempt and lead are as they are in the database."""
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    lead.refresh_from_db()
    attempt.refresh_from_db()
    return attempt


def test_lead_attempt_and_ledger_agree_on_the_call_id(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    attempt = call(lead)
    [entry] = simulator.ledger()
    assert entry["call_id"] == attempt.call_id == lead.call_id != ""
    assert (attempt.state, lead.status) == (AttemptState.ACCEPTED, LeadStatus.CALLING)
    assert (attempt.error_code, lead.error_code) == (0, 0)
    assert lead.first_dialed_at == attempt.answered_at
    assert (entry["phone"], entry["target"]) == ("101", lead.phone.lstrip("+"))
    assert entry["action"] == "call"


def test_the_provider_gets_ids_that_come_back_with_its_records_and_no_personal_data(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    attempt = call(lead)
    [entry] = simulator.ledger()
    assert entry["var_lead"] == str(lead.public_id)
    assert entry["var_attempt"] == str(attempt.public_id)
    assert lead.name not in str(entry)


def test_a_lead_that_runs_twice_is_dialled_once(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    Extension.objects.create(number="102", team=extension.team)
    lead = make_lead()
    call(lead)
    assert dispatch.call_lead(lead.pk) is None
    assert len(simulator.ledger()) == 1


def test_without_a_free_extension_the_lead_waits(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    call(make_lead())
    waiting = make_lead()
    assert dispatch.call_lead(waiting.pk) is None
    waiting.refresh_from_db()
    assert waiting.status == LeadStatus.WAITING
    assert len(simulator.ledger()) == 1


def test_an_offline_extension_is_taken_out_and_the_next_one_rung(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "offline"})
    Extension.objects.create(number="102", team=extension.team)
    lead = make_lead()
    refused = call(lead)
    assert (refused.state, refused.error_code) == (AttemptState.REFUSED, 3)
    assert (lead.status, lead.error_code) == (LeadStatus.WAITING, 3)
    assert lead.call_after <= timezone.now()
    extension.refresh_from_db()
    assert extension.unavailable_until
    assert extension.unavailable_until > timezone.now()
    assert call(lead).state == AttemptState.ACCEPTED
    assert [entry["phone"] for entry in simulator.ledger()] == ["101", "102"]


def test_a_blocked_extension_is_marked_and_not_rung_again(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "blocked"})
    lead = make_lead()
    assert call(lead).error_code == 4
    extension.refresh_from_db()
    assert extension.is_blocked
    assert dispatch.call_lead(lead.pk) is None


def test_error_state_stands_on_the_lead(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "application_error", "count": 1}])
    lead = make_lead()
    attempt = call(lead)
    assert (attempt.state, attempt.error_code) == (AttemptState.REFUSED, 2)
    assert lead.error_code == 2
    assert lead.error_message == attempt.error_message != ""
    assert lead.status == LeadStatus.WAITING
    assert attempt.ended_at
    assert lead.call_after - attempt.ended_at == timedelta(seconds=5)


def test_a_provider_that_cannot_be_reached_is_tried_later_and_frees_the_extension(
    make_lead: MakeLead,
    extension: Extension,
    simulator: SimulatorProcess,
    settings: SettingsWrapper,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    settings.VOICENTER_URL = f"http://127.0.0.1:{port}/ForwardDialer/click2call.aspx"
    account.client.cache_clear()
    lead = make_lead()
    attempt = call(lead)
    assert attempt.state == AttemptState.NOT_SENT
    assert lead.status == LeadStatus.WAITING
    assert lead.call_after > timezone.now()
    assert not attempt.is_live


@pytest.mark.parametrize(
    ("fault", "was_placed"),
    [
        ("stall", True),
        ("reset_after", True),
        ("reset_before", False),
        ("error_500_after", True),
        ("error_500_before", False),
        ("html", True),
        ("empty", True),
        ("truncated", True),
        ("lost_answer", True),
    ],
)
def test_an_answer_that_is_lost_leaves_the_attempt_unknown_and_nobody_dials_again(
    make_lead: MakeLead,
    extension: Extension,
    simulator: SimulatorProcess,
    fault: str,
    was_placed: bool,
) -> None:
    Extension.objects.create(number="102", team=extension.team)
    simulator.control(faults=[{"kind": fault, "count": 1}])
    lead = make_lead()
    attempt = call(lead)
    assert attempt.state == AttemptState.UNKNOWN
    assert attempt.failure_reason
    assert lead.status == LeadStatus.CALLING
    assert dispatch.call_lead(lead.pk) is None
    [entry] = simulator.ledger()
    assert entry["accepted"] is was_placed


def test_a_number_that_may_no_longer_be_called_is_not_dialled(
    make_lead: MakeLead, extension: Extension, source: LeadSource, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    LeadSource.objects.update(allowed_countries=["GB"], default_country="GB")
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == LeadStatus.FAILED
    assert "country" in lead.error_message
    assert simulator.ledger() == []


def test_a_number_that_has_become_an_extension_is_not_dialled(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead("+972505550142")
    Extension.objects.create(kind="phone", number="972505550142", team=extension.team)
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == LeadStatus.FAILED
    assert simulator.ledger() == []


def test_outside_opening_hours_the_lead_waits_for_the_opening(
    make_lead: MakeLead, team: Team, extension: Extension, simulator: SimulatorProcess
) -> None:
    schedule = Schedule.objects.create(name="Tomorrow", time_zone="UTC")
    tomorrow = timezone.now() + timedelta(days=1)
    OpeningHours.objects.create(
        schedule=schedule, weekday=tomorrow.weekday(), opens_at=time(9), closes_at=time(17)
    )
    Team.objects.update(schedule=schedule)
    lead = make_lead()
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    assert lead.call_after == tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)
    assert simulator.ledger() == []


def test_an_extension_is_rung_in_its_own_hours_only(
    make_lead: MakeLead, team: Team, extension: Extension, simulator: SimulatorProcess
) -> None:
    Extension.objects.update(schedule=open_tomorrow())
    lead = make_lead()
    assert dispatch.call_lead(lead.pk) is None
    # Nor is the lead woken in vain, every few seconds, until the shift begins.
    assert dispatch.call_due_leads() == 0
    other = Extension.objects.create(number="102", team=team)
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    assert attempt.extension == other
    Extension.objects.filter(pk=extension.pk).update(schedule=None)
    second = dispatch.call_lead(make_lead().pk)
    assert second
    assert second.extension == extension


def test_a_lead_nobody_answers_for_waits_and_is_not_an_error(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING


@pytest.mark.parametrize(
    ("kind", "number", "sent"),
    [
        ("phone", "972505550150", {"phone": "972505550150"}),
        ("sip", "SIPdana", {"phone": "SIPdana"}),
        ("siptrunk", "trunk", {"phone": "SIPTRUNK"}),
        ("logincode", "4711", {"phone": "logincode", "phonelogincode": "4711"}),
    ],
)
def test_each_kind_of_extension_is_rung_as_the_provider_wants_it(
    make_lead: MakeLead,
    team: Team,
    simulator: SimulatorProcess,
    kind: str,
    number: str,
    sent: dict[str, str],
) -> None:
    Extension.objects.create(kind=kind, number=number, team=team)
    call(make_lead())
    [entry] = simulator.ledger()
    assert {name: entry.get(name) for name in sent} == sent


def test_invalid_parameters_are_tried_once_more_and_then_shown_and_nobody_waits_behind(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    refused, other = make_lead(), make_lead()
    for expected in (LeadStatus.WAITING, LeadStatus.FAILED):
        attempt = dispatch.claims.claim(
            refused.pk, asked(extension.team_id), timezone.now(), timedelta(hours=1)
        )
        assert attempt
        dial._record_refusal(attempt.attempt, 1, "Target is invalid", "", dial.Outcome.INVALID)
        refused.refresh_from_db()
        assert (refused.status, refused.error_message) == (expected, "Target is invalid")
    assert call(other).state == AttemptState.ACCEPTED


def test_an_extension_that_cannot_be_rung_is_paused_and_the_lead_goes_on(
    make_lead: MakeLead, team: Team, simulator: SimulatorProcess
) -> None:
    # Entered past the admin's check: formed like a SIP code, but no number a provider would take.
    wrong = Extension.objects.create(number="0505550150123", team=team)
    lead = make_lead()
    attempt = call(lead)
    assert (attempt.state, attempt.failure_reason) == (AttemptState.REFUSED, "invalid_call")
    assert lead.status == LeadStatus.WAITING
    wrong.refresh_from_db()
    assert wrong.is_paused
    assert wrong.pause_reason
    Extension.objects.create(number="102", team=team)
    assert call(lead).state == AttemptState.ACCEPTED


def test_settings_that_cannot_make_a_call_claim_no_lead(
    make_lead: MakeLead, extension: Extension, settings: SettingsWrapper
) -> None:
    settings.VOICENTER_TARGET_CALLER_ID = "03 555 0100"
    account.client.cache_clear()
    lead = make_lead()
    with pytest.raises(InvalidCall):
        dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    assert not CallAttempt.objects.exists()
    assert "callbacks.E013" in [message.id for message in run_checks()]


def test_an_answer_that_comes_after_it_was_given_up_is_believed(
    make_lead: MakeLead, extension: Extension
) -> None:
    def given_up(lead: Lead) -> CallAttempt:
        claim = dispatch.claims.claim(
            lead.pk, asked(extension.team_id), timezone.now(), timedelta(hours=1)
        )
        assert claim
        CallAttempt.objects.filter(pk=claim.attempt.pk).update(state=AttemptState.UNKNOWN)
        return claim.attempt

    lead = make_lead()
    attempt = given_up(lead)
    dial._record_refusal(attempt, 3, "offline", "", dial.Outcome.OFFLINE)
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    Extension.objects.update(unavailable_until=None)
    attempt = given_up(lead)
    dial._record_acceptance(attempt, Accepted("some-call", 0, "OK"))
    lead.refresh_from_db()
    assert lead.call_id == "some-call"


def dial_late(lead: Lead, extension: Extension) -> CallAttempt:
    """Claims, sleeps, and then tries to dial; returns the attempt as it is afterwards."""
    asleep = dial.SEND_WITHIN + timedelta(seconds=1)
    claim = claims.claim(
        lead.pk, asked(extension.team_id), timezone.now() - asleep, timedelta(hours=2)
    )
    assert claim
    dial.dial_call(account.client(), claim, lead, current_config())
    claim.attempt.refresh_from_db()
    lead.refresh_from_db()
    return claim.attempt


def test_who_was_asleep_between_claim_and_dial_does_not_dial(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(call_after=timezone.now() - timedelta(minutes=1))
    attempt = dial_late(lead, extension)
    assert (attempt.state, attempt.failure_reason) == (AttemptState.NOT_SENT, "too_late")
    assert lead.status == LeadStatus.WAITING
    assert simulator.ledger() == []


@pytest.mark.parametrize("says", ["accepted", "both accepted and refused"])
def test_a_call_id_of_another_call_leaves_the_attempt_unknown(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, says: str
) -> None:
    first = call(make_lead())
    Extension.objects.create(number="102", team=extension.team)
    claim = dispatch.claims.claim(
        make_lead().pk, asked(extension.team_id), timezone.now(), timedelta(hours=1)
    )
    assert claim
    if says == "accepted":
        dial._record_acceptance(claim.attempt, Accepted(first.call_id, 0, "OK"))
    else:
        answer = OutcomeUnknown(says, reason="contradicting", call_id=first.call_id)
        dial._record_unknown(claim.attempt, answer)
    claim.attempt.refresh_from_db()
    assert (claim.attempt.state, claim.attempt.call_id) == (AttemptState.UNKNOWN, "")


def test_a_new_attempt_does_not_show_the_last_ones_error(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "offline"}, faults=[])
    lead = make_lead()
    call(lead)
    assert lead.error_code == 3
    Extension.objects.update(unavailable_until=None)
    dispatch.claims.claim(lead.pk, asked(extension.team_id), timezone.now(), timedelta(hours=1))
    lead.refresh_from_db()
    assert (lead.call_id, lead.error_code, lead.error_message) == ("", None, "")


def open_tomorrow() -> Schedule:
    schedule = Schedule.objects.create(name="Tomorrow", time_zone="UTC")
    OpeningHours.objects.create(
        schedule=schedule,
        weekday=(timezone.now() + timedelta(days=1)).weekday(),
        opens_at=time(9),
        closes_at=time(17),
    )
    return schedule
