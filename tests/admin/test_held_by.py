"""Held leads filtered by what they have in common, to tell honest ones from hostile ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import Challenge, Finding, Lead, LeadStatus

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
LIST = "/admin/leads/heldlead/"
MANY = "The address asked for more than 10 numbers within an hour."
BUSY = "More than 300 requests came through the source Website within 10 minutes."
NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 12:00 in Jerusalem

# Held leads: by which checks and sentences, what the browser did, and how many minutes after noon.
HELD: dict[str, dict[str, Any]] = {
    "robot": {"by": [("robot", "The hidden field was filled in."), ("rate", MANY)], "minute": 0},
    "flood": {"by": [("rate", MANY)], "minute": 1, "way": "api"},
    "honest": {"by": [("rate", BUSY)], "browser": "solved", "minute": 2, "way": "form"},
    "asked": {"by": [("rate", BUSY)], "browser": "asked", "minute": 30},
    "of old": {"by": [], "minute": 45},
}
DAY = "submitted_at_%s_0=2026-11-24&submitted_at_%s_1=%s"
FILTERS = [
    ("", set(HELD)),
    ("?check=rate", {"robot", "flood", "honest", "asked"}),
    ("?check=robot", {"robot"}),
    ("?check=website", set()),
    (f"?reason={MANY}", {"robot", "flood"}),
    (f"?reason={BUSY}&browser=solved", {"honest"}),
    ("?way=api", {"flood"}),
    (f"?way=form&reason={BUSY}", {"honest"}),
    ("?way=pigeon", set(HELD)),
    ("?browser=asked", {"asked"}),
    ("?browser=none", {"robot", "flood", "of old"}),
    ("?browser=else", set(HELD)),
    (f"?{DAY % ('from', 'from', '12:01')}&{DAY % ('to', 'to', '12:30')}",
     {"flood", "honest", "asked"}),
    ("?submitted_at_from_0=2026-11-24", set(HELD)),
    ("?submitted_at_to_0=2026-11-23", set()),
    (f"?{DAY % ('to', 'to', '12:00')}", {"robot"}),
    # A value that cannot be read lists nothing, not everything.
    (f"?{DAY % ('from', 'from', 'noon')}", set()),
    ("?submitted_at_from_0=0000-99-99&submitted_at_from_1=12:00", set()),
    ("?submitted_at_to_0=29/11&submitted_at_from_0=2026-11-24", set()),
    ("?submitted_at_to_1=99:99", set()),
    (f"?check=rate&{DAY % ('from', 'from', '12:02')}", {"honest", "asked"}),
]  # fmt: skip


@pytest.fixture
def _held(make_lead: MakeLead) -> None:
    for name, its in HELD.items():
        at = NOON.replace(minute=its["minute"])
        lead = make_lead(
            name=name, status=LeadStatus.HELD, is_held_back=True, submitted_at=at, waiting_since=at,
            came_by=its.get("way", ""),
        )  # fmt: skip
        for asked, reason in its["by"]:
            Finding.objects.create(lead=lead, asked=asked, verdict="hold", reason=reason)
        if "browser" in its:
            solved_at = timezone.now() if its["browser"] == "solved" else None
            nonce = name if solved_at else None
            Challenge.objects.create(lead=lead, nonce=nonce, solved_at=solved_at)
    make_lead(name="another", submitted_at=NOON)


@pytest.mark.usefixtures("_held")
@pytest.mark.parametrize(("query", "names"), FILTERS)
def test_who_is_listed(query: str, names: set[str], managing: Client) -> None:
    answer = managing.get(LIST + query)
    assert {it.name for it in answer.context["cl"].result_list} == names


@pytest.mark.usefixtures("_held")
def test_each_check_is_offered_with_how_many_it_holds(managing: Client) -> None:
    page = managing.get(LIST).content.decode()
    assert "Too many requests (4)" in page
    assert "Signs of a robot (1)" in page
    assert "Another website" not in page


@pytest.mark.usefixtures("_held")
def test_a_reason_leads_to_the_others_that_it_holds(managing: Client) -> None:
    page = managing.get(LIST + "?check=robot").content.decode()
    assert page.count("1 other held") == 1
    assert "reason=The+address+asked" in page


@pytest.mark.usefixtures("_held")
def test_all_that_a_filter_lists_are_decided_about_together(managing: Client) -> None:
    chosen = {
        "action": "reject_selected", "select_across": "1", "confirmed": "yes",
        "_selected_action": [str(Lead.objects.get(name="flood").pk)],
    }  # fmt: skip
    managing.post(f"{LIST}?reason={MANY}", chosen, follow=True)
    rejected = Lead.objects.filter(status=LeadStatus.CANCELLED).values_list("name", flat=True)
    assert set(rejected) == {"robot", "flood"}
