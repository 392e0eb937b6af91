"""The never-call list: a listed number is stored and held, and is never dialled."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from callbacks.calling import dial, dispatch, manual
from callbacks.calling.apply_outcome import apply
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from leads import intake, never_call, number_guard
from leads.guard import held
from leads.models import Lead, LeadSource, ListedBy, NeverCallNumber
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


def test_a_held_lead_is_closed_by_it_too(make_lead: Callable[..., Lead]) -> None:
    lead = make_lead(PHONE, status="held", is_held_back=True)
    listed()
    lead.refresh_from_db()
    assert (lead.status, "asked us to stop" in lead.error_message) == ("cancelled", True)


@pytest.mark.parametrize("how", ["by hand", "erased"])
def test_a_call_that_is_on_goes_on_and_nothing_follows_it(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess, how: str
) -> None:
    lead = make_lead(PHONE)
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    if how == "erased":
        never_call.forget(PHONE)
    else:
        listed()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.hang_up_wanted) == ("accepted", False)
    with transaction.atomic():
        assert attempt.finish(AttemptState.LEAD_NO_ANSWER, timezone.now())
        apply(attempt, timezone.now())
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    assert [it["action"] for it in simulator.ledger()] == ["call"]


@pytest.mark.parametrize("entered", ["+970595550167", "+972595550167"])
@pytest.mark.parametrize("stored", ["+970595550167", "+972595550167"])
def test_both_spellings_of_one_line_are_one(
    entered: str, stored: str, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(stored)
    assert never_call.add(entered, "asked us to stop", None)
    assert not never_call.add(stored, "asked us to stop", None)
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    found = never_call.entry(stored)
    assert found
    assert found.phone == "+970595550167"


def test_an_erasure_leaves_no_number(settings: Settings) -> None:
    listed("Noa Levi, 050-555 0101, asked us to stop")
    never_call.forget(PHONE)
    kept = str(NeverCallNumber.objects.values())
    assert "505550101" not in kept
    assert "Levi" not in kept
    assert never_call.entry(PHONE)
    assert never_call.entry("+972505550102") is None
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, which the numbers were not listed with"
    assert never_call.entry(PHONE)
    settings.SECRET_KEY_FALLBACKS = []
    assert never_call.entry(PHONE) is None


def test_an_erasure_may_leave_a_number_callable_that_nobody_has_forbidden() -> None:
    never_call.forget(PHONE, lists=False)
    assert never_call.entry(PHONE) is None
    listed()
    never_call.forget(PHONE, lists=False)
    assert never_call.entry(PHONE)
    assert not NeverCallNumber.objects.exclude(phone=None).exists()


@pytest.mark.parametrize(
    ("by", "is_listed"),
    [("salesperson", False), ("visitor", True), ("erasure", True)],
)
def test_who_takes_back_their_own_word_takes_back_no_other(by: str, is_listed: bool) -> None:
    dana = User.objects.create_user("dana")
    never_call.add(PHONE, "said so", dana, ListedBy.SALESPERSON)
    never_call.add(PHONE, "said so too", None, ListedBy(by))
    never_call.take_back(PHONE, dana.pk)
    assert (never_call.entry(PHONE) is not None) is is_listed


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
    NeverCallNumber.objects.create(phone=PHONE)  # listed in whatever way
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
    assert held.release(lead.pk, timezone.now())
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
