"""Why an extension was rung, and why a lead waits, where managers read it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from leads.models import Lead

WHY = {
    "rule": "longest_idle",
    "team": "Sales",
    "free": 2,
    "looked": [["101", None, None], ["102", "on_call", None], ["103", None, None]],
}
SENTENCE = "101, idle longest of 2 free; 102 on a call"
LIST = "/admin/leads/lead/"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page_of(thing: Lead | CallAttempt) -> str:
    return f"/admin/{thing._meta.app_label}/{thing._meta.model_name}/{thing.pk}/change/"


@pytest.fixture
def attempt(make_lead: Callable[..., Lead], extension: Extension) -> CallAttempt:
    now = timezone.now()
    lead = make_lead(status="called", closed_at=now)
    return CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101", state="ended",
        claimed_at=now, ended_at=now, hold_until=now, routing_trace=WHY,
    )  # fmt: skip


def test_an_attempt_says_on_its_page_why_its_extension_was_rung(
    managing: Client, attempt: CallAttempt
) -> None:
    assert SENTENCE in text(managing, page_of(attempt))


def test_a_lead_says_it_in_its_story_and_beside_each_attempt(
    managing: Client, attempt: CallAttempt
) -> None:
    assert text(managing, page_of(attempt.lead)).count(SENTENCE) == 2


@pytest.mark.parametrize("old", [{}, [], {"looked": "all"}], ids=str)
def test_an_attempt_of_an_older_version_says_nothing(
    managing: Client, attempt: CallAttempt, old: Any
) -> None:
    CallAttempt.objects.update(routing_trace=old)
    for page in (page_of(attempt), page_of(attempt.lead)):
        assert "idle longest" not in text(managing, page)


def test_what_was_kept_is_shown_as_text(managing: Client, attempt: CallAttempt) -> None:
    evil = "<script>alert(1)</script>"
    CallAttempt.objects.update(routing_trace={**WHY, "looked": [[evil, "on_call", None]]})
    for page in (page_of(attempt), page_of(attempt.lead)):
        shown = managing.get(page).content.decode()
        assert evil not in shown
        assert "&lt;script&gt;" in shown


def test_a_lead_that_waits_says_why(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    Extension.objects.update(is_paused=True)
    lead = make_lead()
    assert "0 of 1 phones free: 101 paused." in text(managing, page_of(lead))
    assert "nobody free" in text(managing, LIST)


def test_a_lead_that_is_never_called_says_so(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    Team.objects.update(schedule=Schedule.objects.create(name="Never"))
    lead = make_lead()
    assert "Sales never opens." in text(managing, page_of(lead))
    assert "Sales never opens" in text(managing, LIST)


def test_a_lead_that_does_not_wait_says_nothing_of_it(
    managing: Client, attempt: CallAttempt
) -> None:
    assert "Waits because" not in text(managing, page_of(attempt.lead))


def test_a_list_of_many_that_wait_asks_no_more_than_one_of_a_few(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension, team: Team
) -> None:
    schedule = Schedule.objects.create(name="Office")
    for day in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="00:00", closes_at="00:00"
        )
    Team.objects.update(schedule=schedule)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            managing.get(LIST)
        return len(captured)

    make_lead()
    queries()
    before = queries()
    for n in range(20):
        at = timezone.now() + timedelta(hours=n - 10)
        make_lead(call_after=at, language="ru" if n % 2 else "")
    assert queries() == before
