"""Each status change starts only from allowed statuses, and says whether it won."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import transitions
from leads.models import OPEN_STATUSES, Lead, LeadStatus

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db

NOW = timezone.now()
S = LeadStatus
WAYS: dict[str, tuple[Callable[[int], bool], set[LeadStatus], LeadStatus]] = {
    "put off": (lambda pk: transitions.put_off(pk, NOW, NOW), {S.WAITING}, S.WAITING),
    "refuse": (lambda pk: transitions.refuse(pk, "why", NOW), {S.WAITING}, S.FAILED),
    "cancel": (lambda pk: transitions.cancel(pk, NOW), {S.HELD, S.WAITING}, S.CANCELLED),
    "wait again": (
        lambda pk: transitions.wait_again(pk, NOW, NOW, claimed_at=NOW),
        {S.CALLING},
        S.WAITING,
    ),
    "close": (
        lambda pk: transitions.close(pk, S.CALLED, NOW, claimed_at=NOW),
        {S.CALLING},
        S.CALLED,
    ),
    "open again": (
        lambda pk: transitions.open_again(pk, NOW, NOW),
        set(S) - {S.CALLING, S.DUPLICATE},
        S.WAITING,
    ),
}


def stands(make_lead: MakeLead, status: LeadStatus) -> Lead:
    values: dict[str, object] = {"status": status, "connected_at": NOW}
    if status not in OPEN_STATUSES:
        values["closed_at"] = NOW
    if status == S.DUPLICATE:
        values["duplicate_of"] = make_lead()
    return make_lead(**values)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("status", S.values)
def test_it_starts_where_it_may_and_nowhere_else(
    make_lead: MakeLead, name: str, status: LeadStatus
) -> None:
    go, come_from, to = WAYS[name]
    lead = stands(make_lead, status)
    before = Lead.objects.filter(pk=lead.pk).values().get()
    assert go(lead.pk) is (status in come_from)
    after = Lead.objects.filter(pk=lead.pk).values().get()
    assert after["status"] == to if status in come_from else after == before


def test_opened_again_it_counts_from_now_and_waits(make_lead: MakeLead) -> None:
    lead = stands(make_lead, S.UNREACHED)
    later = NOW + timedelta(hours=1)
    assert transitions.open_again(lead.pk, later, NOW)
    lead.refresh_from_db()
    assert (lead.call_after, lead.counted_from, lead.closed_at) == (later, NOW, None)


def test_it_is_not_opened_again_beside_another_open_one_of_its_number(make_lead: MakeLead) -> None:
    closed = make_lead("+972505550190", status=S.FAILED, closed_at=NOW)
    make_lead("+972505550190")
    with pytest.raises(IntegrityError, match="lead_one_open_per_number"), transaction.atomic():
        transitions.open_again(closed.pk, NOW, NOW)
