"""Requests that were held only because a check got no answer are judged again, and called."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest
from django.utils import timezone

from leads import intake, never_call
from leads.guard import held, pipeline
from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import CannotAnswer, Finding, Verdict
from leads.models import Lead, LeadSource, NeverCallNumber
from leads.submission import Submission

pytestmark = pytest.mark.django_db
WISH = {"key": "wish", "label": "Wish", "value": "Roulette"}
AWAY = "Nobody answers."


class Asked:
    """A check that gets an answer or not, and notes which requests it was asked about."""

    def __init__(self) -> None:
        self.is_away = True
        self.held: set[str] = set()
        self.seen: list[Submission] = []

    def __call__(self, submission: Submission, _now: datetime) -> Iterator[Finding]:
        self.seen.append(submission)
        if self.is_away:
            raise CannotAnswer(AWAY)
        if submission.phone in self.held:
            yield Finding("check", Verdict.HOLD, "Too many.")


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    monkeypatch.setitem(pipeline.OF_STRANGERS, "check", asked)
    return asked


def submit(source: LeadSource, place: int) -> Lead:
    known = Circumstances(address=ip_address("203.0.113.7"))
    phone = f"+97250555010{place}"
    return intake.store(
        Submission(
            source=source,
            key=uuid.uuid4(),
            name="Dana",
            phone=phone,
            circumstances=known,
            answers=(WISH,),
        )
    )


def stands(lead: Lead) -> tuple[str, str]:
    found = Lead.objects.get(pk=lead.pk)
    return found.status, found.error_message


def test_once_there_is_an_answer_they_are_called_or_held_for_a_reason(
    source: LeadSource, check: Asked
) -> None:
    leads = [submit(source, place) for place in range(3)]
    assert {stands(it) for it in leads} == {("held", AWAY)}
    check.is_away, check.held = False, {leads[1].phone}
    check.seen.clear()
    held.judge_again()
    assert [stands(it) for it in leads] == [("waiting", ""), ("held", "Too many."), ("waiting", "")]
    assert [it.phone for it in check.seen] == [it.phone for it in leads]
    assert [list(it.answers) for it in check.seen] == [[WISH]] * 3
    known = Circumstances(address=ip_address("203.0.113.7"))
    assert [it.circumstances for it in check.seen] == [known] * 3
    held.judge_again()
    assert len(check.seen) == 3  # no request is checked again


def test_without_an_answer_it_ends_with_the_first(source: LeadSource, check: Asked) -> None:
    leads = [submit(source, place) for place in range(3)]
    check.seen.clear()
    held.judge_again()
    assert len(check.seen) == 1
    assert {stands(it) for it in leads} == {("held", AWAY)}


def test_what_another_check_holds_stays_a_persons(source: LeadSource, check: Asked) -> None:
    never_call.add("+972505550100", "asked for it", None)
    lead = submit(source, 0)
    never_call.NeverCallNumber.objects.all().delete()
    check.is_away = False
    held.judge_again()
    status, reason = stands(lead)
    assert status == "held"
    assert "asked for it" in reason
    assert AWAY not in reason


def test_a_number_that_was_listed_meanwhile_is_not_called(source: LeadSource, check: Asked) -> None:
    lead = submit(source, 0)
    NeverCallNumber.objects.create(phone=lead.phone)  # does not close the lead
    check.is_away = False
    held.judge_again()
    status, reason = stands(lead)
    assert status == "held"
    assert "never-call list" in reason


@pytest.mark.parametrize("change", ["rejected", "a day old"])
def test_what_is_decided_or_old_is_left_alone(
    change: str, source: LeadSource, check: Asked
) -> None:
    lead, now = submit(source, 0), timezone.now()
    if change == "rejected":
        Lead.objects.update(status="cancelled", closed_at=now)
    else:
        Lead.objects.update(submitted_at=now - timedelta(days=1))
    before = stands(lead)
    check.is_away = False
    check.seen.clear()
    held.judge_again()
    assert stands(lead) == before
    assert check.seen == []
    assert not lead.findings.filter(is_unanswered=True).exists()
