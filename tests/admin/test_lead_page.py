"""One lead's page."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.admin.html import written
from callbacks.models import CallAttempt, CallRecord, Extension, Team
from callbacks.routing import config
from leads import config_cache, intake
from leads.models import Lead, LeadSource


def page_of(lead: Lead) -> str:
    return f"/admin/leads/lead/{lead.pk}/change/"


def text(client: Client, lead: Lead) -> str:
    answer = client.get(page_of(lead))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def called(make_lead: Callable[..., Lead], extension: Extension) -> Lead:
    """A lead that was refused once, then connected."""
    now = timezone.now()
    at = now - timedelta(minutes=5)
    lead = make_lead(
        status="connected", submitted_at=at, clock_started_at=at, closed_at=now, connected_at=now,
        call_id="C-1", error_code=0, attempts=2, first_dialed_at=at + timedelta(seconds=3),
        rang_at=at + timedelta(seconds=9), time_to_ring=timedelta(seconds=9),
    )  # fmt: skip
    shared = {
        "lead": lead, "extension": extension, "phone": lead.phone, "hold_until": now,
        "extension_number": "101", "ended_at": now,
    }  # fmt: skip
    CallAttempt.objects.create(
        **shared, state="refused", claimed_at=at + timedelta(seconds=1),
        answered_at=at + timedelta(seconds=2), error_code=3, error_message="It is offline",
    )  # fmt: skip
    bridged = CallAttempt.objects.create(
        **shared, state="bridged", claimed_at=at + timedelta(seconds=2), call_id="C-1",
        answered_at=at + timedelta(seconds=3), connected_at=at + timedelta(seconds=20),
        error_code=0,
    )  # fmt: skip
    for leg in (1, 2):
        CallRecord.objects.create(
            call_id="C-1", type=f"Click2Call leg{leg}", leg=leg, status="ANSWER",
            attempt=bridged, dial_time=6, talk_time=150, payload={},
        )  # fmt: skip
    return lead


def test_it_tells_what_happened_in_order(managing: Client, called: Lead) -> None:
    story = text(managing, called).split("What happened")[1]
    wanted = [
        "Submitted: Website",
        "Call through extension 101 Dana",
        "Refused by the provider",
        "3: It is offline",
        "Accepted by the provider",
        "CALLID C-1",
        "The lead's phone was answered",
        "Record, salesperson's phone: ANSWER",
        "On the phone 2 min 30 s",
        "Record, lead's phone: ANSWER",
    ]
    places = [story.replace("&#x27;", "'").find(line) for line in wanted]
    assert -1 not in places, list(zip(wanted, places, strict=True))
    assert places == sorted(places)


@pytest.mark.parametrize("reason", ["read_timeout", "reset", "http_500", "unreadable", "call_id"])
def test_it_says_that_no_answer_tells_also_when_the_call_was_found_later(
    reason: str, managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    now = timezone.now()
    lead = make_lead(status="calling")
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101", state="unknown",
        claimed_at=now, answered_at=now, hold_until=now, failure_reason=reason,
    )  # fmt: skip
    assert "was lost" not in text(managing, lead)
    assert "does not tell whether it called" in text(managing, lead)
    CallAttempt.objects.filter(pk=attempt.pk).update(
        state="bridged", call_id="FOUND", connected_at=now, ended_at=now
    )
    said = text(managing, lead)
    assert "does not tell whether it called" in said
    assert "CALLID FOUND" in said


def test_duplicates_are_linked_both_ways(managing: Client, make_lead: Callable[..., Lead]) -> None:
    first = make_lead("+972505550101")
    second = make_lead("+972505550101")
    assert page_of(second) in managing.get(page_of(first)).content.decode()
    assert page_of(first) in managing.get(page_of(second)).content.decode()
    assert f"The number already had an open request: lead {first.pk}" in text(managing, second)


def test_all_that_was_asked_for_a_number_is_readable(
    managing: Client, source: LeadSource, team: Team, make_lead: Callable[..., Lead]
) -> None:
    chosen_at = timezone.now() + timedelta(days=9)
    first = make_lead("+972505550101", name="Noa Levi", message="In nine days")
    Lead.objects.filter(pk=first.pk).update(chosen_at=chosen_at, call_after=chosen_at)
    landing = LeadSource.objects.create(slug="landing", name="Landing page")
    team.sources.add(source, landing)
    intake.store(
        intake.Submission(
            landing, uuid.uuid4(), "Noa Cohen", first.phone, email="c@example.com", message="Now"
        )
    )
    page = text(managing, first)
    for said in [
        "Submitted: Website", f"Asked to be called: {written(chosen_at)}", "In nine days",
        "Asked again: Landing page", "Noa Cohen, c@example.com", "Now",
    ]:  # fmt: skip
        assert said in page
    assert "Noa Cohen · c@example.com" in page  # at the top, as the salesperson sees it


def test_more_attempts_cost_no_more_queries(
    managing: Client, called: Lead, extension: Extension
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            managing.get(page_of(called))
        return len(captured)

    queries()
    before = queries()
    now = timezone.now()
    for index in range(10):
        CallAttempt.objects.create(
            lead=called, phone=called.phone, extension_number=str(200 + index), state="ended",
            extension=Extension.objects.create(number=str(200 + index), team=extension.team),
            claimed_at=now, ended_at=now, hold_until=now, call_id=f"X-{index}",
        )  # fmt: skip
    config.current()  # loaded once for each version of the set-up
    config_cache.consent_texts.get()
    assert queries() == before


def test_what_a_visitor_typed_is_shown_as_text(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    evil = "<script>alert(1)</script>"
    lead = make_lead(name=evil, message=evil, error_message=evil)
    for address in (page_of(lead), "/admin/leads/lead/", f"/admin/leads/lead/{lead.pk}/call-now/"):
        page = managing.get(address).content.decode()
        assert evil not in page
        assert "&lt;script&gt;" in page


def form(lead: Lead, **values: Any) -> dict[str, Any]:
    management = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 0}
    return {
        "name": lead.name, "email": lead.email, "message": lead.message,
        **{f"call_attempts-{key}": value for key, value in management.items()}, **values,
    }  # fmt: skip


def test_a_manager_corrects_name_e_mail_and_message(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    wanted = {"name": "Noa Ben David", "email": "noa@example.com", "message": "After five."}
    assert managing.post(page_of(lead), form(lead, **wanted)).status_code == 302
    lead.refresh_from_db()
    assert {name: getattr(lead, name) for name in wanted} == wanted


def test_what_the_engine_owns_cannot_be_posted(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead("+972505550101")
    forged = {"phone": "+972505550199", "status": "connected", "call_id": "X", "attempts": 9}
    assert managing.post(page_of(lead), form(lead, **forged)).status_code == 302
    lead.refresh_from_db()
    assert (lead.phone, lead.status, lead.call_id, lead.attempts) == (
        "+972505550101", "waiting", "", 0,
    )  # fmt: skip


@contextmanager
def between_loading_and_saving(**values: object) -> Iterator[None]:
    """The engine writes while a manager's form is being saved."""

    def write(instance: Lead, **_kwargs: object) -> None:
        Lead.objects.filter(pk=instance.pk).update(**values)

    pre_save.connect(write, sender=Lead)
    try:
        yield
    finally:
        pre_save.disconnect(write, sender=Lead)


def test_saving_the_form_puts_nothing_back_that_the_engine_wrote_meanwhile(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    with between_loading_and_saving(status="calling", attempts=1):
        managing.post(page_of(lead), form(lead, name="Noa Ben David"))
    lead.refresh_from_db()
    assert (lead.name, lead.status, lead.attempts) == ("Noa Ben David", "calling", 1)


def test_leads_are_neither_added_nor_deleted_here(
    superuser: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    assert superuser.get("/admin/leads/lead/add/").status_code == 403
    answer = superuser.post(f"/admin/leads/lead/{lead.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    superuser.post(
        "/admin/leads/lead/",
        {"action": "delete_selected", "_selected_action": lead.pk, "post": "yes"},
    )
    assert Lead.objects.filter(pk=lead.pk).exists()
