"""The field of the form that people do not see."""

import pytest
from django.test import Client

from leads.guard.robots import TRAP
from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db
SENTENCE = "A field that people do not see was filled in, as robots do."


@pytest.mark.parametrize(
    ("sent", "is_held"),
    [({TRAP: "https://example.com"}, True), ({TRAP: " "}, False), ({TRAP: ""}, False), ({}, False)],
    ids=["filled in", "a space", "empty", "not sent"],
)
def test_who_fills_in_the_trap_is_held_and_reads_the_ordinary_page(
    sent: dict[str, str], is_held: bool, source: LeadSource, client: Client
) -> None:
    fields = {"name": "Noa", "phone": "050-555 0101", **sent}
    page = client.post(f"/contact/{source.slug}/", fields, follow=True)
    assert page.status_code == 200
    assert "We have your request" in page.content.decode()
    lead = Lead.objects.get()
    assert (lead.status == "held") == is_held
    assert lead.error_message == (SENTENCE if is_held else "")


def test_the_page_has_it_and_no_autofill(source: LeadSource, client: Client) -> None:
    page = client.get(f"/contact/{source.slug}/").content.decode()
    assert f'name="{TRAP}" type="text" autocomplete="off" tabindex="-1"' in page


def test_the_api_has_no_trap(source: LeadSource, client: Client) -> None:
    fields = {"source": source.slug, "name": "Noa", "phone": "050-555 0101", TRAP: "AB 12"}
    assert client.post("/api/leads/", fields).status_code == 201
    assert Lead.objects.get().status == "waiting"
