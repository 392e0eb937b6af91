"""The page that follows a request, /contact/<source>/<uuid>/."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from leads.models import Lead, LeadSource

MakeLead = Callable[..., Lead]
# Without a team that answers, nobody is told to wait.
pytestmark = pytest.mark.usefixtures("team")


def url(lead: Lead, slug: str = "website") -> str:
    return f"/contact/{slug}/{lead.public_id}/"


def test_it_says_the_same_as_the_api(client: Client, make_lead: MakeLead) -> None:
    lead = make_lead()
    page = client.get(url(lead)).text
    body = client.get(f"/api/leads/{lead.public_id}/").json()
    assert f"<h1 data-title>{body['title']}</h1>" in page
    assert f"data-message>{body['message']}</p>" in page
    assert f'data-status="{body["status"]}" data-url="/api/leads/{lead.public_id}/?lang=en"' in page


@pytest.mark.parametrize(
    ("values", "waited", "seconds"),
    [
        ({"status": "waiting"}, 0, 5),
        ({"status": "calling"}, 0, 5),
        ({"status": "waiting"}, 4 * 60, 15),
        ({"status": "calling"}, 20 * 60, 60),
        ({"status": "waiting"}, 3601, None),
        ({"status": "waiting"}, -600, 60),
        ({"status": "waiting"}, -6 * 3600, 1080),
        ({"status": "waiting"}, -13 * 86400, 1800),
        ({"status": "unreached", "closed_at": timezone.now()}, 0, None),
        ({"status": "held"}, 0, None),
    ],
    ids=[
        "waiting", "calling", "minutes", "a quarter of an hour", "an hour", "soon", "today",
        "in two weeks", "unreached", "received",
    ],
)  # fmt: skip
def test_where_no_script_runs_it_refreshes_less_and_less_often_and_ends(
    values: dict[str, object],
    waited: int,
    seconds: int | None,
    client: Client,
    make_lead: MakeLead,
) -> None:
    now = timezone.now()
    lead = make_lead(**values, call_after=now - timedelta(seconds=waited))
    with time_machine.travel(now, tick=False):
        page = client.get(url(lead)).text
    refresh = f'<meta http-equiv="refresh" content="{seconds}">'
    assert (refresh in page) if seconds else ("http-equiv" not in page)
    assert (">This page has stopped updating." in page) == (waited > 3600)


def test_it_shows_no_more_of_the_person_than_the_end_of_the_number(
    client: Client, make_lead: MakeLead
) -> None:
    lead = make_lead("+972505550123", name="Testovitz", email="noa@example.com", message="private")
    # The request's id is removed, because it may contain these digits.
    page = client.get(url(lead)).text.replace(str(lead.public_id), "")
    assert '<b class="digits" dir="ltr">0123</b>' in page
    for secret in ["50555", "555-0", "Testovitz", "example.com", "private"]:
        assert secret not in page


def test_it_is_announced_to_screen_readers_and_kept_nowhere(
    client: Client, make_lead: MakeLead
) -> None:
    answer = client.get(url(make_lead()))
    assert '<div role="status" aria-live="polite"' in answer.text
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_it_is_three_queries(
    client: Client, make_lead: MakeLead, django_assert_num_queries: Callable[[int], object]
) -> None:
    lead = make_lead()
    client.get(url(lead))  # loads the configuration
    # The lead with the version of the set-up, whether the account is refused, who can take calls.
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        client.get(url(lead))


def test_a_source_that_was_switched_off_still_answers_for_its_leads(
    client: Client, make_lead: MakeLead
) -> None:
    lead = make_lead()
    LeadSource.objects.update(is_active=False)
    assert client.get(url(lead)).status_code == 200


def test_a_lead_is_found_under_its_own_source_only(client: Client, make_lead: MakeLead) -> None:
    LeadSource.objects.create(slug="landing", name="Landing page")
    answer = client.get(url(make_lead(), "landing"))
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.django_db
def test_an_unknown_lead_is_a_friendly_404(client: Client) -> None:
    answer = client.get(f"/contact/website/{uuid.uuid4()}/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
