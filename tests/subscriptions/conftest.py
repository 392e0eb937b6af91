"""A manager who gets a saved view by mail."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.models import ReportSubscription, SavedView
from callbacks.subscriptions import sending
from tests.support.logins import somebody_with

RIGHTS = ("leads.view_lead", "callbacks.export_leads", "callbacks.subscribe_reports")


@pytest.fixture
def reader(db: None, settings: object) -> User:
    settings.SITE_URL = "https://callbacks.example.com"  # type: ignore[attr-defined]
    return somebody_with(*RIGHTS, name="rina", email="rina@example.com")


@pytest.fixture
def subscribe(reader: User) -> Callable[..., ReportSubscription]:
    """subscribe(query, now=..., rhythm="weekly", ...): subscribes the reader to a view."""

    def make(
        query: str = "period=yesterday&by=source&show=main", now: datetime | None = None,
        **values: object,
    ) -> ReportSubscription:  # fmt: skip
        view = SavedView.objects.create(name="Morning", owner=reader, query=query)
        fields = {"rhythm": "daily", "zone": "Asia/Jerusalem", "hour": 8, **values}
        made = ReportSubscription(view=view, user=reader, **fields)
        sending.plan_next(made, now or timezone.now())
        made.save()
        return made

    return make
