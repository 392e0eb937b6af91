"""What a manager reads of the challenge that a held request's browser was asked to solve."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from leads.guard import challenge, findings
from leads.guard.verdicts import Finding, Judgement, Verdict
from leads.models import Lead, NeverCallNumber
from tests.support.challenges import solve

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
LIST = "/admin/leads/heldlead/"
MILD = Finding("robot", Verdict.HOLD, "Too quick.", is_mild=True)
HARD = Finding("rate", Verdict.HOLD, "Too many.")


def held(make_lead: MakeLead, *against: Finding) -> Lead:
    lead = make_lead(status="held", is_held_back=True)
    findings.keep(lead, Judgement(against), timezone.now())
    return lead


def test_asked_or_not_and_solved(
    make_lead: MakeLead, managing: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge, "MOST", 40)
    lead, now = held(make_lead, MILD), timezone.now()
    page = managing.get(LIST).content.decode()
    assert "Too quick." in page
    assert "No browser asked for the challenge that would release this request" in page
    told = challenge.ask(lead, now)
    assert "was asked to solve a challenge at" in managing.get(LIST).content.decode()
    NeverCallNumber.objects.create(phone=lead.phone, reason="asked for it")
    assert challenge.answer(lead, solve(told), now)
    page = managing.get(LIST).content.decode()
    assert "browser solved the challenge at" in page
    assert "This number is on the never-call list: asked for it." in page
    page = managing.get(f"/admin/leads/lead/{lead.pk}/change/").content.decode()
    assert "The visitor&#x27;s browser was asked to solve a challenge" in page
    assert "The visitor&#x27;s browser solved the challenge" in page


def test_nothing_of_it_where_it_would_not_help(make_lead: MakeLead, managing: Client) -> None:
    held(make_lead, MILD, HARD)
    page = managing.get(LIST).content.decode()
    assert "Too quick." in page
    assert "No browser asked for the challenge" not in page
