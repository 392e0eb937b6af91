"""What was typed behind a number reaches the salesperson; a refused number, the engineer."""

import logging
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Lead, LeadSource
from tests.monitoring.test_metrics import eventually, scraped

FORM = {"source": "website", "name": "Noa", "phone": "03-555 0101 ext. 12"}


@pytest.mark.parametrize(
    ("address", "status"), [("/contact/website/", 303), ("/api/leads/", 201)], ids=["form", "API"]
)
def test_it_is_kept(address: str, status: int, client: Client, source: LeadSource) -> None:
    assert client.post(address, FORM).status_code == status
    lead = Lead.objects.get()
    assert (lead.phone, lead.phone_extension) == ("+97235550101", "12")


def test_managers_read_it_on_the_leads_page(
    make_lead: Callable[..., Lead], admin_client: Client
) -> None:
    lead = make_lead("+97235550101", phone_extension="12")
    page = admin_client.get(reverse("admin:leads_lead_change", args=[lead.pk])).text
    assert "+972 3-555-0101, ext. 12" in page


@pytest.mark.parametrize(
    ("typed", "reason", "told"),
    [
        ("1-900-555-010", "type", "country=IL range=+97219"),
        ("+1 876 555 0101", "country", "country=JM range=+187"),
        ("972 50 234", "incomplete", "country=- range=-"),
    ],
)
def test_a_refused_number_is_counted_and_its_range_logged(
    typed: str,
    reason: str,
    told: str,
    client: Client,
    source: LeadSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = ("callbacks_numbers_refused_total", reason)
    before = scraped().get(name, 0)
    with caplog.at_level(logging.INFO):
        assert client.post("/contact/website/", FORM | {"phone": typed}).status_code == 422
    eventually(lambda: scraped().get(name, 0) == before + 1)
    assert f"number refused reason={reason} {told}" in caplog.text
