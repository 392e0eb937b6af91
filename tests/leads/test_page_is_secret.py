"""The address of a request's page is a secret: no search engine finds it, no other website learns
it, and no cache keeps the page. Asking how a request stands uses up no rate.
"""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from leads import acts
from leads.models import Lead, LeadSource
from leads.urls import VISITORS
from tests.support.visitors import Visitor

MakeLead = Callable[..., Lead]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("team")]

PAGES = ["", *(f"{act.value}/" for act in acts.Act if act is not acts.Act.AGAIN)]


def test_these_are_all_pages_of_a_request() -> None:
    of_a_request = [str(it.pattern) for it in VISITORS if "public_id" in str(it.pattern)]
    known = {page.rstrip("/") for page in PAGES} | {"challenge"}
    assert {re.sub(r"^.*?>/<.*?>/", "", it).rstrip("/") for it in of_a_request} == known


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("place", ["contact", "widget"])
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", ["waiting", "connected"])
def test_whatever_it_answers(
    status: str, page: str, place: str, method: str, make_lead: MakeLead, client: Client
) -> None:
    now = timezone.now()
    over = {"closed_at": now, "connected_at": now} if status == "connected" else {}
    lead = make_lead(status=status, **over)
    answer = getattr(client, method)(f"/{place}/website/{lead.public_id}/{page}")
    if answer.status_code == 405:
        return  # nothing of the request is on it
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    if method == "get":
        assert '<meta name="robots" content="noindex">' in answer.text
        # It links to and loads only our own addresses, so no other website learns of the page.
        loaded = re.findall(r'(?:href|src|action)="([^"]+)"', answer.text)
        assert loaded
        assert all(it.startswith("/") and not it.startswith("//") for it in loaded)


def test_what_a_page_asks_for_is_indexed_and_kept_nowhere(
    make_lead: MakeLead, client: Client
) -> None:
    answer = client.get(f"/api/leads/{make_lead().public_id}/")
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_asking_every_second_uses_up_no_rate(client: Client) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    answers = {client.get(f"/api/leads/{lead.public_id}/").status_code for _ in range(400)}
    assert answers == {200}
    assert Visitor().sends(phone="050-555 0177").status == "waiting"


def test_a_source_that_is_off_hides_no_page_of_its_requests(
    make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead()
    LeadSource.objects.update(is_active=False)
    assert client.get(f"/contact/website/{lead.public_id}/").status_code == 200
