"""Two people have asked for a call to one number: what one of them reads, or has erased, is theirs
alone.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallAttempt, Erasure, Extension
from leads.models import Lead, NeverCallNumber
from tests.admin.test_number_page import call
from tests.privacy.test_page import PAGE, with_rights

pytestmark = pytest.mark.django_db
NUMBER = "+972505550142"
ALICE = {"number": "050-555 0142", "email": "alice@example.com"}
MakeLead = Callable[..., Lead]


def of(make_lead: MakeLead, name: str, phone: str = NUMBER, email: str = "", **values: Any) -> Lead:
    email = email or f"{name.lower()}@example.com"
    return make_lead(
        phone, name=f"{name} Testovitz", email=email, message=f"From {name}",
        submitted_from={"Alice": "203.0.113.1", "Bob": "203.0.113.2"}.get(name, "203.0.113.3"),
        status="connected", connected_at=timezone.now(), closed_at=timezone.now(), **values,
    )  # fmt: skip


@pytest.fixture
def alices(make_lead: MakeLead) -> Lead:
    return of(make_lead, "Alice")


@pytest.fixture
def bobs(make_lead: MakeLead, extension: Extension) -> Lead:
    lead = of(make_lead, "Bob")
    call(lead, extension, recording_url="https://recordings.example.com/bob.mp3")
    return lead


@pytest.fixture
def elsewhere(make_lead: MakeLead) -> Lead:
    """With Alice's address and a number of somebody else's."""
    return of(make_lead, "Carol", "+972505550143", "alice@example.com")


BOBS = ("Bob Testovitz", "bob@example.com", "From Bob", "203.0.113.2", "bob.mp3")
ALICES = ("Alice Testovitz", "alice@example.com", "From Alice", "203.0.113.1")


@pytest.mark.parametrize("kind", ["json", "html"])
def test_a_file_by_number_and_address_holds_the_requests_with_both(
    alices: Lead, bobs: Lead, elsewhere: Lead, kind: str
) -> None:
    told = with_rights("see_person").post(PAGE, ALICE | {"do": kind}).content.decode()
    assert [it for it in ALICES if it not in told] == []
    assert [it for it in (*BOBS, "From Carol") if it in told] == []


@pytest.mark.parametrize("ticked", ["none", "the number", "the address", "a foreign one"])
def test_requests_by_one_alone_are_listed_and_taken_in_when_they_are_ticked(
    alices: Lead, bobs: Lead, elsewhere: Lead, make_lead: MakeLead, ticked: str
) -> None:
    foreign = of(make_lead, "Dan", "+972505550144")
    also = {"the number": bobs, "the address": elsewhere, "a foreign one": foreign}.get(ticked)
    asked = ALICE | ({"also": str(also.pk)} if also else {})
    client = with_rights("see_person")
    page = client.post(PAGE, asked).content.decode()
    listed = page.partition("Whose are these?")[2].partition("</form>")[0]
    for lead in (bobs, elsewhere):
        is_ticked = f'value="{lead.pk}" checked' in listed
        assert f'value="{lead.pk}"' in listed
        assert is_ticked == (lead == also)
    assert f'value="{alices.pk}"' not in listed
    held = json.loads(client.post(PAGE, asked | {"do": "json"}).content)["held"]
    leads = {row["id"] for it in held if it["table"] == "leads.Lead" for row in it["rows"]}
    assert leads == {alices.pk, *([also.pk] if also and also != foreign else [])}


def test_an_erasure_leaves_the_other_persons_requests(
    alices: Lead, bobs: Lead, elsewhere: Lead
) -> None:
    client = with_rights("see_person", "erase_person")
    question = client.post(PAGE, ALICE | {"do": "ask"}).content.decode()
    assert "Others have asked for a call to the same number." in question
    assert 'name="never_call"' in question
    field = question.partition('name="never_call"')[2].partition(">")[0]
    assert not re.search(r"\schecked(?=[\s=]|$)", re.sub(r'"[^"]*"', "", field))
    client.post(PAGE, ALICE | {"do": "erase"})
    erasure = Erasure.objects.get()
    assert erasure.finished_at
    for lead in (alices, bobs, elsewhere):
        lead.refresh_from_db()
    assert (alices.name, alices.email, alices.submitted_from) == ("", "", None)
    assert alices.phone != NUMBER
    assert (bobs.name, bobs.email, bobs.phone) == ("Bob Testovitz", "bob@example.com", NUMBER)
    assert elsewhere.message == "From Carol"
    assert CallAttempt.objects.get().phone == NUMBER
    assert not NeverCallNumber.objects.exists()


def test_the_number_is_nobody_elses_once_their_request_is_taken_in(
    alices: Lead, bobs: Lead
) -> None:
    client = with_rights("see_person", "erase_person")
    asked = ALICE | {"also": str(bobs.pk), "never_call": "on"}
    client.post(PAGE, asked | {"do": "erase"})
    assert not Lead.objects.filter(phone=NUMBER).exists()
    assert not CallAttempt.objects.filter(phone=NUMBER).exists()
    assert NeverCallNumber.objects.get().phone is None
