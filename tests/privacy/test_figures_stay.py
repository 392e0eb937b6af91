"""Reports show the same figures before and after everybody is erased."""

import math
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Max, Min, Sum

from callbacks.models import CallAttempt
from callbacks.privacy.erasing import Numbers, erase_lead
from callbacks.reports.groupings import ALL
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import Table, figures
from leads import erased
from leads.models import OPEN_STATUSES, Lead
from tests.reports import random_leads
from tests.reports.random_leads import NOW
from tests.reports.test_figures import ASKED, YEAR

pytestmark = pytest.mark.django_db


def plain(table: Table) -> list[Any]:
    """Each row's figures."""
    return [
        (row.key, row.label, key, figure.value, figure.leads, figure.out_of)
        for row in (*table.rows, table.total)
        for key, figure in row.figures.items()
    ]


def changed(before: list[Any], after: list[Any]) -> list[tuple[Any, Any]]:
    """The lines that differ. pytest would take minutes to explain how two whole lists differ."""
    return [it for it in zip(before, after, strict=True) if not _same(*it)]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal; floats may differ slightly, by the order of their sum."""
    if not isinstance(one, tuple):
        return bool(one == other)
    pairs = zip(one, other, strict=True)
    return all(a == b or (isinstance(a, float) and math.isclose(a, b)) for a, b in pairs)


def counted() -> list[Any]:
    """All figures of all groups, and sums over the calls and leads."""
    tables = [
        it
        for asked in (ASKED, YEAR)
        for grouping in ALL.values()
        for it in plain(figures(asked, MEASURES.values(), grouping, now=NOW))
    ]
    of_calls = CallAttempt.objects.values("state", "outcome", "extension", "salesperson")
    return [
        *tables,
        *list(of_calls.order_by(*of_calls.query.values_select).annotate(
            Count("pk"), Min("claimed_at"), Max("ended_at"), Sum("talk_time"), Sum("leg1_time")
        )),
        *list(Lead.objects.order_by("pk").values(
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
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the rows may be read in another order now
    assert changed(before, counted()) == []
    assert all(erased.is_placeholder(lead.phone) and not lead.name for lead in gone)
    assert not gone.filter(status__in=OPEN_STATUSES).exists()
