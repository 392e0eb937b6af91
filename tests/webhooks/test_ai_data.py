"""AI data comes with a record or after it. It never makes us lose the record, and can be erased."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import AiData, CallAttempt, CallRecord, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import records
from callbacks.reconciliation.ai_data import forget_ai_data
from callbacks.voicenter import parse_cdr
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.together import all_waiting_for, at_once

MakeLead = Callable[..., Lead]
Post = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db(transaction=True)
OK = {"Err": 0, "Errdesc": "OK"}
RECORDING = "https://recordings.example.com/C-1.mp3"
TALK = {
    "insights": {"summary": "נועה שאלה על משלוח"},
    "transcript": [{"speaker": "Speaker1", "text": "Do you deliver?", "startTime": 2}],
}
LINE = {"speaker": "Speaker0", "text": "שלום " * 20, "startTime": 1}


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    """An accepted call that is live."""
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert attempt.state == AttemptState.ACCEPTED
    return attempt


@pytest.fixture
def post(client: Client, settings: Any) -> Post:
    def post(body: object) -> dict[str, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        address = f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"
        response = client.post(address, raw, content_type="application/json")
        assert response.status_code == 200
        return dict(response.json())

    return post


def leg(number: int, attempt: CallAttempt, **more: object) -> dict[str, object]:
    return {
        "ivruniqueid": attempt.call_id,
        "type": f"Click2Call leg{number}",
        "status": "ANSWER",
        "time": int(timezone.now().timestamp()),
        "duration": 65,
        "dialtime": 5,
        "actualCallDuration": 60,
        "CustomData": {"attempt": str(attempt.public_id)},
        **more,
    }


def with_raw(body: dict[str, object], ai_data: str) -> bytes:
    return f'{json.dumps(body)[:-1]}, "aiData": {ai_data}}}'.encode()


# name: (the text after "aiData":, what is stored or None for no row, what is lost)
SENT: dict[str, tuple[str, Any, str]] = {
    "an analysis": (json.dumps(TALK), TALK, ""),
    "an analysis as text": (json.dumps(json.dumps(TALK)), TALK, ""),
    "400 KB": (json.dumps([LINE] * 500), [LINE] * 500, ""),
    "text": ('"Noa"', "Noa", ""),
    "a list": ("[1]", [1], ""),
    "a number": ("7", 7, ""),
    "true": ("true", True, ""),
    "null": ("null", None, ""),
    "an empty object": ("{}", None, ""),
    "300 levels": ('{"a":' * 300 + "1" + "}" * 300, None, "nested"),
    "a hundred thousand levels": ("[" * 100_000 + "]" * 100_000, None, "nested"),
    "no JSON": ('{"a" 1}', None, "unreadable"),
    "what cannot be stored": (r'"a\u0000b\ud800"', "ab\ufffd", ""),
    "a huge number": ("9" * 5_000, "9" * 5_000, ""),
    "20 MB": (json.dumps("a" * 20_000_000), None, "too_large"),
}


@pytest.mark.parametrize(("sent", "kept", "loss"), SENT.values(), ids=SENT.keys())
def test_whatever_it_is_the_talk_its_price_and_its_recording_are_known(
    attempt: CallAttempt, post: Post, sent: str, kept: object, loss: str
) -> None:
    assert post(leg(1, attempt)) == OK
    assert post(with_raw(leg(2, attempt, price=24, record=RECORDING), sent)) == OK
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert (attempt.state, lead.status) == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    assert (attempt.talk_time, attempt.price, attempt.recording_url) == (60, 24, RECORDING)
    stored = list(AiData.objects.values_list("record__leg", "data", "loss"))
    assert stored == ([(2, kept, loss)] if kept is not None or loss else [])
    assert "aidata" not in str(CallRecord.objects.values_list("payload", flat=True)).lower()


def test_of_four_megabytes_the_end_is_cut(attempt: CallAttempt, post: Post) -> None:
    sent = json.dumps(TALK | {"transcript": [LINE] * 20_000}, ensure_ascii=False)
    assert post(with_raw(leg(2, attempt), sent)) == OK
    stored = AiData.objects.get()
    assert stored.loss == "cut"
    assert stored.data["insights"] == TALK["insights"]
    assert 5_000 < len(stored.data["transcript"]) < 20_000


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_it_may_be_larger_than_any_other_body(
    attempt: CallAttempt, gunicorn: str, settings: Any, chunked: bool
) -> None:
    body = with_raw(leg(2, attempt), json.dumps(TALK | {"x": "y" * 5_000_000}))
    assert len(body) > settings.LARGEST_BODY

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    address = f"{gunicorn}/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"
    answer = httpx.post(
        address, content=pieces() if chunked else body, timeout=60,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.json() == OK
    assert AiData.objects.get().loss == "cut"


# --- what comes later, with the record repeated --------------------------------------------------

# name: (what the first record has, what the repeated one has, what is known afterwards)
REPEATED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "AI data": ({}, {"aiData": TALK}, {"ai": TALK}),
    "a price": ({}, {"price": 24}, {"price": 24}),
    "a price of nothing": ({}, {"price": 0}, {"price": 0}),
    "a recording": ({}, {"record": RECORDING}, {"recording": RECORDING}),
    "all of it": (
        {"price": "", "record": "", "aiData": None},
        {"price": "24", "record": RECORDING, "aiData": TALK},
        {"ai": TALK, "price": 24, "recording": RECORDING},
    ),
    "another price": ({"price": 10}, {"price": 24}, {"price": 10}),
    "a price where it cost nothing": ({"price": 0}, {"price": 24}, {"price": 0}),
    "another recording": (
        {"record": RECORDING},
        {"record": f"{RECORDING}?other"},
        {"recording": RECORDING},
    ),
    "other AI data": ({"aiData": TALK}, {"aiData": {"insights": {}}}, {"ai": TALK}),
    "AI data that could not be kept before": (
        {"aiData": json.loads('{"a":' * 100 + "1" + "}" * 100)},
        {"aiData": TALK},
        {"ai": TALK},
    ),
    "nothing any more": (
        {"price": 24, "record": RECORDING, "aiData": TALK},
        {},
        {"ai": TALK, "price": 24, "recording": RECORDING},
    ),
    "no address": ({}, {"record": "javascript:alert(1)", "price": "free"}, {}),
    "another outcome": ({}, {"status": "BUSY", "actualCallDuration": 0, "dialtime": 50}, {}),
}


@pytest.mark.parametrize(("first", "again", "known"), REPEATED.values(), ids=REPEATED.keys())
def test_a_repeated_record_fills_in_what_was_missing_and_changes_nothing_else(
    attempt: CallAttempt, post: Post, first: dict[str, Any], again: dict[str, Any],
    known: dict[str, Any],
) -> None:  # fmt: skip
    post(leg(1, attempt, price=0) if "price" in known else leg(1, attempt))
    post(leg(2, attempt, **first))
    before = facts()
    for _ in range(2):
        assert post(leg(2, attempt, **again)) == OK
    after = facts()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"price", "recording"}
    attempt.refresh_from_db()
    record = CallRecord.objects.get(leg=2)
    assert (record.price, record.recording_url) == (known.get("price"), known.get("recording", ""))
    assert (attempt.price, attempt.recording_url) == (record.price, record.recording_url)
    assert list(AiData.objects.values_list("data", flat=True)) == (
        [known["ai"]] if "ai" in known else []
    )


ORDERS = {
    "leg 1 first": [(1, True), (2, True)],
    "leg 2 first": [(2, True), (1, True)],
    "leg 1 filled in": [(1, False), (2, True), (1, True)],
    "leg 2 filled in": [(2, False), (1, True), (2, True)],
    "both filled in": [(1, False), (2, False), (2, True), (1, True)],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_of_two_recordings_the_call_has_the_same_in_whichever_order_they_come(
    attempt: CallAttempt, post: Post, order: list[tuple[int, bool]]
) -> None:
    for number, recorded in order:
        told = {"record": f"{RECORDING}?leg={number}"} if recorded else {}
        assert post(leg(number, attempt, **told)) == OK
    attempt.refresh_from_db()
    assert attempt.recording_url == f"{RECORDING}?leg=2"


# The record of the lead's leg, first and repeated; how the call has ended after both.
SAYS_MORE: dict[str, tuple[dict[str, Any], dict[str, Any], AttemptState, LeadStatus]] = {
    "AI data alone, then the record": (
        {"status": "", "aiData": TALK}, {}, AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "AI data alone, then that nobody answered": (
        {"status": "", "aiData": TALK}, {"status": "NOANSWER", "actualCallDuration": 0},
        AttemptState.LEAD_NO_ANSWER, LeadStatus.UNREACHED,
    ),
    "a word of queues, then that they talked": (
        {"status": "FULL"}, {}, AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "nobody answered, then that they talked": (
        {"status": "NOANSWER"}, {}, AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "busy, then that nobody answered": (
        {"status": "BUSY"}, {"status": "NOANSWER", "actualCallDuration": 0},
        AttemptState.LEAD_BUSY, LeadStatus.WAITING,
    ),
    "they talked, then a word of queues": (
        {"actualCallDuration": 60}, {"status": "FULL", "actualCallDuration": ""},
        AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("first", "again", "state", "status"), SAYS_MORE.values(), ids=SAYS_MORE.keys()
)
def test_a_repeated_record_tells_what_the_stored_one_did_not(
    attempt: CallAttempt, post: Post, first: dict[str, Any], again: dict[str, Any],
    state: AttemptState, status: LeadStatus,
) -> None:  # fmt: skip
    post(leg(1, attempt))
    nothing = {"duration": "", "dialtime": "", "actualCallDuration": ""}
    post(leg(2, attempt, **nothing | first))
    post(leg(2, attempt, **again))
    attempt.refresh_from_db()
    assert (attempt.state, Lead.objects.get().status) == (state, status)
    if state == AttemptState.BRIDGED:
        assert attempt.talk_time == 60
    assert CallRecord.objects.filter(leg=2).count() == 1
    assert AiData.objects.count() == int("aiData" in first)


def facts() -> dict[str, Any]:
    """Everything stored about the call, its lead and its extension."""
    call = CallAttempt.objects.values().get()
    return {
        "price": call.pop("price"),
        "recording": call.pop("recording_url"),
        "call": call,
        "lead": Lead.objects.values().get(),
        "extension": Extension.objects.values().get(),
        "records": list(
            CallRecord.objects.order_by("pk").values_list("status", "talk_time", "dial_time")
        ),
    }


def test_a_price_that_comes_later_is_added_to_the_other_legs(
    attempt: CallAttempt, post: Post
) -> None:
    post(leg(1, attempt, price=7))
    post(leg(2, attempt))
    post(leg(2, attempt, price=24))
    attempt.refresh_from_db()
    assert attempt.price == 31


def test_a_call_that_is_over_for_long_is_filled_in_and_rings_nobody(
    attempt: CallAttempt, post: Post
) -> None:
    post(leg(1, attempt, status="NOANSWER", actualCallDuration=0))
    before = facts()
    post(leg(1, attempt, status="NOANSWER", actualCallDuration=0, price=3, aiData=TALK))
    after = facts()
    assert {name for name in before if before[name] != after[name]} == {"price"}
    assert CallAttempt.objects.count() == 1


def test_another_kind_of_record_of_the_call_gives_it_no_price(
    attempt: CallAttempt, post: Post
) -> None:
    for more in ({}, {"price": 900, "record": RECORDING}):
        post(leg(1, attempt, **more) | {"type": "XferCDR"})
    attempt.refresh_from_db()
    assert (attempt.price, attempt.recording_url) == (None, "")
    assert CallRecord.objects.get().price == 900


def test_a_record_of_a_call_that_is_not_known_yet_keeps_it_for_its_attempt(
    attempt: CallAttempt, post: Post
) -> None:
    CallAttempt.objects.update(call_id="", state=AttemptState.UNKNOWN)
    body = leg(2, attempt) | {"ivruniqueid": "C-9", "CustomData": {}}
    post(body)
    post(body | {"aiData": TALK, "price": 5})
    CallAttempt.objects.update(call_id="C-9")
    assert records.adopt_records() == 1
    attempt.refresh_from_db()
    assert (attempt.state, attempt.price) == (AttemptState.BRIDGED, 5)
    assert AiData.objects.get(record__attempt=attempt).data == TALK


def test_of_many_at_once_each_is_taken_and_what_they_add_is_there_once(
    attempt: CallAttempt, settings: Any
) -> None:
    address = f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"

    def send(**more: object) -> Callable[[], dict[str, Any]]:
        body = json.dumps(leg(2, attempt, **more))
        return lambda: dict(Client().post(address, body, "application/json").json())

    sent = [send(), send(price=24), send(record=RECORDING), send(aiData=TALK)]
    assert at_once(3, *sent) == [OK] * 12
    attempt.refresh_from_db()
    assert (attempt.state, attempt.price) == (AttemptState.BRIDGED, 24)
    assert attempt.recording_url == RECORDING
    assert (CallRecord.objects.count(), AiData.objects.get().data) == (1, TALK)


# --- erasure -------------------------------------------------------------------------------------


def test_it_is_erased_wherever_it_stands_and_none_comes_back(
    attempt: CallAttempt, post: Post, make_lead: MakeLead
) -> None:
    post(leg(1, attempt, aiData="said by Noa"))
    post(leg(2, attempt, aiData=TALK, price=24, record=RECORDING))
    post(leg(1, attempt, aiData=TALK) | {"type": "XferCDR"})
    # As an older release stored it, and before the attempt was known.
    CallRecord.objects.filter(leg=1).update(payload={"AIData": TALK, "status": "ANSWER"})
    orphan = CallRecord.objects.create(
        call_id=attempt.call_id, type="Queue", payload={"aiData": "Noa", "type": "Queue"}
    )
    AiData.objects.create(record=orphan, data="Noa")
    other = CallRecord.objects.create(call_id="C-2", type="Queue", payload={"aiData": "Avi"})
    AiData.objects.create(record=other, data="Avi")
    before = facts()

    assert forget_ai_data(attempt.lead_id) == 4
    assert list(AiData.objects.values_list("data", flat=True)) == ["Avi"]
    payloads = {it.pk: it.payload for it in CallRecord.objects.all()}
    assert payloads.pop(other.pk) == {"aiData": "Avi"}
    assert payloads[orphan.pk] == {"type": "Queue"}
    told = json.dumps(list(payloads.values()), ensure_ascii=False)
    assert "aidata" not in told.lower()
    assert "Noa" not in told
    after = facts()
    assert after["call"].pop("ai_data_erased_at")
    assert before["call"].pop("ai_data_erased_at") is None
    assert after == before

    post(leg(2, attempt, aiData=TALK))
    post(leg(2, attempt, aiData=TALK) | {"type": "Click2Call leg3"})
    assert list(AiData.objects.values_list("data", flat=True)) == ["Avi"]
    assert forget_ai_data(attempt.lead_id) == 0


def test_an_erasure_waits_for_what_is_being_stored_and_what_comes_then_is_not_kept(
    attempt: CallAttempt, post: Post
) -> None:
    """All of them wait for the attempt's row: nothing is left, in whichever order they run."""
    post(leg(2, attempt))
    cdr = parse_cdr(json.dumps(leg(2, attempt, aiData=TALK)).encode(), "application/json")
    acts = iter([partial(forget_ai_data, attempt.lead_id), *[partial(records.receive, cdr)] * 5])

    def act() -> object:
        return next(acts)()

    all_waiting_for(attempt, 6, act)
    assert not AiData.objects.exists()
