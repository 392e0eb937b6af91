"""The provider's records, posted to the webhook: in any order, repeated, forged, broken."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.extensions.pauses import end_pauses
from callbacks.models import CallAttempt, CallRecord, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, records
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    """An accepted call that stays live at the provider for a long time."""
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert attempt.state == AttemptState.ACCEPTED
    return attempt


@pytest.fixture
def post(client: Client, settings: Any) -> Callable[..., dict[str, Any]]:
    def post(body: object, expect: int = 200) -> dict[str, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = client.post(
            f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/", raw, content_type="application/json"
        )
        assert response.status_code == expect
        return dict(response.json())

    return post


def leg(number: int, status: str, attempt: CallAttempt, **more: object) -> dict[str, object]:
    started = int(timezone.now().timestamp())
    return {
        "ivruniqueid": attempt.call_id,
        "type": f"Click2Call leg{number}",
        "status": status,
        "time": started,
        "duration": 0,
        "dialtime": 0,
        "CustomData": {"attempt": str(attempt.public_id)},
        **more,
    }


OK = {"Err": 0, "Errdesc": "OK"}


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2])), ids=str)
def test_an_answered_second_leg_connects_in_either_order(
    attempt: CallAttempt, post: Callable[..., Any], order: tuple[int, int]
) -> None:
    for number in order:
        assert post(leg(number, "ANSWER", attempt)) == OK
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert (attempt.state, lead.status) == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    assert lead.connected_at == attempt.connected_at
    assert lead.closed_at


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2])), ids=str)
@pytest.mark.parametrize("status", ["NOANSWER", "CANCEL", "VOICEMAIL", "SOMETHINGNEW"])
def test_a_second_leg_that_is_not_answered_is_tried_again_later(
    attempt: CallAttempt, post: Callable[..., Any], status: str, order: tuple[int, int]
) -> None:
    statuses = {1: "ANSWER", 2: status}
    for number in order:
        post(leg(number, statuses[number], attempt))
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert (attempt.state, lead.status) == (AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING)
    assert lead.call_after > timezone.now() + timedelta(seconds=100)


def test_a_salesperson_who_does_not_answer_is_out_for_a_while_and_the_lead_goes_on(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    post(leg(1, "NOANSWER", attempt))
    attempt.refresh_from_db()
    lead, extension = Lead.objects.get(), Extension.objects.get()
    assert (attempt.state, lead.status) == (AttemptState.AGENT_NO_ANSWER, LeadStatus.WAITING)
    assert lead.call_after <= timezone.now()
    assert extension.missed_in_a_row == 1
    assert extension.unavailable_until
    assert extension.unavailable_until > timezone.now()


def test_the_third_missed_call_in_a_row_pauses_the_extension(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    # An earlier pause is over, and no sweep has ended it yet.
    Extension.objects.update(
        missed_in_a_row=2, is_paused=True, pause_reason="lunch",
        paused_until=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    post(leg(1, "NOANSWER", attempt))
    extension = Extension.objects.get()
    assert extension.is_paused
    assert extension.pause_reason == "missed 3 calls in a row"


def test_the_pause_after_missed_calls_ends_by_itself_and_one_more_begins_the_next(
    attempt: CallAttempt, post: Callable[..., Any], settings: Any
) -> None:
    settings.MISSED_PAUSE = 600
    Extension.objects.update(missed_in_a_row=2)
    post(leg(1, "NOANSWER", attempt))
    extension = Extension.objects.get()
    ends = extension.paused_until
    assert ends
    assert timedelta(seconds=590) < ends - timezone.now() <= timedelta(seconds=600)
    assert end_pauses(ends) == 1
    again = dispatch.call_lead(attempt.lead_id)
    assert again is None  # out for a minute
    Extension.objects.update(unavailable_until=None)
    again = dispatch.call_lead(attempt.lead_id)
    assert again
    post(leg(1, "NOANSWER", again))
    assert Extension.objects.get().is_paused


def test_a_pause_of_somebodys_own_is_not_made_longer_by_a_missed_call(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    until = timezone.now() + timedelta(minutes=30)
    Extension.objects.update(
        missed_in_a_row=2, is_paused=True, pause_reason="lunch", paused_until=until
    )
    post(leg(1, "NOANSWER", attempt))
    extension = Extension.objects.get()
    assert (extension.pause_reason, extension.paused_until) == ("lunch", until)


def test_a_talk_starts_the_count_of_missed_calls_again(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    Extension.objects.update(missed_in_a_row=2)
    post(leg(2, "ANSWER", attempt))
    assert Extension.objects.get().missed_in_a_row == 0


def test_a_repeated_record_changes_nothing(attempt: CallAttempt, post: Callable[..., Any]) -> None:
    post(leg(1, "NOANSWER", attempt))
    for _ in range(3):
        assert post(leg(1, "NOANSWER", attempt)) == OK
    assert CallRecord.objects.count() == 1
    assert Extension.objects.get().missed_in_a_row == 1


def test_a_late_record_does_not_undo_what_is_decided(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    post(leg(2, "ANSWER", attempt))
    post(leg(1, "NOANSWER", attempt))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.BRIDGED
    assert Lead.objects.get().status == LeadStatus.CONNECTED


def test_the_call_is_connected_when_the_leads_phone_was_answered(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    dialed_at = timezone.now() - timedelta(minutes=10)
    CallAttempt.objects.update(claimed_at=dialed_at, answered_at=dialed_at)
    started = timezone.now().replace(microsecond=0) - timedelta(minutes=9)
    record = leg(2, "ANSWER", attempt, time=int(started.timestamp()), dialtime=7, duration=300)
    post(record)
    assert Lead.objects.get().connected_at == started + timedelta(seconds=7)


def test_a_call_is_not_connected_before_it_was_accepted(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    # Records count in whole seconds: the current second may look earlier than the acceptance.
    assert attempt.answered_at
    second = int(attempt.answered_at.timestamp())
    post(leg(2, "ANSWER", attempt, time=second))
    assert Lead.objects.get().connected_at == attempt.answered_at


def test_a_record_in_another_time_zone_does_not_move_the_connection_by_hours(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    before = timezone.now()
    shifted = int((before + timedelta(hours=2)).timestamp())
    post(leg(2, "ANSWER", attempt, time=shifted))
    connected_at = Lead.objects.get().connected_at
    assert connected_at
    assert attempt.claimed_at <= connected_at <= timezone.now()


def test_a_record_that_comes_before_the_calls_answer_is_believed(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    call_id = attempt.call_id
    CallAttempt.objects.update(state=AttemptState.DIALING, call_id="", error_code=None)
    post({**leg(2, "ANSWER", attempt), "ivruniqueid": call_id})
    attempt.refresh_from_db()
    assert (attempt.state, attempt.call_id) == (AttemptState.BRIDGED, call_id)
    assert not attempt.accept(call_id, "OK", timezone.now())
    lead = Lead.objects.get()
    assert (lead.status, lead.call_id) == (LeadStatus.CONNECTED, call_id)


def test_a_record_resolves_an_attempt_whose_answer_was_lost(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    call_id = attempt.call_id
    CallAttempt.objects.update(state=AttemptState.UNKNOWN, call_id="", error_code=None)
    post({**leg(1, "ANSWER", attempt), "ivruniqueid": call_id})
    attempt.refresh_from_db()
    assert (attempt.state, attempt.call_id) == (AttemptState.ACCEPTED, call_id)
    assert Lead.objects.get().call_id == call_id


def test_a_record_without_our_variables_finds_its_attempt_once_the_call_id_is_known(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    call_id = attempt.call_id
    CallAttempt.objects.update(state=AttemptState.DIALING, call_id="", error_code=None)
    post({**leg(2, "ANSWER", attempt), "ivruniqueid": call_id, "CustomData": {}})
    assert Lead.objects.get().status == LeadStatus.CALLING
    attempt.state = AttemptState.DIALING
    assert attempt.accept(call_id, "OK", timezone.now())
    assert records.adopt_records() == 1
    assert Lead.objects.get().status == LeadStatus.CONNECTED
    assert records.adopt_records() == 0


def test_a_record_of_somebody_elses_call_is_kept_and_touches_nothing(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    post({"ivruniqueid": "another-call", "type": "Incoming Call", "status": "ANSWER"})
    record = CallRecord.objects.get()
    assert record.attempt is None
    assert record.payload["type"] == "Incoming Call"
    assert Lead.objects.get().status == LeadStatus.CALLING


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"type": "Click2Call leg1"}', b"[" * 50_000],
    ids=["empty", "cut", "list", "null", "not utf-8", "no call id", "deep"],
)
def test_what_cannot_be_read_gets_the_documented_error_and_changes_nothing(
    attempt: CallAttempt, post: Callable[..., Any], body: bytes
) -> None:
    assert post(body)["Err"] == 1
    assert not CallRecord.objects.exists()


def test_a_huge_post_is_refused(post: Callable[..., Any], db: None) -> None:
    assert post(b" " * 10_000_000)["Err"] == 1


def test_a_wrong_secret_is_an_address_that_does_not_exist(client: Client, settings: Any) -> None:
    body = json.dumps({"ivruniqueid": "x", "type": "y", "status": "ANSWER"})
    for secret in ("wrong", settings.CDR_SECRET[:-1], "é"):
        response = client.post(
            f"/webhooks/voicenter/{secret}/cdr/", body, content_type="application/json"
        )
        assert response.status_code == 404
    settings.CDR_SECRET = ""
    response = client.post("/webhooks/voicenter/x/cdr/", body, content_type="application/json")
    assert response.status_code == 404
    assert not CallRecord.objects.exists()


def test_only_posts_are_taken(client: Client, settings: Any) -> None:
    assert client.get(f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/").status_code == 405


def test_a_salesperson_whose_leg_is_over_is_not_held_for_hours_by_a_record_that_was_lost(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    post(leg(1, "ANSWER", attempt, duration=300))
    attempt.refresh_from_db()
    assert attempt.is_live
    assert attempt.hold_until <= timezone.now() + timedelta(seconds=60)
    CallAttempt.objects.update(hold_until=timezone.now())
    assert holds.free_expired_holds() == 1
    assert Lead.objects.get().status == LeadStatus.CALLED


def test_the_longest_words_a_record_can_hold_are_stored(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    address = "https://recordings.example.com/" + "a" * 1900
    assert post(leg(2, "ANSWER", attempt, record=address)) == OK
    assert post(leg(1, "X" * 64, attempt)) == OK
    assert CallRecord.objects.get(leg=2).recording_url == address


def test_an_answer_that_contradicted_itself_is_settled_by_the_record(
    attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    CallAttempt.objects.update(state=AttemptState.UNKNOWN, error_code=None)
    Lead.objects.update(first_dialed_at=None)
    post(leg(2, "ANSWER", attempt))
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert (attempt.state, attempt.error_code) == (AttemptState.BRIDGED, 0)
    assert lead.first_dialed_at


def test_behind_https_and_without_its_last_slash_a_record_is_taken_and_not_redirected(
    client: Client, settings: Any, db: None
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for slash in ("/", ""):
        response = client.post(
            f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr{slash}",
            json.dumps({"ivruniqueid": "another", "type": "Incoming Call", "status": "ANSWER"}),
            content_type="application/json",
        )
        assert response.json() == OK


OTHER_TYPES = ["Incoming Call", "Queue", "Extension Outgoing", "XferCDR", "VoiceMail", "New Type"]


@pytest.mark.parametrize("kind", OTHER_TYPES)
@pytest.mark.parametrize("comes", ["first", "last"])
def test_a_record_of_another_type_changes_no_fact_of_the_call(
    comes: str, kind: str, attempt: CallAttempt, post: Callable[..., Any]
) -> None:
    others = {"price": 900, "record": "https://recordings.example.com/other", "duration": 500}
    other = {**leg(1, "ANSWER", attempt), **others, "type": kind}
    own = {"price": 20, "record": "https://recordings.example.com/own"}
    posts = [leg(1, "ANSWER", attempt), leg(2, "ANSWER", attempt, duration=60, **own)]
    for body in [other, *posts] if comes == "first" else [*posts, other]:
        assert post(body) == OK
    attempt.refresh_from_db()
    assert (attempt.state, attempt.price) == (AttemptState.BRIDGED, 20)
    assert (attempt.recording_url, attempt.talk_time) == (own["record"], 60)
    assert CallRecord.objects.count() == 3
