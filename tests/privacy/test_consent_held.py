"""What a person agreed to is part of their data, and is erased with their lead."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models.erasures import ErasureWay
from callbacks.privacy import course, held, persons, retention
from leads import consent
from leads.models import AfterThat, Consent, ConsentText, Lead, LeadSource

TEXT = "You may call me about my request."
NUMBER = "050-555 0101"

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreed(client: Client, source: LeadSource) -> Consent:
    consent.write(source, "en", TEXT, None, timezone.now())
    client.post("/contact/website/", {"name": "Noa Levi", "phone": NUMBER, "consent": "1"})
    ended = timezone.now() - timedelta(days=40)
    Lead.objects.update(status="cancelled", closed_at=ended)
    return Consent.objects.get()


def test_a_persons_data_has_the_text(agreed: Consent) -> None:
    found = held.everything(persons.read(NUMBER, ""))
    [its] = [it for it in found if it.place.model == "leads.Consent"]
    [row] = its.readable()
    shown = dict(row)
    assert shown["consent text: text"] == TEXT
    assert shown["consent text: version"] == "1"
    assert shown["consent text: language"] == "en"
    assert shown["on the page"] == "http://testserver/contact/website/"


def test_an_erasure_leaves_what_was_agreed_and_not_by_whom(agreed: Consent) -> None:
    erasure = course.begin(persons.read(NUMBER, ""), ErasureWay.PAGE)
    assert course.go_on_for(erasure.pk, 60).finished
    agreed.refresh_from_db()
    assert (agreed.page, agreed.text.version, agreed.lead.name) == ("", 1, "")
    assert held.everything(persons.read(NUMBER, ""))[0].place.model == "leads.NeverCallNumber"


@pytest.mark.parametrize("after", AfterThat.values)
def test_it_is_kept_as_long_as_its_lead(agreed: Consent, after: str) -> None:
    now = timezone.now()
    LeadSource.objects.update(kept_days=30, after_that=after, kept_since=now)
    retention.keep_to_it()
    assert [it.page for it in Consent.objects.all()] == ([""] if after == "anonymous" else [])
    assert ConsentText.objects.get().text == TEXT
