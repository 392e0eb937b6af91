"""Two people asked for a call to the same number: each can read and erase only their own data."""

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
    """Carol's lead, with Alice's address and a number of her own."""
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
    listed = page.partition("Whose requests are these?")[2].partition("</form>")[0]
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
    assert "Other people have asked for a call to the same number." in question
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


# --- by the number or the address alone -----------------------------------------------------------

ONE = {"number": "050-555 0142"}
# What is typed, and the sentence of the page.
SHARED = [
    ({"number": "050-555 0142"}, "Requests under 2 different names have this number"),
    ({"email": "alice@example.com"}, "Requests under 2 different names have this e-mail address"),
]


@pytest.mark.parametrize(("asked", "sentence"), SHARED, ids=["number", "address"])
def test_the_page_says_that_several_share_it_and_counts_all_until_some_are_ticked(
    asked: dict[str, str], sentence: str, alices: Lead, bobs: Lead, elsewhere: Lead
) -> None:
    client = with_rights("see_person")
    theirs = {alices, bobs if "number" in asked else elsewhere}
    page = client.post(PAGE, asked).content.decode()
    assert sentence in page
    assert "All of them are included below" in page
    listed = page.partition("Whose requests are these?")[2].partition("</form>")[0]
    assert [f'value="{it.pk}"' in listed for it in theirs] == [True, True]
    assert " checked" not in listed
    assert leads_in_the_file(client, asked) == {it.pk for it in theirs}
    asked = asked | {"also": str(alices.pk)}
    page = client.post(PAGE, asked).content.decode()
    assert "Only the ticked requests are included below" in page
    listed = page.partition("Whose requests are these?")[2].partition("</form>")[0]
    assert f'value="{alices.pk}" checked' in listed
    assert leads_in_the_file(client, asked) == {alices.pk}
    assert [it for it in (*BOBS, "From Carol") if it in page.partition("Stored data")[2]] == []


def leads_in_the_file(client: Any, asked: dict[str, str]) -> set[int]:
    held = json.loads(client.post(PAGE, asked | {"do": "json"}).content)["held"]
    return {row["id"] for it in held if it["table"] == "leads.Lead" for row in it["rows"]}


def test_one_person_is_asked_nothing(make_lead: MakeLead, elsewhere: Lead) -> None:
    for phone in (NUMBER, NUMBER):
        lead = of(make_lead, "Alice", phone)
        Lead.objects.filter(pk=lead.pk).update(name="alice  TESTOVITZ")
    page = with_rights("see_person").post(PAGE, ONE).content.decode()
    assert "Whose requests are these?" not in page


def test_an_erasure_by_number_takes_the_ticked_ones_alone(alices: Lead, bobs: Lead) -> None:
    client = with_rights("see_person", "erase_person")
    asked = ONE | {"also": str(alices.pk)}
    question = client.post(PAGE, asked | {"do": "ask"}).content.decode()
    assert "Other people have asked for a call to the same number." in question
    assert f'name="also" value="{alices.pk}"' in question
    client.post(PAGE, asked | {"do": "erase"})
    for lead in (alices, bobs):
        lead.refresh_from_db()
    assert alices.name == ""
    assert (bobs.name, bobs.phone) == ("Bob Testovitz", NUMBER)
    assert CallAttempt.objects.get().phone == NUMBER


def test_what_is_not_of_that_number_is_not_taken_in(alices: Lead, bobs: Lead) -> None:
    foreign = Lead.objects.get(pk=alices.pk)
    Lead.objects.filter(pk=alices.pk).update(phone="+972505550149")
    client = with_rights("see_person")
    assert leads_in_the_file(client, ONE | {"also": str(foreign.pk)}) == {bobs.pk}
