"""Requests that were held back when they joined another request for their number.

They stand in the queue of held leads too, where somebody decides about them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.alerts import held_back
from callbacks.models import Extension
from leads import sla
from leads.guard import held
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus
from leads.models import Finding as Kept
from tests.admin.test_held_leads import ask, decide, listed

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
PHONE = "+972505550150"
WHY = "A program without an API key sent it, as robots do."


@pytest.fixture
def pair(make_lead: MakeLead) -> Callable[..., tuple[Lead, Lead]]:
    """A request in this status, and another that was held back when it joined the first."""

    def make(status: str, **values: Any) -> tuple[Lead, Lead]:
        closed_at = None if status in OPEN_STATUSES else timezone.now()
        is_held = status == LeadStatus.HELD
        first = make_lead(PHONE, status=status, is_held_back=is_held, closed_at=closed_at)
        joined = make_lead("+972505550151")
        told = {
            "status": LeadStatus.DUPLICATE, "duplicate_of": first, "is_held_back": True,
            "phone": PHONE, "closed_at": timezone.now(), "error_message": WHY,
            "name": "Mallory", **values,
        }  # fmt: skip
        Lead.objects.filter(pk=joined.pk).update(**told)
        joined.refresh_from_db()
        Kept.objects.create(lead=joined, asked="key", reason=WHY, at=timezone.now(), is_mild=True)
        return first, joined

    return make


Pair = Callable[..., tuple[Lead, Lead]]
# The status of the first request, and which of the two stand in the queue.
QUEUES = [
    ("waiting", ["joined"]),
    ("calling", ["joined"]),
    ("held", ["first", "joined"]),
    ("unreached", []),
    ("cancelled", []),
]


@pytest.mark.parametrize(("status", "expected"), QUEUES, ids=[it[0] for it in QUEUES])
def test_what_stands_in_the_queue(
    status: str, expected: list[str], managing: Client, pair: Pair
) -> None:
    names = dict(zip(("first", "joined"), pair(status), strict=True))
    assert sorted(listed(managing)) == sorted(names[it].pk for it in expected)
    [tile] = [
        it
        for it in managing.get("/admin/").context["tiles"]
        if str(it.title).startswith("Held for")
    ]
    assert tile.count == len(expected)
    assert [it.facts["held"] for it in held_back.oldest_held(timezone.now())] == (
        [len(expected)] if expected else []
    )


def test_one_that_nothing_is_against_stands_in_no_queue(managing: Client, pair: Pair) -> None:
    pair("waiting", is_held_back=False)
    assert listed(managing) == []


def test_the_row_says_why_and_leads_to_the_request_that_is_open(
    managing: Client, pair: Pair
) -> None:
    first, _joined = pair("waiting")
    page = managing.get("/admin/leads/heldlead/").content.decode()
    assert WHY in page
    assert f'/admin/leads/lead/{first.pk}/change/">lead {first.pk} (waiting)</a>' in page


def test_released_it_brings_the_call_forward(
    managing: Client, pair: Pair, extension: Extension
) -> None:
    first, joined = pair("waiting")
    later = timezone.now() + timedelta(hours=2)
    Lead.objects.filter(pk=first.pk).update(call_after=later, chosen_at=later, gap_until=later)
    [said] = decide(managing, "release_selected", [joined])
    assert said.startswith("Mallory: The request counts from now on")
    first.refresh_from_db()
    joined.refresh_from_db()
    assert (joined.status, joined.is_held_back) == ("duplicate", False)
    assert first.status == "waiting"
    assert first.call_after <= timezone.now()
    assert listed(managing) == []


def test_released_it_takes_the_place_of_one_that_is_held(
    managing: Client, pair: Pair, extension: Extension
) -> None:
    earlier = timezone.now() - timedelta(minutes=10)
    times = {"submitted_at": earlier, "clock_started_at": earlier, "waiting_since": earlier}
    first, joined = pair("held", due_at=earlier + timedelta(minutes=1), **times)
    decide(managing, "release_selected", [joined])
    first.refresh_from_db()
    joined.refresh_from_db()
    assert (joined.status, joined.is_held_back, joined.error_message) == ("waiting", False, "")
    assert joined.call_after <= timezone.now()
    assert joined.waited_held >= timedelta(minutes=9)
    assert joined.due_at == earlier + timedelta(minutes=1)
    assert (first.status, first.duplicate_of_id, first.is_held_back) == (
        "duplicate", joined.pk, True,
    )  # fmt: skip
    assert listed(managing) == [first.pk]


def test_rejected_it_goes_and_the_first_stays(managing: Client, pair: Pair) -> None:
    first, joined = pair("waiting", submitted_at=timezone.now() - timedelta(hours=9))
    [said] = decide(managing, "reject_selected", [joined])
    assert said == "Mallory: The request will not be called."
    first.refresh_from_db()
    joined.refresh_from_db()
    assert (first.status, joined.status) == ("waiting", "cancelled")
    assert not sla.is_counted(joined)
    assert listed(managing) == []


def test_both_rejected_are_told_of_once_each(managing: Client, pair: Pair) -> None:
    first, joined = pair("held")
    said = decide(managing, "reject_selected", [first, joined])
    assert sorted(said) == [f"{it.name}: The request will not be called." for it in (joined, first)]
    assert set(Lead.objects.values_list("status", flat=True)) == {"cancelled"}


def test_decided_meanwhile_nothing_is_done(managing: Client, pair: Pair) -> None:
    first, joined = pair("waiting")
    assert ask(managing, "reject_selected", [joined]).status_code == 200
    Lead.objects.filter(pk=first.pk).update(status="unreached", closed_at=timezone.now())
    assert decide(managing, "reject_selected", [joined]) == []
    joined.refresh_from_db()
    assert joined.status == "duplicate"
    assert held.release(joined.pk, timezone.now()) is False


def test_a_check_that_had_nobody_to_ask_is_asked_again(
    pair: Pair, extension: Extension, source: LeadSource
) -> None:
    first, joined = pair("waiting")
    later = timezone.now() + timedelta(hours=2)
    Lead.objects.filter(pk=first.pk).update(call_after=later, chosen_at=later, gap_until=later)
    joined.findings.update(is_unanswered=True, asked="rate")
    held.judge_again()
    joined.refresh_from_db()
    first.refresh_from_db()
    assert not joined.is_held_back
    assert first.call_after <= timezone.now()
