"""What a manager does by hand, against the simulator."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from callbacks.calling import conference, dial, dispatch, hanging_up, manual, manual_requests
from callbacks.calling.apply_outcome import apply
from callbacks.common import task_publisher
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing import claim as claims
from callbacks.telephony import account
from leads.models import Lead, LeadSource, LeadStatus
from tests.support import together
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess, eventually

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def run_queue() -> None:
    """Does what a worker would do with the queue."""
    for task, key in queued(empty=True):
        {task_publisher.CALL_LEAD: dispatch.call_lead, task_publisher.DIAL: dial.dial_committed}[
            task
        ](key)


@pytest.fixture
def other(extension: Extension) -> Extension:
    return Extension.objects.create(number="102", team=extension.team, is_paused=True)


def test_the_chosen_extension_rings_although_it_is_paused(
    make_lead: MakeLead, other: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    queued(empty=True)
    assert "102" in manual.call_with(lead.pk, other.pk, None)
    assert simulator.ledger() == []
    run_queue()
    [entry] = simulator.ledger()
    assert entry["phone"] == "102"
    lead.refresh_from_db()
    assert (lead.status, lead.call_id) == (LeadStatus.CALLING, entry["call_id"])


def test_a_chosen_call_that_is_sent_twice_is_dialled_once(
    make_lead: MakeLead, other: Extension, simulator: SimulatorProcess
) -> None:
    manual.call_with(make_lead().pk, other.pk, None)
    attempt = CallAttempt.objects.get()
    dial.dial_committed(attempt.pk)
    dial.dial_committed(attempt.pk)
    run_queue()
    assert len(simulator.ledger()) == 1


def test_a_chosen_call_whose_wake_up_was_lost_is_sent_by_the_sweep(
    make_lead: MakeLead,
    other: Extension,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine may take seconds for this.
    monkeypatch.setattr(dial, "_WAKE_UP_IS_LOST_AFTER", timedelta(minutes=5))
    manual.call_with(make_lead().pk, other.pk, None)
    queued(empty=True)
    assert dial.wake_unsent() == 0
    CallAttempt.objects.update(claimed_at=timezone.now() - dial._WAKE_UP_IS_LOST_AFTER * 2)
    assert dial.wake_unsent() == 1
    run_queue()
    assert len(simulator.ledger()) == 1
    assert dial.wake_unsent() == 0


def test_a_chosen_call_that_is_sent_late_keeps_its_extension_for_as_long_as_it_may_last(
    make_lead: MakeLead, other: Extension, simulator: SimulatorProcess
) -> None:
    manual.call_with(make_lead().pk, other.pk, None)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    CallAttempt.objects.update(claimed_at=an_hour_ago)
    run_queue()
    attempt = CallAttempt.objects.get()
    assert attempt.sent_at
    assert attempt.hold_until == attempt.sent_at + account.hold()


@pytest.mark.parametrize("state", [{"is_blocked": True}, {"is_active": False}], ids=str)
def test_an_extension_that_cannot_be_rung_is_not_chosen_and_the_lead_stays_as_it_was(
    make_lead: MakeLead, other: Extension, state: dict[str, object]
) -> None:
    closed_at = timezone.now()
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=closed_at)
    Extension.objects.filter(pk=other.pk).update(**state)
    with pytest.raises(manual_requests.CannotCall, match="Nothing was changed"):
        manual.call_with(lead.pk, other.pk, None)
    lead.refresh_from_db()
    assert (lead.status, lead.closed_at) == (LeadStatus.UNREACHED, closed_at)


def test_hanging_up_ends_the_call_and_its_records_settle_it(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(talk=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    hanging_up.hang_up(attempt.pk, None)
    eventually(lambda: simulator.ledger()[0]["leg1"]["ended_at"])


def test_a_call_that_is_over_is_not_hung_up_since_another_may_be_on_that_extension(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    attempt.finish(AttemptState.ENDED, timezone.now())
    with pytest.raises(manual_requests.CannotCall, match="has ended"):
        hanging_up.hang_up(attempt.pk, None)
    assert all(entry["action"] != "terminate" for entry in simulator.ledger())


def test_a_message_is_played_to_the_lead_as_an_attempt_of_its_own(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    queued(empty=True)
    manual.play(lead.pk, "we-tried", None)
    run_queue()
    [entry] = simulator.ledger()
    assert (entry["action"], entry["pre_rec"]) == ("message", "we-tried")
    assert entry["phone"] == lead.phone.lstrip("+")
    attempt = CallAttempt.objects.get()
    assert (attempt.kind, attempt.state, attempt.record_name) == ("message", "accepted", "we-tried")
    lead.refresh_from_db()
    assert (lead.status, lead.attempts, lead.call_id) == (LeadStatus.UNREACHED, 0, "")


def test_no_message_is_played_into_a_call(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    with pytest.raises(manual_requests.CannotCall, match="on a call"):
        manual.play(lead.pk, "we-tried", None)


def test_no_call_is_made_while_a_message_is_played(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    manual.play(lead.pk, "hello", None)
    assert dispatch.call_lead(lead.pk) is None


def test_a_number_that_may_not_be_called_gets_no_message_either(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    manual.play(lead.pk, "hello", None)
    LeadSource.objects.update(allowed_countries=["GB"], default_country="GB")
    with pytest.raises(manual_requests.CannotCall):
        manual.play(make_lead().pk, "hello", None)
    run_queue()
    assert simulator.ledger() == []
    assert CallAttempt.objects.get().state == AttemptState.REFUSED


def test_an_extension_is_called_into_the_conference_room_and_not_rung_meanwhile(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    conference.call_into_room(extension.pk, "1234", None)
    [entry] = simulator.ledger()
    assert (entry["action"], entry["phone"], entry["bbbcode"]) == ("callference", "101", "1234")
    assert dispatch.call_lead(make_lead().pk) is None


def test_what_the_provider_refuses_is_said_in_its_words(
    extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "blocked"})
    with pytest.raises(manual_requests.CannotCall, match="The provider refused"):
        conference.call_into_room(extension.pk, "1234", None)
    extension.refresh_from_db()
    assert extension.unavailable_until is None


def test_another_call_on_the_extension_is_not_hung_up_in_place_of_ours(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    simulator.ended(1)
    simulator.control(talk=600)
    simulator.call(phone="101", target="972505550190")
    eventually(lambda: (simulator.ledger()[1]["leg2"] or {}).get("answered_at"))
    with pytest.raises(manual_requests.CannotCall, match="another call"):
        hanging_up.hang_up(attempt.pk, None)
    assert simulator.ledger()[1]["leg1"]["ended_at"] is None


def test_a_call_whose_answer_was_lost_is_hung_up_when_the_provider_shows_it(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(talk=600, faults=[{"kind": "reset_after"}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert (attempt.state, attempt.call_id) == ("unknown", "")
    eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    hanging_up.hang_up(attempt.pk, None)
    assert eventually(lambda: simulator.ledger()[0]["leg1"]["ended_at"])


@pytest.mark.parametrize("on_another", [True, False])
def test_a_call_that_nobody_knows_of_is_not_hung_up_whatever_the_extension_is_on(
    on_another: bool, make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(talk=600, faults=[{"kind": "reset_before"}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert (attempt.state, attempt.call_id) == ("unknown", "")
    if on_another:
        simulator.call(phone="101", target="972505550190")
        eventually(lambda: (simulator.ledger()[1]["leg2"] or {}).get("answered_at"))
    with pytest.raises(manual_requests.CannotCall, match="Nothing was hung up"):
        hanging_up.hang_up(attempt.pk, None)
    assert all(entry["action"] != "terminate" for entry in simulator.ledger())


def test_a_call_that_rings_by_a_login_code_cannot_be_hung_up_by_number(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    Extension.objects.update(kind=Extension.Kind.LOGIN_CODE)
    with pytest.raises(manual_requests.CannotCall, match="can be hung up"):
        hanging_up.hang_up(attempt.pk, None)


def test_a_message_without_a_name_is_not_played(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    with pytest.raises(manual_requests.CannotCall, match="Enter the recording's name"):
        manual.play(make_lead().pk, "", None)
    assert not CallAttempt.objects.exists()


def test_an_extension_on_a_call_is_not_called_into_the_conference_room(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)
    dispatch.call_lead(make_lead().pk)
    with pytest.raises(manual_requests.CannotCall, match="on a call"):
        conference.call_into_room(extension.pk, "1234", None)
    extension.refresh_from_db()
    assert extension.unavailable_until is None


def test_a_lost_answer_keeps_the_extension_as_if_it_were_in_the_conference_room(
    extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "reset_after", "count": 1}])
    with pytest.raises(manual_requests.MayBeDone, match="may have been done"):
        conference.call_into_room(extension.pk, "1234", None)
    extension.refresh_from_db()
    assert extension.unavailable_reason == "in the conference room"


# --- what happens meanwhile -----------------------------------------------------------------------


def test_a_call_that_ends_as_it_is_hung_up_is_not_the_next_one(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    """The call is seen to be on; then it ends, and the extension calls the next lead."""
    simulator.control(talk=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    following, now = make_lead(), timezone.now()

    def hang_up() -> str:
        with pytest.raises(manual_requests.CannotCall) as refused:
            hanging_up.hang_up(attempt.pk, None)
        return str(refused.value)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            # In the order in which a record takes them: the attempt, then its extension.
            CallAttempt.objects.select_for_update().get(pk=attempt.pk)
            Extension.objects.select_for_update().get(pk=extension.pk)
            said = pool.submit(together.alone, hang_up)
            eventually(together.waiting_for_locks)
            attempt.finish(AttemptState.LEAD_NO_ANSWER, now)
            assert claims.claim_chosen(following.pk, extension.pk, now, timedelta(hours=1))
        assert said.result() == "That call has ended."
    assert all(entry["action"] != "terminate" for entry in simulator.ledger())


@pytest.mark.parametrize("on_the_other_phone", [False, True])
def test_a_claim_that_is_being_made_keeps_its_extension_from_the_conference(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, on_the_other_phone: bool
) -> None:
    dana = User.objects.create_user("dana")
    Extension.objects.update(user=dana)
    other = Extension.objects.create(number="102", team=extension.team, user=dana)
    rung = other if on_the_other_phone else extension
    lead, now = make_lead(), timezone.now()

    def call_into_room() -> str:
        with pytest.raises(manual_requests.CannotCall) as refused:
            conference.call_into_room(extension.pk, "1234", None)
        return str(refused.value)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert claims.claim_chosen(lead.pk, rung.pk, now, timedelta(hours=1))
            Extension.objects.select_for_update().get(pk=extension.pk)
            said = pool.submit(together.alone, call_into_room)
            eventually(together.waiting_for_locks)
        assert "on a call" in said.result()
    extension.refresh_from_db()
    assert extension.unavailable_until is None


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.OFFLINE, "refused"), (Outcome.AGENT_NO_ANSWER, "agent_no_answer")],
)
@pytest.mark.parametrize("minutes", [60, None, 0.1])
def test_the_longer_reason_not_to_be_rung_holds(
    make_lead: MakeLead, extension: Extension, outcome: Outcome, state: str, minutes: float | None
) -> None:
    """For example, a manager calls by hand with the extension during its hour in the conference."""
    now = timezone.now()
    until = now + timedelta(minutes=minutes) if minutes else None
    Extension.objects.update(
        unavailable_until=until, unavailable_reason="in the conference room" if until else ""
    )
    lead = make_lead(status="calling")
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number="101", phone=lead.phone, state=state,
        outcome=outcome.value, claimed_at=now, ended_at=now, hold_until=now,
    )  # fmt: skip
    apply(attempt, now)
    extension.refresh_from_db()
    keeps = minutes == 60
    assert (extension.unavailable_reason == "in the conference room") is keeps
    assert extension.unavailable_until
    assert (extension.unavailable_until == until) is keeps
