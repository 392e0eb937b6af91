"""What the block lists hold and refuse, when a request comes in and when it is dialled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import Extension
from leads import never_call, transitions
from leads.guard import held
from leads.models import BlockEntry, FormField, Lead, LeadSource, WithoutKey
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import hidden

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("source")]
PHONE = "+972505550101"
REQUEST = {
    "source": "website", "name": "Noa Levi", "phone": PHONE, "email": "noa@mail.shop.example",
    "message": "Please call me about the casino.", "field_wish": "Roulette, please",
    "field_size": "Large", "field_garden": "1",
}  # fmt: skip
FROM = {"REMOTE_ADDR": "203.0.113.7"}
ENTRIES = {
    "a number": ("number", PHONE),
    "a prefix": ("number", "+97250"),
    "an address": ("address", "203.0.113.7"),
    "a network": ("address", "203.0.113.0/24"),
    "a domain": ("domain", "shop.example"),
    "a word of the message": ("word", "casino"),
    "a word of the name": ("word", "levi"),
    "a word of an own field": ("word", "roulette"),
    "a word of an own choice": ("word", "large"),
}


@pytest.fixture(autouse=True)
def _called_without_a_key(source: LeadSource) -> None:
    LeadSource.objects.update(without_key=WithoutKey.ACCEPTED)
    for key, kind in (("wish", "text"), ("size", "choice"), ("garden", "box")):
        FormField.objects.create(
            source=source, key=key, kind=kind, label=key, choices="Large\nSmall"
        )


def block(kind: str, value: str, verdict: str = "hold", **values: Any) -> BlockEntry:
    return BlockEntry.objects.create(
        kind=kind, value=value, verdict=verdict, reason="a wave of calls", **values
    )


@pytest.mark.parametrize("row", ENTRIES)
def test_a_request_that_fits_is_held(client: Client, row: str) -> None:
    kind, value = ENTRIES[row]
    block(kind, value)
    assert client.post("/api/leads/", REQUEST, **FROM).status_code == 201
    lead = Lead.objects.get()
    assert lead.status == "held"
    [finding] = lead.findings.all()
    assert finding.asked == "blocked"
    assert value in finding.reason
    assert "a wave of calls" in finding.reason


@pytest.mark.parametrize("row", sorted(ENTRIES.keys() - {"a number"}))
def test_another_number_lets_nothing_go(client: Client, row: str) -> None:
    """The visitor corrects the number; everything else that they wrote is checked again."""
    block(*ENTRIES[row])
    known = client.post("/api/leads/", REQUEST, **FROM).json()["id"]
    page = f"/contact/website/{known}/number/"
    typed = {**hidden(client.get(page).text), "phone": "050-555 0102"}
    assert client.post(page, typed, **FROM).status_code == 303
    lead = Lead.objects.get(phone="+972505550102")
    assert lead.status == "held"
    assert "blocked" in lead.findings.values_list("asked", flat=True)


@pytest.mark.parametrize("row", ENTRIES)
def test_or_refused(client: Client, row: str) -> None:
    kind, value = ENTRIES[row]
    block(kind, value, "refuse")
    answer = client.post("/api/leads/", REQUEST, **FROM)
    assert answer.status_code == 403
    assert "Retry-After" not in answer
    assert "wave" not in answer.content.decode()
    assert not Lead.objects.exists()


def test_the_form_keeps_what_was_typed(client: Client) -> None:
    block("word", "casino", "refuse")
    page = client.post("/contact/website/", REQUEST)
    assert page.status_code == 403
    assert "We cannot accept this request here" in page.content.decode()
    assert "about the casino" in page.content.decode()


def test_the_strictest_entry_wins(client: Client) -> None:
    block("word", "casino")
    block("number", PHONE, "refuse")
    assert client.post("/api/leads/", REQUEST).status_code == 403


@pytest.mark.parametrize("row", ENTRIES)
def test_one_that_is_over_fits_nothing(client: Client, row: str) -> None:
    kind, value = ENTRIES[row]
    block(kind, value, "refuse", until=timezone.now() - timedelta(seconds=1))
    assert client.post("/api/leads/", REQUEST, **FROM).status_code == 201
    assert Lead.objects.get().status == "waiting"


def test_others_are_called(client: Client) -> None:
    for kind, value in (
        ("number", "+972505550102"), ("address", "203.0.113.8"), ("domain", "other.example"),
        ("word", "noal"), ("number", "+44"),
    ):  # fmt: skip
        block(kind, value, "refuse")
    assert client.post("/api/leads/", REQUEST, **FROM).status_code == 201
    assert Lead.objects.get().status == "waiting"


def test_a_waiting_lead_is_held_at_the_dial_and_released_by_a_manager(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(PHONE)
    block("number", "+97250")
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert (lead.status, lead.is_held_back) == ("held", True)
    assert lead.findings.get().asked == "blocked"
    assert simulator.ledger() == []
    assert held.release(lead.pk, timezone.now())
    assert dispatch.call_lead(lead.pk)
    assert len(simulator.ledger()) == 1


def test_held_is_only_what_waits(make_lead: Callable[..., Lead]) -> None:
    lead = make_lead(PHONE, status="cancelled", closed_at=timezone.now())
    assert not transitions.hold(lead.pk, timezone.now(), "why")


def test_an_erasure_takes_the_number_off_the_block_list() -> None:
    block("number", PHONE)
    block("number", "+97250")
    never_call.forget(PHONE)
    assert [it.value for it in BlockEntry.objects.all()] == ["+97250"]


def test_a_follow_up_is_asked_about_at_the_dial_alone(
    make_lead: Callable[..., Lead], source: LeadSource
) -> None:
    block("word", "levi", "refuse")
    assert make_lead(PHONE).status == "waiting"
