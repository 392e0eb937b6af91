"""By typing a number, nobody learns from the request's page what we know of that number.

Each row says what the number's owner did before. A stranger asks for that number and for one that
nobody has ever asked for; both pages read the same.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends, in_days, waits_for_a_retry

pytestmark = pytest.mark.django_db(transaction=True)  # claims are committed

UNKNOWN = "050-555 0172"


def is_called() -> None:
    assert call(Visitor().sends())


def is_unreached() -> None:
    lead = Visitor().sends()
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.UNREACHED, closed_at=timezone.now())


def was_reached() -> None:
    attempt = call(Visitor().sends())
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")


OWNER: dict[str, Callable[[], Any]] = {
    "waits to be called": lambda: Visitor().sends(),
    "is called on a day that was chosen": lambda: Visitor().sends(call_at=in_days(4)),
    "has asked twice": lambda: [Visitor().sends(call_at=in_days(4)), Visitor().sends()],
    "is called again later": waits_for_a_retry,
    "is being called": is_called,
    "was not reached": is_unreached,
    "has talked with us": was_reached,
}
ASKS: dict[str, dict[str, str]] = {
    "as soon as possible": {},
    "for a day before": {"call_at": in_days(2)},
    "for a day after": {"call_at": in_days(6)},
    "in the name of another request": {"earlier": "6a1d9f5e-0000-4000-8000-0000abcdef01"},
}


def told(lead: Lead) -> dict[str, Any]:
    return dict(Client().get(f"/api/leads/{lead.public_id}/").json())


@pytest.mark.parametrize("way", ["form", "API"])
@pytest.mark.parametrize("asked", ASKS)
@pytest.mark.parametrize("before", OWNER)
def test_a_number_that_we_know_reads_as_one_that_we_do_not(
    before: str,
    asked: str,
    way: str,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    OWNER[before]()
    with time_machine.travel(timezone.now(), tick=False):
        known, unknown = (sent(way, phone, ASKS[asked]) for phone in ("050-555 0101", UNKNOWN))
        assert told(known) == told(unknown)


def sent(way: str, phone: str, fields: dict[str, str]) -> Lead:
    if way == "form":
        return Visitor().sends(phone=phone, **fields)
    body = {"source": "website", "name": "Gal", "phone": phone, **fields}
    answer = Client().post("/api/leads/", body, content_type="application/json")
    assert answer.status_code == 201, answer.text
    return Lead.objects.get(public_id=answer.json()["id"])


def test_calls_since_then_are_its_calls_too(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = Visitor().sends(call_at=in_days(4))
    stranger = Visitor()
    stranger.sends()
    attempt = call(lead)
    assert attempt
    assert stranger.status() == "calling"
    ends(attempt, "ANSWER", "ANSWER")
    assert stranger.status() == "connected"


def test_a_call_of_before_is_not_its_own(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    attempt = call(Visitor().sends())
    assert attempt
    stranger = Visitor()
    stranger.sends()
    assert stranger.status() == "waiting"


def test_before_its_own_time_it_is_planned_whatever_becomes_of_the_number(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = Visitor().sends()
    stranger, at = Visitor(), in_days(2)
    known = stranger.sends(call_at=at)
    unknown = Visitor().sends(phone=UNKNOWN, call_at=at)
    attempt = call(lead)
    assert attempt
    for end in ((), ("ANSWER", "ANSWER")):
        if end:
            ends(attempt, *end)
        assert told(known) == told(unknown)
        never_call = stranger.client.get(f"{stranger.page}never-call/").text
        assert "Cancel this request?" in never_call
    with time_machine.travel(timezone.now() + timedelta(days=2, hours=1)):
        assert stranger.status() == "connected"


@pytest.mark.parametrize("first_is", ["open", "closed"])
def test_taken_back_it_is_closed_whatever_becomes_of_the_number(
    first_is: str, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = Visitor().sends()
    stranger = Visitor()
    stranger.sends(call_at=in_days(2))
    if first_is == "closed":
        attempt = call(lead)
        assert attempt
        ends(attempt, "ANSWER", "ANSWER")
    stranger.client.post(f"{stranger.page}never-call/")
    assert stranger.status() == "cancelled"
    lead.refresh_from_db()
    assert lead.status == ("waiting" if first_is == "open" else "connected")


def test_the_owners_time_is_not_told_after_a_call_that_the_stranger_wished_for(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    chosen = in_days(4)
    lead = Visitor().sends(call_at=chosen)
    stranger = Visitor()
    request = stranger.sends()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(9):
            lead.refresh_from_db()
            clock.move_to(max(lead.call_after, timezone.now()) + timedelta(seconds=2))
            if chosen == lead.call_after.isoformat():
                break
            attempt = call(lead)
            assert attempt
            attempt.refresh_from_db()
            ends(attempt, "ANSWER", "NOANSWER")
        said = told(request)
        assert said["call_after"] != chosen
        assert CallAttempt.objects.filter(lead=lead).exists()
