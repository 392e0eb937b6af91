"""Where the sentence about a late lead stands: on its page, and in lists of late leads."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, Pause
from leads.models import Lead

pytestmark = pytest.mark.django_db
SENTENCE = "late so far: "


@pytest.fixture
def late(make_lead: Callable[..., Lead], extension: Extension) -> Lead:
    """A lead that was due a minute ago, for which no phone has rung."""
    Extension.objects.update(is_paused=True)
    began = timezone.now() - timedelta(minutes=2)
    Pause.objects.update(began_at=began)
    return make_lead(
        submitted_at=began,
        clock_started_at=began,
        waiting_since=began,
        call_after=began,
        due_at=began + timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("address", "is_there"),
    [
        ("/admin/leads/lead/{pk}/change/", True),
        ("/admin/leads/lead/?overdue=yes", True),
        # A lead from just before midnight counts as yesterday's.
        ("/admin/leads/lead/?report=period%3D7%26measure%3Dmissed", True),
        ("/admin/leads/lead/", False),
    ],
    ids=["page", "overdue", "behind a number", "all leads"],
)
def test_where_it_stands(admin_client: Client, late: Lead, address: str, is_there: bool) -> None:
    page = admin_client.get(address.format(pk=late.pk)).content.decode()
    assert "Noa Levi" in page
    assert (SENTENCE in page) is is_there
    assert ("with nobody free (1 of 1 paused)" in page) is is_there
