"""Reports count the same before and after everybody was erased."""

from typing import Any

import pytest
from django.db.models import Count, Max, Min, Sum

from callbacks.models import CallAttempt
from callbacks.privacy.erasing import Numbers, erase_lead
from callbacks.reports.groupings import ALL
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import figures
from leads import erased
from leads.models import OPEN_STATUSES, Lead
from tests.reports import random_leads
from tests.reports.random_leads import NOW
from tests.reports.test_figures import ASKED, YEAR

pytestmark = pytest.mark.django_db


def counted() -> list[Any]:
    """All figures of all groups, and what was added up of the calls."""
    tables = [
        figures(asked, MEASURES.values(), grouping, now=NOW)
        for asked in (ASKED, YEAR)
        for grouping in ALL.values()
    ]
    of_calls = CallAttempt.objects.values("state", "outcome", "extension", "salesperson")
    return [
        tables,
        list(of_calls.order_by(*of_calls.query.values_select).annotate(
            Count("pk"), Min("claimed_at"), Max("ended_at"), Sum("talk_time"), Sum("leg1_time")
        )),
        list(Lead.objects.order_by("pk").values(
            "status", "submitted_at", "due_at", "closed_at", "rang_at", "connected_at",
            "time_to_ring", "time_to_talk", "waited_extension", "attempts", "by_extension",
            "duplicate_of", "disposition",
        )),
    ]  # fmt: skip


def test_every_figure_of_every_report_stays() -> None:
    random_leads.rows(1)
    before = counted()
    numbers = Numbers()
    done = [erase_lead(lead.pk, numbers, NOW) for lead in Lead.objects.all()]
    gone = Lead.objects.exclude(erased_at=None)
    assert gone.count() == sum(it is not None for it in done) > 50
    assert counted() == before
    assert all(erased.is_placeholder(lead.phone) and not lead.name for lead in gone)
    assert not gone.filter(status__in=OPEN_STATUSES).exists()
