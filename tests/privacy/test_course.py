"""An erasure beside live calls, other people's requests and legal holds, and what follows it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch, manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, CallRecord, Erasure, Extension
from callbacks.models.erasures import ErasureWay
from callbacks.privacy import course, persons
from callbacks.privacy.course import Met, Progress
from leads import erased, intake
from leads.intake import Submission
from leads.models import Lead, LeadSource, LeadStatus, LegalHold, NeverCallNumber
from tests.support.simulator import SimulatorProcess, eventually

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+972505550142"


def begin(number: str = NUMBER, email: str = "", *, never: bool = True) -> Erasure:
    return course.begin(persons.read(number, email), ErasureWay.PAGE, never=never)


def erase(number: str = NUMBER, email: str = "", *, never: bool = True) -> Erasure:
    erasure = begin(number, email, never=never)
    assert course.go_on_for(erasure.pk, 60) == Progress(finished=True)
    erasure.refresh_from_db()
    return erasure


def submit(source: LeadSource, name: str, email: str) -> Lead:
    return intake.store(
        Submission(
            source=source, key=intake.key_from(name), name=name, phone=NUMBER, email=email,
            submitter=intake.key_from("by", name),
        )
    )  # fmt: skip


@pytest.fixture
def post(client: Client, settings: Any) -> Callable[..., None]:
    def post(attempt: CallAttempt, number: int, status: str, **more: object) -> None:
        body = {
            "ivruniqueid": attempt.call_id, "type": f"Click2Call leg{number}", "status": status,
            "time": int(timezone.now().timestamp()), "duration": 5, "dialtime": 5,
            "target": NUMBER, "CustomData": {"attempt": str(attempt.public_id)}, **more,
        }  # fmt: skip
        address = f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"
        client.post(address, json.dumps(body), content_type="application/json")

    return post


def test_a_lead_that_waits_is_cancelled_and_erased(make_lead: MakeLead) -> None:
    lead = make_lead(phone=NUMBER)
    erase()
    lead.refresh_from_db()
    assert (lead.status, lead.name, lead.submitted_from) == (LeadStatus.CANCELLED, "", None)
    assert erased.is_placeholder(lead.phone)


def test_a_call_that_is_on_goes_on_and_the_rest_follows_when_it_is_over(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess,
    post: Callable[..., None],
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    lead = make_lead(phone=NUMBER)
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    erasure = begin(never=False)
    assert course.go_on_for(erasure.pk, 5) == Progress(False, frozenset({Met.CALL}))
    lead.refresh_from_db()
    assert (lead.status, lead.phone) == (LeadStatus.CALLING, NUMBER)
    post(attempt, 1, "ANSWER")
    post(attempt, 2, "NOANSWER")  # without the erasure it would be called again

    def is_finished() -> bool:
        course.go_on()
        erasure.refresh_from_db()
        return erasure.finished_at is not None

    eventually(is_finished, within=60)
    lead.refresh_from_db()
    assert (lead.status, lead.name) == (LeadStatus.CANCELLED, "")
    assert erasure.finished_at
    assert erasure.wanted == {}


def test_a_record_that_comes_later_tells_how_the_call_went_and_not_with_whom(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess,
    post: Callable[..., None],
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead(phone=NUMBER).pk)
    assert attempt
    post(attempt, 1, "ANSWER")
    post(attempt, 2, "NOANSWER")
    erase()
    recording = "https://recordings.example.com/0505550142.mp3"
    post(attempt, 2, "ANSWER", actualCallDuration=60, duration=65, recordurl=recording)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.talk_time, attempt.recording_url) == ("bridged", 60, "")
    assert set(CallRecord.objects.values_list("recording_url", flat=True)) == {""}
    assert all(it.payload == {} for it in CallRecord.objects.all())


def test_by_an_address_only_what_was_sent_with_it_is_erased(source: LeadSource) -> None:
    """Nobody reads or erases a stranger's data by sending that number with their own address."""
    theirs = submit(source, "Noa Levi", "noa@example.com")
    joined = submit(source, "Dana Bar", "dana@example.com")
    erase("", "Dana@example.com")
    for lead in (theirs, joined):
        lead.refresh_from_db()
    assert (theirs.status, theirs.name, theirs.phone) == (LeadStatus.WAITING, "Noa Levi", NUMBER)
    assert (joined.status, joined.name) == (LeadStatus.CANCELLED, "")
    assert theirs.newest_request() == theirs


def test_others_who_have_joined_it_are_called_all_the_same(source: LeadSource) -> None:
    first = submit(source, "Noa Levi", "noa@example.com")
    joined = submit(source, "Dana Bar", "dana@example.com")
    erase("", "noa@example.com")
    for lead in (first, joined):
        lead.refresh_from_db()
    assert (first.status, first.name) == (LeadStatus.CANCELLED, "")
    assert (joined.status, joined.phone, joined.name) == (LeadStatus.WAITING, NUMBER, "Dana Bar")


def test_a_lead_under_a_legal_hold_is_kept_and_the_receipt_says_so(make_lead: MakeLead) -> None:
    held = make_lead(phone=NUMBER, status=LeadStatus.CANCELLED, closed_at=timezone.now())
    LegalHold.objects.create(lead=held, reason="A dispute")
    other = make_lead(phone=NUMBER)
    erasure = erase()
    held.refresh_from_db()
    other.refresh_from_db()
    assert (held.phone, other.name, erasure.kept) == (NUMBER, "", [held.pk])


def test_the_number_is_never_called_again_unless_they_want_it(make_lead: MakeLead) -> None:
    erase(never=False)
    assert not NeverCallNumber.objects.exists()
    assert make_lead(phone=NUMBER).status == LeadStatus.WAITING
    erase()
    assert make_lead(phone=NUMBER).status == LeadStatus.HELD


def test_who_was_erased_cannot_be_called_by_anybody(make_lead: MakeLead) -> None:
    lead = make_lead(phone=NUMBER)
    erase()
    with pytest.raises(CannotCall, match="erased"):
        manual.call_now(lead.pk, User.objects.create_user("manager"))


def test_a_request_that_comes_after_it_is_another(make_lead: MakeLead) -> None:
    make_lead(phone=NUMBER)
    erasure = begin(never=False)
    later = make_lead(phone=NUMBER, submitted_at=timezone.now())
    Lead.objects.exclude(pk=later.pk).update(status="cancelled", closed_at=timezone.now())
    assert course.go_on_for(erasure.pk, 60).finished
    later.refresh_from_db()
    assert later.phone == NUMBER


def test_the_receipt_is_found_by_the_number_and_does_not_tell_it(make_lead: MakeLead) -> None:
    make_lead(phone=NUMBER)
    erasure = erase()
    assert course.receipts_of(persons.read("050-555 0142", "")) == [erasure]
    assert course.receipts_of(persons.read("050-555 0143", "")) == []
    assert "505550142" not in str(Erasure.objects.values())


@pytest.mark.parametrize(
    ("number", "email", "says"),
    [
        ("", "", "Enter a number or"),
        ("12", "", "Enter a full number"),
        ("", "noa", "Enter a full e-mail"),
    ],
)
def test_what_is_no_number_or_address_is_not_looked_for(
    source: LeadSource, number: str, email: str, says: str
) -> None:
    with pytest.raises(persons.NotUnderstood, match=says):
        persons.read(number, email)
