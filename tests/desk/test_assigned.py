"""A lead that a manager assigned to a salesperson is on their desk, and on nobody else's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.desk.work import MOST_ASSIGNED
from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead

MakeLead = Callable[..., Lead]
MakeAttempt = Callable[..., CallAttempt]
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem
pytestmark = pytest.mark.django_db


def test_what_waits_for_them_is_listed(
    dana: User, hers: Client, make_lead: MakeLead, team: Team
) -> None:
    noam = User.objects.create_user("noam")
    Extension.objects.create(number="102", team=team, user=noam)
    before = {"submitted_at": NOON - timedelta(hours=1), "call_after": NOON - timedelta(hours=1)}
    make_lead("+972505550121", assigned_to=dana, name="Avi", message="After two", **before)
    make_lead(assigned_to=dana, name="Gal", call_after=NOON + timedelta(hours=2))
    make_lead(assigned_to=noam, name="Roni")
    make_lead(name="Omer")
    make_lead(assigned_to=dana, name="Yael", status="unreached", closed_at=NOON)
    with time_machine.travel(NOON, tick=False):
        page = hers.get("/desk/").content.decode()
    part = page.split('data-part="assigned"')[1].split("</section>")[0]
    told = ("Avi", "After two", "Waiting since 11:00.", "0121", "Gal", "Call planned for 14:00.")
    assert [it for it in told if it not in part] == []
    assert "505550121" not in part
    assert not any(name in page for name in ("Roni", "Omer", "Yael"))


def test_it_comes_and_goes_without_a_reload(dana: User, hers: Client, make_lead: MakeLead) -> None:
    lead = make_lead(name="Testovitz")  # no token of the page has that in it
    first = hers.get("/desk/now/").json()
    assert "Testovitz" not in first["parts"]["assigned"]["html"]
    Lead.objects.filter(pk=lead.pk).update(assigned_to=dana)
    second = hers.get("/desk/now/", {"seen": first["seen"]}).json()
    assert "Testovitz" in second["parts"]["assigned"]["html"]
    assert second["parts"]["assigned"]["seen"] != first["parts"]["assigned"]["seen"]
    assert second["parts"]["calls"]["seen"] == first["parts"]["calls"]["seen"]


def test_many_are_cut_and_cost_no_more_queries(
    dana: User, hers: Client, make_lead: MakeLead
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            hers.get("/desk/now/")
        return len(seen)

    make_lead(assigned_to=dana)
    queries()  # loads what is kept in memory
    few = queries()
    for _ in range(MOST_ASSIGNED):
        make_lead(assigned_to=dana)
    assert queries() == few
    html = hers.get("/desk/now/").json()["parts"]["assigned"]["html"]
    assert html.count("data-assigned=") == MOST_ASSIGNED
    assert "More leads are assigned to you." in html


def test_the_lead_on_the_line_says_that_it_is_theirs(
    dana: User, hers: Client, make_attempt: MakeAttempt, extension: Extension
) -> None:
    attempt = make_attempt(extension, claimed_at=timezone.now())
    assert "This lead is assigned to you." not in hers.get("/desk/").content.decode()
    Lead.objects.filter(pk=attempt.lead_id).update(assigned_to=dana)
    assert "This lead is assigned to you." in hers.get("/desk/").content.decode()
