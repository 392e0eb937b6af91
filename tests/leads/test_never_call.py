"""The never-call list: such a number is stored and held, and nobody and nothing dials it."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.calling import dial, dispatch, manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension
from leads import intake, never_call, number_guard
from leads.models import Lead, LeadSource, NeverCallNumber
from leads.phones import PhoneRefused
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+972505550101"


def listed(reason: str = "asked us to stop") -> NeverCallNumber:
    never_call.add(PHONE, reason, None)
    return NeverCallNumber.objects.get(phone=PHONE)


def test_a_request_of_such_a_number_is_held_and_the_visitor_reads_the_ordinary_page(
    client: Client, source: LeadSource
) -> None:
    listed()
    queued(empty=True)
    answer = client.post(
        "/api/leads/", {"source": "website", "name": "Noa Levi", "phone": "050-555 0101"}
    )
    assert answer.status_code == 201
    lead = Lead.objects.get()
    assert (lead.status, lead.closed_at) == ("held", None)
    assert "never-call list: asked us to stop" in lead.error_message
    assert queued() == []
    status = client.get(f"/api/leads/{lead.public_id}/").json()
    assert status["status"] == "received"
    assert "never" not in str(status)


def test_a_number_that_is_listed_has_its_waiting_lead_cancelled(
    make_lead: Callable[..., Lead],
) -> None:
    lead, other = make_lead(PHONE), make_lead("+972505550102")
    assert never_call.add(PHONE, "asked us to stop", None) is True
    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.status, other.status) == ("cancelled", "waiting")
    assert "asked us to stop" in lead.error_message


def test_the_first_reason_stays(db: None) -> None:
    dana = User.objects.create_user("dana")
    assert never_call.add(PHONE, "asked us to stop", dana)
    assert not never_call.add(PHONE, "another", None)
    entry = never_call.entry(PHONE)
    assert entry
    assert (entry.reason, entry.added_by) == ("asked us to stop", dana)


def test_whoever_wants_it_dialled_is_refused_and_told_why(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(PHONE, status="unreached", closed_at=timezone.now())
    listed()
    for wanted in (
        lambda: manual.call_now(lead.pk, None),
        lambda: manual.call_with(lead.pk, extension.pk, None),
        lambda: manual.play(lead.pk, "hello", None),
    ):
        with pytest.raises(CannotCall, match="never-call list: asked us to stop"):
            wanted()
    lead.refresh_from_db()
    assert lead.status == "unreached"
    assert simulator.ledger() == []


def test_a_lead_that_waits_all_the_same_is_not_dialled(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(PHONE)
    NeverCallNumber.objects.create(phone=PHONE)  # by whichever way
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == "failed"
    assert "never-call list" in lead.error_message
    assert simulator.ledger() == []


def test_an_attempt_that_was_committed_before_is_not_sent(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(PHONE, status="unreached", closed_at=timezone.now())
    manual.call_with(lead.pk, extension.pk, None)
    attempt = CallAttempt.objects.get()
    NeverCallNumber.objects.create(phone=PHONE)
    dial.dial_committed(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "refused"
    assert "never-call list" in attempt.error_message
    assert simulator.ledger() == []


def test_taken_off_the_list_it_is_called_again(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess
) -> None:
    entry = listed()
    lead = make_lead(PHONE)
    assert lead.status == "held"
    entry.delete()
    manual.call_now(lead.pk, None)
    assert dispatch.call_lead(lead.pk)
    assert len(simulator.ledger()) == 1


def test_later_requests_join_the_one_that_is_held(source: LeadSource) -> None:
    listed()
    first, second = (
        intake.store(intake.Submission(source=source, key=uuid.uuid4(), name="Noa", phone=PHONE))
        for _ in range(2)
    )
    assert (first.status, second.status) == ("held", "duplicate")


def test_a_visitor_is_told_nothing_by_the_form(source: LeadSource) -> None:
    listed()
    assert number_guard.accept("050-555 0101", source).e164 == PHONE
    with pytest.raises(PhoneRefused) as refused:
        number_guard.check_before_dial(PHONE, source)
    assert refused.value.code == "never_call"
