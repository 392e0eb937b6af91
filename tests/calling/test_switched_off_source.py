"""A source is switched off: no new request gets in, and earlier leads are called as promised."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch, reschedule
from callbacks.explain import preview, waiting_reason
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

FORM = "/contact/website/"


@pytest.fixture
def switched_off(extension: Extension, source: LeadSource, make_lead: MakeLead) -> Lead:
    """A lead that came before its source was switched off."""
    lead = make_lead()
    source.is_active = False
    source.save()
    return lead


def test_a_lead_that_came_before_is_called(
    switched_off: Lead, client: Client, simulator: SimulatorProcess
) -> None:
    assert client.get(FORM).status_code == 404
    assert client.get(f"{FORM}{switched_off.public_id}/").status_code == 200
    assert client.get(f"/api/leads/{switched_off.public_id}/").json()["status"] == "waiting"
    reason = waiting_reason.of_lead(switched_off, timezone.now())
    assert reason
    assert reason.text.startswith("About to be called")
    reschedule.follow_the_hours()
    assert dispatch.call_due_leads() == 1
    assert dispatch.call_lead(switched_off.pk)
    assert CallAttempt.objects.get().state == AttemptState.ACCEPTED


def test_one_that_waits_for_later_follows_the_hours(switched_off: Lead) -> None:
    later = timezone.now() + timedelta(hours=1)
    Lead.objects.update(call_after=later, closed_until=later)
    reschedule.follow_changed_hours()
    switched_off.refresh_from_db()
    assert switched_off.call_after < later


def test_the_sources_page_and_the_preview_say_so(
    switched_off: Lead, source: LeadSource, admin_client: Client
) -> None:
    page = admin_client.get(f"/admin/leads/leadsource/{source.pk}/change/").content.decode()
    assert "This source is switched off: its form and API respond as if it did not exist." in page
    assert "1 lead submitted earlier is waiting and will still be called" in page
    rows = f"/admin/leads/lead/?source__id__exact={source.pk}&status__exact=waiting"
    assert rows.replace("&", "&amp;") in page
    assert f"/lead/{switched_off.pk}/" in admin_client.get(rows).content.decode()
    now = timezone.now()
    notes = preview.answer(preview.PreviewQuestion(source, now), now).notes
    assert "Leads submitted earlier are still called." in " ".join(notes)
