"""A manager's "Call now" and "Cancel", and hours that change or end while a lead waits."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.utils import timezone

from callbacks.calling import dispatch, manual, manual_requests, reschedule
from callbacks.models import CallAttempt, Extension, OpeningHours, Team
from callbacks.models.attempt_states import AttemptState
from leads.models import Lead, LeadStatus
from tests.calling.test_dispatch import call, open_tomorrow
from tests.support.queue import follow_changed_hours
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def test_call_now_opens_a_closed_lead_again(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    manual.call_now(lead.pk, None)
    assert call(lead).state == AttemptState.ACCEPTED


def test_call_now_refuses_what_would_be_a_second_call(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead("+972505550120")
    again = make_lead("+972505550120")
    with pytest.raises(manual_requests.CannotCall, match="repeated request"):
        manual.call_now(again.pk, None)
    call(lead)
    with pytest.raises(manual_requests.CannotCall, match="being called right now"):
        manual.call_now(lead.pk, None)
    closed = make_lead(status=LeadStatus.FAILED, closed_at=timezone.now())
    Lead.objects.filter(pk=closed.pk).update(phone=lead.phone)
    with pytest.raises(manual_requests.CannotCall, match="another open request"):
        manual.call_now(closed.pk, None)


def test_a_cancelled_lead_is_not_called(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    manual.cancel(lead.pk, None)
    assert dispatch.call_lead(lead.pk) is None
    with pytest.raises(manual_requests.CannotCall):
        manual.cancel(lead.pk, None)
    assert simulator.ledger() == []


def test_call_now_starts_the_count_of_tries_again(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead = make_lead()
    for _ in range(4):
        CallAttempt.objects.create(
            lead=lead,
            extension=extension,
            phone=lead.phone,
            extension_number="101",
            state=AttemptState.NOT_SENT,
            claimed_at=timezone.now(),
            hold_until=timezone.now(),
            ended_at=timezone.now(),
        )
    Lead.objects.update(status=LeadStatus.FAILED, closed_at=timezone.now())
    manual.call_now(lead.pk, None)
    simulator.control(faults=[{"kind": "application_error", "count": 1}])
    call(lead)
    assert lead.call_after - timezone.now() <= timedelta(seconds=5)


def test_call_now_outside_opening_hours_says_when(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    team.schedule = open_tomorrow()
    team.save()
    assert "Nobody is on shift" in manual.call_now(lead.pk, None)
    team.schedule = None
    team.is_active = False
    team.save()
    assert "No team answers" in manual.call_now(lead.pk, None)


def test_a_lead_that_waits_for_an_opening_follows_when_the_hours_change(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    team.schedule = open_tomorrow()
    team.save()
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    assert lead.call_after > timezone.now()
    OpeningHours.objects.create(
        schedule=team.schedule,
        weekday=timezone.now().weekday(),
        opens_at=time(0),
        closes_at=time(0),
    )
    follow_changed_hours()
    lead.refresh_from_db()
    assert lead.call_after <= timezone.now()


def test_a_lead_nobody_got_to_before_closing_is_told_the_next_opening(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    team.schedule = open_tomorrow()
    team.save()
    assert reschedule.follow_the_hours() == 1
    lead.refresh_from_db()
    assert lead.call_after > timezone.now()
