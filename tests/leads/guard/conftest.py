"""Requests from chosen addresses, with all counters starting at zero."""

import uuid
from datetime import datetime
from ipaddress import ip_address

import pytest
import redis
from pytest_django.fixtures import Settings

from leads import intake
from leads.guard import counters
from leads.guard.circumstances import Circumstances
from leads.models import Lead, LeadSource, LeadStatus
from leads.submission import Submission

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
WAITING, HELD, DUPLICATE = LeadStatus.WAITING, LeadStatus.HELD, LeadStatus.DUPLICATE


@pytest.fixture
def counting(settings: Settings, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATES_EXEMPT = []
    broker.flushdb()
    counters._script.cache_clear()
    monkeypatch.setattr(counters, "_breaker", counters._Breaker())
    # Redis is running, but may be slow on a busy machine.
    monkeypatch.setattr(counters, "TIMEOUT", 60.0)
    monkeypatch.setattr(counters, "LONGEST_WAIT", 60.0)


def number(place: int) -> str:
    return f"+97250555{place:04d}"


def submit(
    source: LeadSource, place: int, sender: str = HERE, at: datetime | None = None, **values: object
) -> Lead:
    values = {"key": uuid.uuid4(), "phone": number(place), **values}
    known = Circumstances(address=ip_address(sender))
    return intake.store(
        Submission(source=source, name="Dana", circumstances=known, **values),  # type: ignore[arg-type]
        at,
    )


@pytest.fixture
def off(settings: Settings) -> Settings:
    for name in ("ADDRESS", "ADDRESS_NUMBERS", "NUMBER", "SOURCE", "COUNTRY", "ADDRESS_REFUSED"):
        setattr(settings, f"RATE_{name}", ())
    return settings
