"""Leads are kept for as long as their source says, and no longer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.admin.leads import retention_shown
from callbacks.models import AiData, CallAttempt, CallNote, CallRecord, Erasure, Extension
from callbacks.privacy import retention
from leads.models import AfterThat, Lead, LeadSource, LegalHold
from tests.admin.test_number_page import call
from tests.privacy.test_figures_stay import changed, counted
from tests.privacy.test_page import with_rights
from tests.reports import random_leads
from tests.support.admin_posting import confirm, said
from tests.support.admin_setup import a_source

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db


@pytest.fixture
def keeps(source: LeadSource) -> Callable[..., None]:
    """keeps(30): the source's leads are kept for thirty days, and have been for a week."""

    def keep(days: int | None, after: str = AfterThat.ANONYMOUS, since_days: float = -7) -> None:
        since = timezone.now() + timedelta(days=since_days)
        LeadSource.objects.filter(pk=source.pk).update(
            kept_days=days, after_that=after, kept_since=since
        )
        source.refresh_from_db()

    return keep


@pytest.fixture
def ended(make_lead: MakeLead) -> Callable[..., Lead]:
    """ended(40): a lead that arrived and ended forty days ago."""

    def make(days: float, **values: Any) -> Lead:
        at = timezone.now() - timedelta(days=days)
        row = {"status": "unreached", "closed_at": at, "submitted_at": at, "name": "Dana Bar"}
        return make_lead(**{**row, **values})

    return make


def names() -> list[str]:
    return list(Lead.objects.order_by("pk").values_list("name", flat=True))


def test_what_ended_longer_ago_is_made_anonymous_and_nothing_else(
    ended: Callable[..., Lead], keeps: Callable[..., None], extension: Extension
) -> None:
    old = ended(31)
    call(old, extension)
    ended(29, name="Noa Levi")
    keeps(30)
    retention.keep_to_it()
    assert names() == ["", "Noa Levi"]
    assert not CallAttempt.objects.filter(phone=old.phone).exists()
    receipt = Erasure.objects.get()
    assert (receipt.way, receipt.counts["leads.Lead"]) == ("retention", 1)
    retention.keep_to_it()
    assert Erasure.objects.get().counts == receipt.counts


NOT_TOUCHED = [
    ("one that waits", {"status": "waiting", "closed_at": None}),
    ("one that is held", {"status": "held", "closed_at": None}),
    ("one that is being called", {"status": "calling", "closed_at": None}),
]


@pytest.mark.parametrize("after", AfterThat.values)
@pytest.mark.parametrize(("what", "values"), NOT_TOUCHED, ids=[it[0] for it in NOT_TOUCHED])
def test_a_lead_that_is_open_stays(
    ended: Callable[..., Lead], keeps: Callable[..., None], what: str, values: dict[str, Any],
    after: str,
) -> None:  # fmt: skip
    first = ended(400, **values)
    ended(399, status="duplicate", duplicate_of=first, name="Noa Levi")
    keeps(30, after)
    retention.keep_to_it()
    assert names() == ["Dana Bar", "Noa Levi"]


@pytest.mark.parametrize("after", AfterThat.values)
def test_a_lead_with_a_call_on_or_under_a_legal_hold_stays(
    ended: Callable[..., Lead], keeps: Callable[..., None], extension: Extension, after: str
) -> None:
    LegalHold.objects.create(lead=ended(400), reason="A dispute")
    on = ended(400, name="Noa Levi")
    now = timezone.now()
    call(on, extension, state="accepted", outcome="", ended_at=None, hold_until=now)
    keeps(30, after)
    retention.keep_to_it()
    assert names() == ["Dana Bar", "Noa Levi"]


def test_a_source_that_says_nothing_keeps_them(
    ended: Callable[..., Lead], keeps: Callable[..., None]
) -> None:
    ended(4000)
    keeps(None)
    retention.keep_to_it()
    assert names() == ["Dana Bar"]


def test_a_change_holds_a_day_later_and_the_page_says_what_will_be_done(
    ended: Callable[..., Lead], keeps: Callable[..., None], source: LeadSource, admin_client: Client
) -> None:
    for days in (40, 41, 26):
        ended(days)
    address = f"/admin/leads/leadsource/{source.pk}/change/"
    fields = a_source(slug=source.slug, name=source.name, kept_days="30")
    assert admin_client.post(address, fields).status_code == 302
    retention.keep_to_it()
    assert names() == ["Dana Bar"] * 3
    source.refresh_from_db()
    [first, *_] = retention_shown.sentences(source, timezone.now())
    assert source.kept_since
    a_day = timedelta(days=1)
    assert a_day - timedelta(hours=1) < source.kept_since - timezone.now() <= a_day
    assert first.startswith("2 leads will be made anonymous on")
    assert f"{timezone.localtime(source.kept_since):%A}" in first
    assert first in admin_client.get(address).content.decode()
    LeadSource.objects.update(kept_since=timezone.now())
    retention.keep_to_it()
    assert names() == ["", "", "Dana Bar"]


def test_deleted_ones_are_gone_with_all_that_belongs_to_them(
    ended: Callable[..., Lead], keeps: Callable[..., None], extension: Extension
) -> None:
    first = ended(40)
    ended(39, status="duplicate", duplicate_of=first)
    attempt = call(first, extension)
    CallNote.objects.create(attempt=attempt, lead=first, note="x", written_at=timezone.now())
    record = CallRecord.objects.create(call_id="x", type="leg2", attempt=attempt, payload={})
    AiData.objects.create(record=record)
    keeps(30, AfterThat.DELETED)
    for _ in range(2):  # first the leads that joined another one
        retention.keep_to_it()
    for model in (Lead, CallAttempt, CallNote, CallRecord, AiData):
        assert not model.objects.exists(), model


def test_a_legal_hold_is_placed_with_a_reason_and_lifted(
    ended: Callable[..., Lead], admin_client: Client
) -> None:
    lead = ended(1)
    page = f"/admin/leads/lead/{lead.pk}"
    manager = with_rights("view_lead", "change_lead")
    assert manager.get(f"{page}/legal-hold/").status_code == 403
    confirm(admin_client, f"{page}/legal-hold/")
    assert not LegalHold.objects.exists()  # because no reason was given
    answer = confirm(admin_client, f"{page}/legal-hold/", reason="A dispute about a ladder")
    assert said(answer) == ["Dana Bar: The lead is under a legal hold."]
    assert "A dispute about a ladder" in answer.content.decode()
    assert said(confirm(admin_client, f"{page}/lift-hold/")) == [
        "Dana Bar: The legal hold is lifted."
    ]
    assert not LegalHold.objects.exists()


def test_nothing_is_written_about_who_was_erased(
    ended: Callable[..., Lead], keeps: Callable[..., None], admin_client: Client
) -> None:
    lead = ended(40)
    keeps(30)
    retention.keep_to_it()
    page = f"/admin/leads/lead/{lead.pk}/change/"
    shown = admin_client.get(page)
    assert shown.status_code == 200
    assert 'name="name"' not in shown.content.decode()
    assert admin_client.post(page, {"name": "Dana Bar"}).status_code == 403


def test_a_sweep_does_a_bounded_number(
    ended: Callable[..., Lead], keeps: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for days in (40, 60, 50):
        ended(days, name=f"Lead {days}")
    keeps(30)
    retention.keep_to_it()
    assert sorted(names()) == ["", "", "Lead 40"]


def test_no_figure_of_any_report_changes() -> None:
    random_leads.rows(2)
    LeadSource.objects.update(kept_days=1, kept_since=timezone.now() - timedelta(days=1))
    before = counted()
    for _ in range(20):
        retention.keep_to_it()
    assert Lead.objects.exclude(erased_at=None).count() > 20
    assert changed(before, counted()) == []
