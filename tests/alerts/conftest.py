"""Receivers of alerts, and a clock that tests set and that looks for alerts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.alerts import patterns, watch
from callbacks.alerts.kinds import KINDS
from callbacks.alerts.webhook import send_next
from callbacks.mailing import outbox
from callbacks.models import (
    AlertReceiver,
    Extension,
)
from leads.models import Lead
from tests.support.mail_server import MailServer
from tests.support.mail_server import mail_server as smtp_server
from tests.support.webhook_receiver import WebhookReceiver

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem

# make_receiver(name="...", overdue=5, ...)
MakeReceiver = Callable[..., AlertReceiver]
MakeLead = Callable[..., Lead]
OVERDUE = {"lead_overdue": 5}


class Clock:
    """The test's time; `after` also looks for alerts at each new time."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller
        self.now = NOON

    def after(self, **since_noon: float) -> None:
        """Moves to a time after noon, looks for alerts, and sends what is due."""
        self.move(**since_noon)
        watch.watch()
        while send_next():
            pass
        while outbox.send_next():
            pass

    def move(self, **since_noon: float) -> None:
        """Moves to a time after noon, without a look."""
        self.now = NOON + timedelta(**since_noon)
        self._traveller.move_to(self.now, tick=False)


@pytest.fixture(autouse=True)
def _what_is_usual_is_of_this_test() -> None:
    patterns._usual.cache_clear()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock at noon."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def mail_server(settings: SettingsWrapper) -> Iterator[MailServer]:
    """A mail server over SMTP, in the settings as from EMAIL_URL."""
    with smtp_server() as running:
        settings.EMAIL_BACKEND = "callbacks.mailing.backends.Smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.DEFAULT_FROM_EMAIL = "Callbacks <callbacks@example.com>"
        yield running


@pytest.fixture
def make_receiver(
    db: None, clock: Clock, webhook: WebhookReceiver, settings: SettingsWrapper
) -> MakeReceiver:
    """make_receiver(thresholds={"lead_overdue": 5}): is sent webhooks at once, at any hour."""
    settings.WEBHOOKS_TO_LOOPBACK = True
    settings.SITE_URL = "https://callbacks.example.com"

    def make(**values: Any) -> AlertReceiver:
        defaults: dict[str, Any] = {
            "name": "The office",
            "channel": "webhook",
            "url": webhook.url,
            "thresholds": dict.fromkeys(KINDS, 0) | {"unknown_outcomes": 1},
            "least_gap": 1,
            "settled_until": clock.now,
        }
        return AlertReceiver.objects.create(**defaults | values)

    return make


@pytest.fixture
def late_lead(make_lead: MakeLead, extension: Extension) -> MakeLead:
    """late_lead(minutes=1): a lead that was due this long before noon."""

    def make(minutes: float = 10, **values: Any) -> Lead:
        due = NOON - timedelta(minutes=minutes)
        times = {"due_at": due, "clock_started_at": due, "call_after": due}
        return make_lead(**times, **values)

    return make


def rings(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(rang_at=NOON)


def summaries(webhook: WebhookReceiver) -> list[str]:
    return [it.json["summary"] for it in webhook.posted]
