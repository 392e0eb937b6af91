"""How long the page of a request is shown, and what it says after that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from leads import acts, intake
from leads.models import Feedback, Lead, LeadSource, NeverCallNumber, TakenBack

MakeLead = Callable[..., Lead]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("team")]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _ten_days(settings: SettingsWrapper) -> None:
    settings.STATUS_PAGE_DAYS = 10


def closed(days: float) -> dict[str, Any]:
    at = timezone.now() - days * DAY
    return {
        "status": "unreached", "closed_at": at, "submitted_at": at, "call_after": at,
        "clock_started_at": at,
    }  # fmt: skip


def days_ago(days: float) -> dict[str, Any]:
    at = timezone.now() - days * DAY
    return {"submitted_at": at, "clock_started_at": at, "call_after": at}


@pytest.mark.parametrize(
    ("values", "is_shown"),
    [
        (closed(9.9), True),
        (closed(10.1), False),
        (closed(400), False),
        (days_ago(400) | {"status": "unreached", "closed_at": timezone.now()}, True),
        (days_ago(400) | {"status": "waiting"}, True),
        (days_ago(400) | {"status": "calling"}, True),
        (days_ago(9.9) | {"status": "held"}, True),
        (days_ago(10.1) | {"status": "held"}, False),
        (days_ago(30) | {"status": "held", "call_after": timezone.now() - DAY}, True),
        (closed(10.1) | {"status": "failed"}, False),
        (closed(10.1) | {"status": "connected", "connected_at": timezone.now() - 11 * DAY}, False),
    ],
    ids=[
        "in time", "too late", "long ago", "asked long ago, closed today", "still waits",
        "is called", "held", "held for long", "held, for a chosen time", "failed", "talked",
    ],
)  # fmt: skip
def test_it_is_shown_for_so_many_days_after_the_end(
    values: dict[str, Any], is_shown: bool, client: Client, make_lead: MakeLead
) -> None:
    lead = make_lead(**values)
    for address in (f"/contact/website/{lead.public_id}/", f"/api/leads/{lead.public_id}/"):
        assert client.get(address).status_code == (200 if is_shown else 410)


def test_a_request_that_has_joined_an_earlier_one_is_shown_as_long_as_that(
    client: Client, make_lead: MakeLead, source: LeadSource
) -> None:
    by = intake.key_from("by", "Noa")
    first = make_lead("+972505550101", submitter=by, **days_ago(20))
    joined = days_ago(20) | {
        "status": "duplicate", "duplicate_of": first, "submitter": by,
        "closed_at": timezone.now() - 20 * DAY,
    }  # fmt: skip
    later = make_lead("+972505550102", **joined)
    strangers = make_lead("+972505550103", **joined | {"submitter": None})
    assert client.get(f"/contact/website/{later.public_id}/").status_code == 200
    # A stranger's page must not show that the other person's request goes on.
    assert client.get(f"/contact/website/{strangers.public_id}/").status_code == 410


@pytest.mark.parametrize("place", ["contact", "widget"])
def test_the_page_says_so_offers_the_form_and_tells_nothing(
    place: str, client: Client, make_lead: MakeLead
) -> None:
    lead = make_lead("+972505550123", **closed(11))
    answer = client.get(f"/{place}/website/{lead.public_id}/")
    assert answer.status_code == 410
    assert "This page has expired" in answer.text
    assert f'href="/{place}/website/"' in answer.text
    for told in ("0123", str(lead.public_id), "Noa", "could not reach you"):
        assert told not in answer.text
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store, private"
    LeadSource.objects.update(is_active=False)
    page = client.get(f"/{place}/website/{lead.public_id}/").text
    assert "This page has expired" in page
    assert "Ask for another call" not in page


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("act", [it.value for it in acts.Act if it is not acts.Act.AGAIN])
def test_nothing_can_be_done_on_it(
    act: str, method: str, client: Client, make_lead: MakeLead
) -> None:
    lead = make_lead(**closed(11), rang_at=timezone.now() - 12 * DAY)
    sent = {"score": "5", "phone": "050-555 0102"}
    answer = getattr(client, method)(f"/contact/website/{lead.public_id}/{act}/", sent)
    assert answer.status_code == 410
    assert Lead.objects.count() == 1
    assert not TakenBack.objects.exists()
    assert not Feedback.objects.exists()
    assert not NeverCallNumber.objects.exists()


def test_it_expires_while_it_is_open(client: Client, make_lead: MakeLead) -> None:
    lead = make_lead(**closed(0))
    address = f"/api/leads/{lead.public_id}/"
    assert client.get(address).status_code == 200
    with time_machine.travel(timezone.now() + 10 * DAY, tick=False):
        answer = client.get(address)
    assert answer.status_code == 410
    assert answer.json() == {"errors": {"id": ["The status of this request is no longer shown."]}}
