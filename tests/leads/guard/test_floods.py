"""Attacks with many requests: they are held or refused, and do not use up anybody else's rate."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from leads.guard import challenge
from leads.guard.rate import read
from leads.models import Lead, LeadSource, WithoutKey
from tests.leads.guard.conftest import ELSEWHERE, HELD, HERE, WAITING, number, submit
from tests.support.challenges import solve

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]


@pytest.mark.parametrize("proxied", [False, True], ids=["straight", "through our proxy"])
def test_a_thousand_numbers_from_one_address_that_forges_others(
    proxied: bool, source: LeadSource, settings: Settings, client: Client
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")] if proxied else []
    LeadSource.objects.update(without_key=WithoutKey.ACCEPTED)
    sent: dict[int, int] = {}
    for place in range(1000):
        forged = f"192.0.2.{place % 250}, 10.0.{place % 9}.1"
        answer = client.post(
            "/api/leads/",
            {"source": source.slug, "name": "Mallory", "phone": number(place)},
            REMOTE_ADDR="10.0.0.1" if proxied else HERE,
            HTTP_X_FORWARDED_FOR=f"{forged}, {HERE}" if proxied else forged,
        )
        sent[answer.status_code] = sent.get(answer.status_code, 0) + 1
    assert sent == {201: 100, 429: 900}
    assert Lead.objects.filter(status=WAITING).count() == 10
    assert Lead.objects.filter(status=HELD).count() == 90
    assert set(Lead.objects.values_list("submitted_from", flat=True)) == {HERE}

    fields = {"source": source.slug, "name": "Dana", "phone": number(2000)}
    if proxied:
        sender = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": ELSEWHERE}
    else:
        sender = {"REMOTE_ADDR": ELSEWHERE}
    assert client.post("/api/leads/", fields, **sender).status_code == 201  # type: ignore[arg-type]
    assert Lead.objects.get(name="Dana").status == WAITING


def test_an_office_of_thirty_is_stored_and_none_is_turned_away(source: LeadSource) -> None:
    stood = [submit(source, place).status for place in range(30)]
    assert stood == [WAITING] * 10 + [HELD] * 20


# The requests that a stranger goes on sending, as (address, number), at the settings' own rates.
FLOODS = {
    "one number from everywhere": [(f"198.51.100.{it}", 0) for it in range(1, 31)],
    "many numbers from one address": [(ELSEWHERE, it) for it in range(30)],
}


@pytest.mark.parametrize("name", FLOODS)
def test_who_is_held_by_their_own_rate_uses_up_nobody_else_s(
    name: str, source: LeadSource, settings: Settings
) -> None:
    """Held requests use up neither the source's rate nor the country's."""
    settings.RATE_SOURCE = settings.RATE_COUNTRY = read("12/10m")
    for sender, place in FLOODS[name]:
        submit(source, 0, sender, phone=f"+4420794600{place:02d}")
    assert submit(source, 0, HERE, phone="+442079460099").status == WAITING


def test_what_an_office_sends_counts_for_its_source(source: LeadSource, settings: Settings) -> None:
    """A solved challenge lets each of these be called, so they are counted."""
    settings.RATE_ADDRESS, settings.RATE_ADDRESS_NUMBERS = read("1/10m"), ()
    settings.RATE_SOURCE = read("5/10m")
    for place in range(5):
        submit(source, place)
    assert submit(source, 9, ELSEWHERE).status == HELD


def test_a_source_s_rate_is_mild_and_a_country_s_is_not(source: LeadSource, off: Settings) -> None:
    """Strangers use up the source's rate: a visitor is still called after solving a challenge."""
    off.RATE_SOURCE = off.RATE_COUNTRY = read("1/10m")
    submit(source, 0, phone="+442079460001")
    found = submit(source, 0, phone="+442079460002").findings.order_by("pk")
    assert [("the source" in it.reason, it.is_mild) for it in found] == [
        (True, True),
        (False, False),
    ]


def test_who_comes_during_a_flood_is_called_once_the_browser_has_worked(
    source: LeadSource, off: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge, "MOST", 40)
    off.RATE_SOURCE, off.LEAST_FILL_TIME = read("2/10m"), 0
    for place in range(9):
        submit(source, place, f"198.51.100.{place}")
    fields = {"name": "Dana", "phone": number(99)}
    page = client.post(f"/contact/{source.slug}/", fields, REMOTE_ADDR=HERE)["Location"]
    told = client.get(f"{page}challenge/").json()
    assert Lead.objects.get(phone=number(99)).status == HELD
    client.post(f"{page}challenge/", {"altcha": solve(told)})
    assert Lead.objects.get(phone=number(99)).status == WAITING


def test_one_number_through_two_sources_in_eight_minutes(source: LeadSource) -> None:
    """Eight requests, each from another address, each after the previous one's call has ended."""
    other, begin = LeadSource.objects.create(slug="landing", name="Landing"), timezone.now()
    stored = []
    for minute in range(8):
        through = other if minute % 2 else source
        at = begin + timedelta(minutes=minute)
        lead = submit(through, 101, f"198.51.100.{minute}", at)
        stored.append(lead.status)
        Lead.objects.filter(status=WAITING).update(status="called", closed_at=at)
    assert stored[:5] == [WAITING] * 5
    assert WAITING not in stored[5:]


def test_a_stranger_who_types_its_number_from_everywhere_has_it_held(source: LeadSource) -> None:
    stood = [submit(source, 101, f"192.0.2.{place}") for place in range(8)]
    assert [it.is_held_back for it in stood] == [False] * 5 + [True] * 3
