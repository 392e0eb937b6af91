"""The same request again: a second click is the same request, a later repetition is a new one."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource, LeadStatus
from tests.leads.test_intake import all_at_once
from tests.support.asking import asked
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import (
    PHONE,
    Visitor,
    call,
    ends,
    in_days,
    pass_by,
    waits_for_a_retry,
)

pytestmark = pytest.mark.django_db(transaction=True)

ASAP: dict[str, str] = {}


def at(days: int) -> dict[str, str]:
    return {"call_at": in_days(days)}


@pytest.mark.parametrize(
    ("wishes", "called_in"),
    [
        ([ASAP, at(3), ASAP], 0),
        ([ASAP, at(3), ASAP, at(3)], 3),
        ([at(3), at(5), at(3)], 3),
        ([at(5), at(3), at(5)], 5),
        ([at(3), ASAP, at(3)], 3),
        ([ASAP, at(3), at(5), at(3), ASAP], 0),
        ([ASAP, at(3), at(3)], 3),
        ([at(3), at(3)], 3),
    ],
    ids=[
        "now, 3 days, now", "now, 3, now, 3", "3, 5, 3", "5, 3, 5", "3, now, 3",
        "back through all of them", "a second click on 3", "the first one twice",
    ],
)  # fmt: skip
def test_the_last_of_several_equal_wishes_counts(
    wishes: list[dict[str, str]], called_in: int, source: LeadSource, extension: Extension
) -> None:
    visitor, now = Visitor(), timezone.now()
    sent = [visitor.sends(**wish) for wish in wishes]
    lead = sent[0]
    lead.refresh_from_db()
    assert round((lead.call_after - now) / timedelta(days=1)) == called_in
    assert visitor.status() == ("scheduled" if called_in else "waiting")
    repeated = sum(one == other for one, other in pairwise(wishes))
    assert Lead.objects.count() == len(wishes) - repeated


def test_it_is_called_now_when_now_was_the_first_wish_and_the_last(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    visitor.sends(**at(3))
    assert call(lead) is None
    visitor.sends()
    assert call(lead)
    assert len(simulator.ledger()) == 1


@pytest.mark.parametrize("changed", ["message", "name", "email"])
def test_what_was_written_first_and_last_is_what_is_read(
    changed: str, source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    first, other = {
        "message": ("x", "y"),
        "name": ("Noa", "Noa Levi"),
        "email": ("x@example.com", ""),
    }[changed]
    lead = visitor.sends(**{changed: first})
    for text in (other, first, first):
        visitor.sends(**{changed: text})
    assert getattr(Lead.objects.get(pk=lead.pk).newest_request(), changed) == first
    assert Lead.objects.count() == 3


def test_a_wish_repeated_after_somebody_elses_counts(
    source: LeadSource, extension: Extension
) -> None:
    owner, now = Visitor(), timezone.now()
    lead = owner.sends(**at(3))
    Visitor().sends(message="Now")
    owner.sends(**at(3))
    lead.refresh_from_db()
    assert round((lead.call_after - now) / timedelta(days=1)) == 3
    assert Lead.objects.get(pk=lead.pk).newest_request().submitter == lead.submitter


@pytest.mark.parametrize(
    "first", [ASAP, at(0)], ids=["as soon as possible", "after a second click"]
)
def test_the_same_page_during_a_wait_for_a_retry(
    first: dict[str, str], source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    lead, ended_at = waits_for_a_retry(visitor)
    pass_by()
    again = visitor.sends()
    assert again != lead
    if first:
        assert visitor.sends() == again
    assert call(lead) is None  # the gap is not over
    lead.refresh_from_db()
    assert lead.call_after == ended_at + timedelta(seconds=60)


def test_the_same_page_during_a_call_is_called_when_the_gap_is_over(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    attempt = call(lead)
    assert attempt
    pass_by()
    again = visitor.sends()
    assert again != lead
    assert visitor.sends() == again  # a second click
    assert visitor.status() == "calling"
    ends(attempt, "ANSWER", "NOANSWER")
    assert call(lead) is None
    lead.refresh_from_db()
    assert lead.call_after - timezone.now() < timedelta(seconds=61)


def test_the_same_page_during_the_second_call_too(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    sent = {lead.pk}
    for _ in range(2):
        Lead.objects.filter(pk=lead.pk).update(call_after=timezone.now())
        attempt = call(lead)
        assert attempt
        pass_by()
        sent.add(visitor.sends().pk)
        ends(attempt, "ANSWER", "NOANSWER")
        CallAttempt.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    assert len(sent) == 3


def test_a_second_click_while_the_call_is_just_being_sent_is_one_request(
    source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    assert claims.claim(lead.pk, asked(extension.team), timezone.now(), timedelta(hours=1))
    assert visitor.sends() == lead


@pytest.mark.parametrize("during", ["a wait", "a call"])
def test_many_clicks_at_once_are_one_more_request(
    during: str, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    lead = visitor.sends() if during == "a call" else waits_for_a_retry(visitor)[0]
    if during == "a call":
        assert call(lead)
    pass_by()
    again = all_at_once(*[Visitor(token=visitor.token).sends] * 6)
    assert len({it.pk for it in again}) == 1
    assert Lead.objects.count() == 2


def test_a_page_that_is_sent_again_from_its_link_pushes_its_own_call_back(
    source: LeadSource, extension: Extension
) -> None:
    owner, now = Visitor(), timezone.now()
    lead = owner.sends(**at(3))
    Visitor().sends()
    owner.sends_from_the_page(**at(3))
    lead.refresh_from_db()
    assert round((lead.call_after - now) / timedelta(days=1)) == 3


def test_the_same_page_after_the_lead_has_gone_to_another_source_and_back(
    source: LeadSource, extension: Extension
) -> None:
    """Website, landing page, website: all from one browser, with the same token."""
    landing = LeadSource.objects.create(slug="landing", name="Landing page")
    visitor = Visitor()
    lead = visitor.sends(message="x")
    visitor.sends("landing", message="x")
    visitor.sends(message="x")
    newest = Lead.objects.get(pk=lead.pk).newest_request()
    assert (newest.source, Lead.objects.count()) == (source, 3)
    assert landing.leads.count() == 1


def test_the_wrong_number_the_right_one_and_the_first_again(
    source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    visitor.sends()
    visitor.sends(phone="050-555 0102")
    visitor.sends(phone=PHONE)
    [waiting] = Lead.objects.filter(status=LeadStatus.WAITING)
    assert waiting.phone == "+972505550101"


@pytest.mark.parametrize(
    ("became", "seconds", "is_new"),
    [
        ("is on a call", 29, False),
        ("is on a call", 31, True),
        ("did not answer", 29, False),
        ("did not answer", 31, True),
        ("talked", 29, False),
        ("talked", 119, False),
        ("talked", 121, True),
        ("was cancelled", 5, True),
    ],
)
def test_a_quick_repetition_is_the_same_request_whatever_its_call_has_come_to(
    became: str, seconds: int, is_new: bool, source: LeadSource, extension: Extension,
    simulator: SimulatorProcess,
) -> None:  # fmt: skip
    """A browser that did not get the answer sends again, and the call may be over by then."""
    visitor = Visitor()
    lead = visitor.sends()
    attempt = call(lead)
    assert attempt
    if became == "did not answer":
        ends(attempt, "ANSWER", "NOANSWER")
    elif became == "talked":
        ends(attempt, "ANSWER", "ANSWER")
    elif became == "was cancelled":
        ends(attempt, "ANSWER", "NOANSWER")
        Lead.objects.update(status=LeadStatus.CANCELLED, closed_at=timezone.now())
    pass_by(seconds)
    # As if no time had passed until now.
    with time_machine.travel(lead.submitted_at, tick=False):
        assert (visitor.sends() != lead) is is_new
    assert Lead.objects.count() == 1 + is_new
