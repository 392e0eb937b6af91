"""What a call's records store on its attempt: talk, price, recording, time of the answer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.models.time_accounting import TIME_TOLERANCE
from callbacks.reconciliation import corrections, records
from callbacks.voicenter import Cdr
from leads.models import Lead

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
ACCEPTED_AT = NOW - timedelta(seconds=90)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension) -> CallAttempt:
    lead = make_lead(status="calling")
    return CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=extension, extension_number="101", state="accepted",
        call_id="a-call", claimed_at=ACCEPTED_AT, sent_at=ACCEPTED_AT, answered_at=ACCEPTED_AT,
        hold_until=NOW + timedelta(hours=1),
    )  # fmt: skip


def receive(leg: int, **values: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        records.receive(Cdr("a-call", f"Click2Call leg{leg}", leg, "ANSWER", **values))


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=str)
@pytest.mark.parametrize(
    ("leg1", "leg2", "facts"),
    [
        ({"talk_time": 60, "price": 12}, {"talk_time": 40, "price": 30}, (40, 42, "")),
        ({"talk_time": 60}, {"price": 30}, (None, 30, "")),
        ({"record_url": "https://r.example.com/1"}, {}, (None, None, "https://r.example.com/1")),
        ({"price": 0}, {"record_url": "https://r.example.com/2"}, (None, 0, "https://r.example.com/2")),
        ({"talk_time": 60, "price": 12}, None, (None, 12, "")),
        (None, {"talk_time": 0, "price": 30}, (0, 30, "")),
    ],
    ids=["both", "the lead's leg has none", "recorded by leg 1", "by leg 2", "leg 1", "leg 2"],
)  # fmt: skip
def test_talk_time_price_and_recording(
    attempt: CallAttempt,
    order: tuple[int, int],
    leg1: dict[str, Any] | None,
    leg2: dict[str, Any] | None,
    facts: tuple[int | None, int | None, str],
) -> None:
    legs = {1: leg1, 2: leg2}
    for number in order:
        if (values := legs[number]) is not None:
            receive(number, **values)
    attempt.refresh_from_db()
    assert (attempt.talk_time, attempt.price, attempt.recording_url) == facts


@pytest.mark.parametrize(
    ("started_at", "dial_time", "answered_at"),
    [
        (None, None, NOW - timedelta(seconds=30)),
        (NOW - timedelta(seconds=60), 10, NOW - timedelta(seconds=50)),
        (NOW - timedelta(seconds=60), None, NOW - timedelta(seconds=60)),
        # Whole seconds of another clock: a little too early, a little too late.
        (ACCEPTED_AT - timedelta(seconds=2), 1, ACCEPTED_AT),
        (NOW, 2, NOW),
        (ACCEPTED_AT - TIME_TOLERANCE, 0, ACCEPTED_AT),
        (NOW + TIME_TOLERANCE, 0, NOW),
        # In another time zone: the time of the answer follows from the length of the talk.
        (ACCEPTED_AT - TIME_TOLERANCE - A_SECOND, 0, NOW - timedelta(seconds=30)),
        (NOW + TIME_TOLERANCE + A_SECOND, 0, NOW - timedelta(seconds=30)),
    ],
    ids=["no times", "told", "no ringing", "early", "late", "just early enough", "just late enough",
        "too early", "too late"],
)  # fmt: skip
def test_when_the_lead_answered(
    attempt: CallAttempt,
    started_at: datetime | None,
    dial_time: int | None,
    answered_at: datetime,
) -> None:
    receive(2, started_at=started_at, dial_time=dial_time, talk_time=30)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.connected_at) == (AttemptState.BRIDGED, answered_at)


def test_no_attempt_is_recognised_by_the_call_id_of_another(
    make_lead: MakeLead, attempt: CallAttempt
) -> None:
    other = Extension.objects.create(number="102", team=attempt.extension.team)  # type: ignore[union-attr]
    lead = make_lead(status="calling")
    lost = CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=other, extension_number="102", state="unknown",
        claimed_at=ACCEPTED_AT, sent_at=ACCEPTED_AT, hold_until=NOW,
    )  # fmt: skip
    assert not corrections.recognise(lost, attempt.call_id)
    lost.refresh_from_db()
    assert (lost.state, lost.call_id) == (AttemptState.UNKNOWN, "")
    assert corrections.recognise(lost, "its-own")
    lost.refresh_from_db()
    assert (lost.state, lost.call_id) == (AttemptState.ACCEPTED, "its-own")
