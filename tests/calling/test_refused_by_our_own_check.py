"""A call that our own check refuses before any request: whose fault it is, and what it counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling import dial, dispatch, manual
from callbacks.models import CallAttempt, CallParameters, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import MAX_ATTEMPTS, Outcome
from callbacks.routing import number_limits
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


# Both get past the checks of the admin: a number in the form of a SIP code that no provider would
# take, and a parameter that was written into the table by other means.
def extension_is_wrong(extension: Extension) -> None:
    Extension.objects.filter(pk=extension.pk).update(number="0505550130123")


def source_is_wrong(extension: Extension) -> None:
    CallParameters.objects.create(source=LeadSource.objects.get(), language="Hebrew")


WHOSE = pytest.mark.parametrize(
    ("break_it", "outcome", "counts"),
    [(extension_is_wrong, Outcome.MISCONFIGURED, False), (source_is_wrong, Outcome.INVALID, True)],
    ids=["the extension's", "the lead's"],
)


def tried(lead: Lead, extension: Extension, times: int) -> None:
    """Calls of this lead that count, from two days ago."""
    at = timezone.now() - timedelta(days=2)
    Lead.objects.filter(pk=lead.pk).update(counted_from=at, attempts=times)
    CallAttempt.objects.bulk_create(
        CallAttempt(
            lead=lead, extension=extension, extension_number=extension.number, phone=lead.phone,
            state="bad_number", outcome="bad_number", claimed_at=at, ended_at=at, hold_until=at,
        )
        for _ in range(times)
    )  # fmt: skip


@WHOSE
def test_it_counts_as_a_try_if_it_is_the_leads(
    make_lead: MakeLead,
    extension: Extension,
    simulator: SimulatorProcess,
    break_it: Callable[[Extension], None],
    outcome: Outcome,
    counts: bool,
) -> None:
    lead = make_lead()
    tried(lead, extension, MAX_ATTEMPTS - 1)
    break_it(extension)
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.failure_reason) == (outcome.value, "invalid_call")
    assert (attempt.state, attempt.error_code) == (AttemptState.REFUSED, None)
    lead.refresh_from_db()
    assert lead.status == (LeadStatus.FAILED if counts else LeadStatus.WAITING)
    assert lead.attempts == MAX_ATTEMPTS
    # Nothing was sent, so no phone has rung.
    assert simulator.ledger() == []
    assert number_limits.number_limited_until(lead.phone, lead.source_id, timezone.now()) is None


@WHOSE
def test_the_lead_is_tried_twice_if_it_is_its_own_fault(
    make_lead: MakeLead,
    team: Team,
    extension: Extension,
    simulator: SimulatorProcess,
    break_it: Callable[[Extension], None],
    outcome: Outcome,
    counts: bool,
) -> None:
    lead = make_lead()
    Extension.objects.create(number="102", team=team, queue_position=1)
    break_it(extension)
    seen: list[Any] = []
    for _ in range(2):
        attempt = dispatch.call_lead(lead.pk)
        assert attempt
        lead.refresh_from_db()
        seen.append((attempt.state, lead.status))
    first, second = (AttemptState.REFUSED, LeadStatus.WAITING), seen[1]
    assert seen[0] == first
    if counts:
        assert second == (AttemptState.REFUSED, LeadStatus.FAILED)
        assert lead.error_message.startswith("language")
        assert simulator.ledger() == []
    else:
        assert second == (AttemptState.ACCEPTED, LeadStatus.CALLING)
        assert [it["phone"] for it in simulator.ledger()] == ["102"]
    extension.refresh_from_db()
    assert extension.is_paused is not counts


def test_no_extension_is_suspected_for_what_the_provider_has_not_said(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    """Two leads that our own check refuses say nothing about the extension they were to get."""
    source_is_wrong(extension)
    for _ in range(2):
        assert dispatch.call_lead(make_lead().pk)
    extension.refresh_from_db()
    assert extension.unavailable_reason == ""


def test_nor_for_numbers_that_may_not_be_called_any_more(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    for _ in range(2):
        lead = make_lead()
        manual.call_with(lead.pk, extension.pk, user=None)
        attempt = CallAttempt.objects.get(lead=lead)
        LeadSource.objects.update(allowed_countries=["US"])
        dial.dial_committed(attempt.pk)
        attempt.refresh_from_db()
        assert (attempt.outcome, attempt.failure_reason) == ("invalid", "number")
        LeadSource.objects.update(allowed_countries=["IL"])
    extension.refresh_from_db()
    assert extension.unavailable_reason == ""
    assert simulator.ledger() == []
