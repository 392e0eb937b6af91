"""How often a visitor's page asks, and for which requests the last second's answer is reused."""

import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import status_cache, visitor_status
from leads.models import Lead
from leads.ports import Presence

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.usefixtures("team")


def url(lead: Lead) -> str:
    return f"/api/leads/{lead.public_id}/"


@pytest.mark.parametrize(
    ("presence", "waited", "seconds"),
    [
        (Presence.FREE, 0, 1),
        (Presence.FREE, 61, 5),
        (Presence.FREE, 181, 10),
        (Presence.BUSY, 0, 10),
        (Presence.BUSY, 181, 10),
        (Presence.NOBODY, 0, 15),
        (Presence.NOBODY, 181, 15),
    ],
)
def test_a_waiting_page_asks_as_often_as_something_may_happen(
    presence: Presence, waited: int, seconds: int, make_lead: MakeLead,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now = timezone.now()
    lead = make_lead(call_after=now - timedelta(seconds=waited))
    stands = visitor_status._waiting(lead, presence, now, is_usual=True)
    assert visitor_status.ask_after(stands, now) == seconds


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ({"status": "calling"}, 1),
        ({"status": "calling", "picked_up_at": timezone.now()}, 1),
        ({"status": "unreached", "closed_at": timezone.now()}, None),
        ({"status": "held"}, None),
    ],
)
def test_a_page_asks_every_second_while_phones_ring_and_never_after_the_end(
    values: dict[str, object], seconds: int | None, make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead(**values)
    assert client.get(url(lead)).json()["ask_after"] == seconds
    page = client.get(f"/contact/website/{lead.public_id}/").text
    assert (f'data-ask-after="{seconds}"' in page) == bool(seconds)


@pytest.mark.parametrize(
    ("left", "seconds"), [(timedelta(minutes=2), 20), (timedelta(hours=2), 360),
                          (timedelta(days=3), 1800)],
)  # fmt: skip
def test_a_planned_call_is_asked_about_seldom(
    left: timedelta, seconds: int, make_lead: MakeLead, client: Client
) -> None:
    now = timezone.now()
    lead = make_lead(call_after=now + left)
    with time_machine.travel(now, tick=False):
        assert client.get(url(lead)).json()["ask_after"] == seconds


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are kept for longer than a test takes."""
    monkeypatch.setattr(status_cache, "KEPT_FOR", 3600.0)
    monkeypatch.setattr(status_cache, "_kept", {})


def test_many_who_look_at_one_page_cost_one_look(
    kept: None, make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead()
    first = client.get(url(lead)).json()
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url(lead)).json() == first
        assert client.get(f"/api/leads/{lead.public_id.hex}").json() == first
    assert len(asked) == 0


def test_nobody_is_shown_anothers(kept: None, make_lead: MakeLead, client: Client) -> None:
    waiting = make_lead()
    ringing = make_lead(status="calling")
    for _ in range(2):
        assert client.get(url(waiting)).json()["status"] == "waiting"
        assert client.get(url(ringing)).json()["status"] == "calling"
        assert client.get(f"/api/leads/{uuid.uuid4()}/").status_code == 404


def test_what_is_final_or_not_there_is_looked_at_each_time(
    kept: None, make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead(status="held")
    assert client.get(url(lead)).json()["final"]
    Lead.objects.filter(pk=lead.pk).update(status="waiting")
    assert client.get(url(lead)).json()["status"] == "waiting"


def test_the_answers_that_are_kept_are_bounded(
    kept: None, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_cache, "_MOST", 3)
    for _ in range(10):
        status_cache.get(uuid.uuid4(), "en", lambda: {"final": False})
    assert len(status_cache._kept) <= 3


def test_an_answer_that_is_older_is_made_anew(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = uuid.uuid4()
    status_cache._kept[lead, "en"] = (time.monotonic() - 0.001, {"final": False, "is": "old"})
    assert status_cache.get(lead, "en", lambda: {"final": False, "is": "new"}) == {
        "final": False, "is": "new",
    }  # fmt: skip
