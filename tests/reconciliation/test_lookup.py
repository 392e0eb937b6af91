"""How calls without a record ended: the provider is asked, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, CallRecord, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, lookup, records
from callbacks.reconciliation.manual_resolution import open_questions
from callbacks.routing import claim as claims
from callbacks.telephony import account as provider_account
from callbacks.telephony import call_identity
from callbacks.voicenter import CallLogSearch, Cdr
from leads.models import Lead, LeadStatus
from tests.reconciliation.conftest import LONG, TALKED, MakeLead, asked, pass_time, states
from tests.support import asking
from tests.support.simulator import SimulatorProcess
from tests.support.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("account")]


@pytest.mark.parametrize(
    ("kind", "answers", "attempt_state", "lead_status"),
    [
        ("reset_after", {}, *TALKED),
        ("lost_answer", {}, *TALKED),
        ("error_500_after", {}, *TALKED),
        ("html", {"0505550101": "busy"}, AttemptState.LEAD_BUSY, LeadStatus.WAITING),
        ("truncated", {"101": "busy"}, AttemptState.AGENT_UNREACHED, LeadStatus.WAITING),
    ],
)
def test_a_call_whose_answer_was_lost_is_found_in_the_call_log(
    kind: str, answers: dict[str, str], attempt_state: str, lead_status: str,
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess,
) -> None:  # fmt: skip
    simulator.control(answers=answers)
    attempt = lost(kind, "+972505550101")
    [entry] = simulator.ended()
    assert lookup.look_up() == 1
    assert states() == (attempt_state, lead_status)
    attempt.refresh_from_db()
    assert (attempt.call_id, attempt.error_code) == (entry["call_id"], 0)
    assert Lead.objects.get().first_dialed_at
    legs = list(CallRecord.objects.order_by("leg").values_list("type", flat=True))
    assert legs == ["Click2Call leg1", "Click2Call leg2"][: len(legs)]
    # A late post of the same leg is the same record.
    assert not records.receive(Cdr(call_id=attempt.call_id, type=legs[0], leg=1, status="X"))
    assert len(simulator.ledger()) == 1


def test_an_accepted_call_whose_records_were_lost_is_found_in_the_call_log(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    dispatch.call_lead(make_lead().pk)
    simulator.ended()
    assert lookup.look_up() == 0  # its records may yet come
    pass_time(timedelta(seconds=30))
    assert lookup.look_up() == 1
    assert states() == TALKED


def test_several_calls_are_asked_for_at_once(
    lost: Callable[..., CallAttempt], team: Team, simulator: SimulatorProcess
) -> None:
    for number in ("102", "103"):
        Extension.objects.create(number=number, team=team)
    for _ in range(3):
        lost("reset_after")
    simulator.ended(3)
    assert lookup.look_up() == 3
    assert set(Lead.objects.values_list("status", flat=True)) == {LeadStatus.CONNECTED}
    assert (asked(simulator, "calllog"), asked(simulator, "activecalls")) == (1, 1)


def test_records_that_come_while_the_log_is_asked_are_not_applied_again(
    make_lead: MakeLead, team: Team, simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    # Otherwise a late sweep of hundreds of calls would have all their records rejected as repeated.
    Extension.objects.create(number="101", name="Dana", team=team)
    dispatch.call_lead(make_lead().pk)
    simulator.ended()
    pass_time(timedelta(seconds=30))
    asks = provider_account.call_log

    def ask_as_the_records_are_posted(*between: Any) -> Any:
        found = asks(*between)
        for record in found or ():
            if record.leg:
                records.receive(call_identity.as_cdr(record))
        return found

    monkeypatch.setattr(provider_account, "call_log", ask_as_the_records_are_posted)
    assert lookup.look_up() == 1
    assert states() == TALKED
    assert "record repeated" not in caplog.text


def test_several_sweeps_at_once_ask_once(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    lost("reset_after")
    simulator.ended()
    assert sum(at_once(6, lookup.look_up)) == 1
    assert asked(simulator, "calllog") == 1


def test_what_is_nowhere_at_two_looks_was_never_placed_and_goes_on(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    attempt = lost("reset_before")
    lookup.look_up()  # its phones could still ring
    attempt.refresh_from_db()
    assert attempt.missing_since is None
    pass_time(timedelta(minutes=1))
    lookup.look_up()
    attempt.refresh_from_db()
    assert attempt.missing_since
    pass_time(timedelta(minutes=4))
    lookup.look_up()  # its record could still be on its way to the log
    assert states() == (AttemptState.UNKNOWN, LeadStatus.CALLING)
    pass_time(timedelta(minutes=1, seconds=1))
    lookup.look_up()
    assert states() == (AttemptState.NEVER_PLACED, LeadStatus.WAITING)
    Lead.objects.update(call_after=timezone.now())
    assert dispatch.call_lead(attempt.lead_id)
    assert [entry["accepted"] for entry in simulator.ledger()] == [False, True]


def test_it_is_looked_at_as_soon_as_something_can_be_decided(
    lost: Callable[..., CallAttempt], settings: Any
) -> None:
    attempt = lost("reset_before")
    pass_time(timedelta(minutes=1))
    settings.VOICENTER_LOG_DELAY = 7
    lookup.look_up()
    attempt.refresh_from_db()
    assert attempt.missing_since
    assert attempt.next_lookup_at == attempt.missing_since + timedelta(seconds=7)


def test_an_asker_who_dies_delays_it_no_longer_than_a_question_takes(
    lost: Callable[..., CallAttempt],
) -> None:
    lost("reset_before")
    now = timezone.now()
    [taken] = lookup._take(now)  # and dies
    taken.refresh_from_db()
    assert lookup.look_up() == 0
    assert taken.next_lookup_at == now + provider_account.answer_is_lost_after()


def test_there_is_time_for_another_look_before_the_limit(
    lost: Callable[..., CallAttempt], settings: Any, simulator: SimulatorProcess
) -> None:
    attempt = lost("reset_before")
    settings.VOICENTER_LOG_DELAY = 20
    simulator.control(faults=[{"kind": "forbidden", "on": "calllog", "rate": 1}])
    for _ in range(5):
        lookup.look_up()
        pass_time(timedelta(seconds=25))
    lookup.look_up()  # by the number of looks alone, the pauses would be minutes by now
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.UNKNOWN
    assert attempt.next_lookup_at
    assert attempt.next_lookup_at <= timezone.now() + timedelta(seconds=20)


DOUBTS: dict[str, dict[str, Any]] = {
    "the log does not answer": {"faults": [{"kind": "reset_before", "on": "calllog", "rate": 1}]},
    "the log is broken": {"faults": [{"kind": "html", "on": "calllog", "rate": 1}]},
    "the log does not let us in": {"faults": [{"kind": "forbidden", "on": "calllog", "rate": 1}]},
    "the log was asked too often": {"log_per_minute": 0},
    "nobody says who is on": {"faults": [{"kind": "empty", "on": "activecalls", "rate": 1}]},
    "the extension is not in the list": {"extensions": {"101": None}},
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_in_doubt_it_stays_unknown_and_is_asked_for_less_and_less_often(
    doubt: dict[str, Any], lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    attempt = lost("reset_before")
    simulator.control(**doubt)
    pauses = []
    for _ in range(6):
        pass_time(LONG / 6)
        assert lookup.look_up() == 1
        attempt.refresh_from_db()
        assert attempt.next_lookup_at
        pauses.append((attempt.next_lookup_at - timezone.now()).total_seconds())
    assert states() == (AttemptState.UNKNOWN, LeadStatus.CALLING)
    assert pauses[-1] > 200 > 20 > pauses[0]
    assert lookup.look_up() == 0
    assert dispatch.call_lead(attempt.lead_id) is None


def test_once_the_provider_answers_again_it_is_found_out(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    lost("reset_after")
    simulator.ended()
    simulator.control(faults=[{"kind": "forbidden", "on": "calllog", "rate": 1}])
    lookup.look_up()
    assert states() == (AttemptState.UNKNOWN, LeadStatus.CALLING)
    simulator.control(faults=[])
    pass_time(timedelta(minutes=5))
    lookup.look_up()
    assert states() == TALKED


@pytest.mark.parametrize("is_new", [False, True], ids=["", "unless they are new"])
def test_a_log_that_lacks_calls_of_which_there_are_records_is_not_believed(
    make_lead: MakeLead, lost: Callable[..., CallAttempt], team: Team, is_new: bool
) -> None:
    """A record that was just posted may not be in the log yet."""
    Extension.objects.create(number="102", team=team)
    lost("reset_before")
    claim = claims.claim(make_lead().pk, asking.asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    claim.attempt.accept("only-in-our-records", "OK", timezone.now())
    for leg in (1, 2):
        cdr = Cdr(call_id="only-in-our-records", type=f"leg{leg}", leg=leg, status="ANSWER")
        records.receive(cdr)
    if not is_new:
        CallRecord.objects.update(received_at=F("received_at") - timedelta(minutes=10))
    for _ in range(3):
        pass_time(LONG / 3)
        lookup.look_up()
    if is_new:
        assert CallAttempt.objects.earliest("pk").state == AttemptState.NEVER_PLACED
        return
    assert CallAttempt.objects.earliest("pk").state == AttemptState.UNKNOWN
    CallRecord.objects.all().delete()
    pass_time(timedelta(0))
    lookup.look_up()
    assert CallAttempt.objects.earliest("pk").state == AttemptState.NEVER_PLACED


def test_a_call_that_is_still_on_is_kept_and_its_call_id_learnt(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    simulator.control(talk=600)
    attempt = lost("reset_after")
    lookup.look_up()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.call_id) == (
        AttemptState.ACCEPTED,
        simulator.ledger()[0]["call_id"],
    )
    lead = Lead.objects.get()
    assert (lead.status, lead.call_id) == (LeadStatus.CALLING, attempt.call_id)
    assert asked(simulator, "calllog") == 0
    pass_time(LONG)
    lookup.look_up()
    assert CallAttempt.objects.get().missing_since is None
    assert states() == (AttemptState.ACCEPTED, LeadStatus.CALLING)


def test_what_nobody_can_tell_goes_to_a_person_and_frees_the_extension(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess, caplog: Any
) -> None:
    attempt = lost("reset_before")
    simulator.control(faults=[{"kind": "forbidden", "on": "calllog", "rate": 1}])
    for _ in range(holds.LEAST_LOOKS):
        pass_time(timedelta(minutes=1))
        lookup.look_up()
    assert "stay unknown" in caplog.text
    assert holds.free_expired_holds() == 0
    pass_time(timedelta(minutes=14))
    assert holds.free_expired_holds() == 0
    pass_time(timedelta(minutes=1))
    assert holds.free_expired_holds() == 1
    assert states() == (AttemptState.ENDED, LeadStatus.FAILED)
    assert [it.pk for it in open_questions()] == [attempt.pk]
    # The log is asked for some more time, and then no longer.
    simulator.control(faults=[])
    looks = 0
    while CallAttempt.objects.filter(next_lookup_at__isnull=False).exists():
        left = CallAttempt.objects.get().next_lookup_at - timezone.now()
        CallAttempt.objects.update(next_lookup_at=timezone.now(), ended_at=F("ended_at") - left)
        assert lookup.look_up() == 1
        looks += 1
        assert looks < 20
    assert looks >= 5


def test_the_limit_of_the_log_is_kept_without_waiting_for_ones_turn(
    lost: Callable[..., CallAttempt], simulator: SimulatorProcess
) -> None:
    attempt = lost("reset_before")
    now = timezone.now()
    for _ in range(30):
        list(provider_account.client().call_log(CallLogSearch(now - LONG, now)))
    lookup.look_up()
    assert asked(simulator, "calllog") == 30
    attempt.refresh_from_db()
    assert (attempt.state, attempt.lookup_count) == (AttemptState.UNKNOWN, 1)


@pytest.mark.parametrize("longest", [30, 120, 7200])
def test_a_lost_answer_is_kept_until_the_log_can_tell_however_short_calls_are(
    lost: Callable[..., CallAttempt], settings: Any, longest: int
) -> None:
    settings.VOICENTER_MAX_DURATION = longest
    attempt = lost("reset_before")
    attempt.refresh_from_db()
    told_by = provider_account.asked(attempt).settled_by + provider_account.log_tells_within()
    assert attempt.hold_until >= told_by
    for minutes in (1, 1, 2, 2, 2):
        pass_time(timedelta(minutes=minutes))
        holds.free_expired_holds()
        lookup.look_up()
    attempt.refresh_from_db()
    assert states() == (AttemptState.NEVER_PLACED, LeadStatus.WAITING)
