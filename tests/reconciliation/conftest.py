"""Calls whose answer was lost, in an account with one extension."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.telephony import rate_limit
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
TIMES = ("claimed_at", "sent_at", "answered_at", "missing_since", "hold_until")
LONG = timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _redis_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """If Redis were slow, requests to the Call Log would no longer be counted together."""
    monkeypatch.setattr(rate_limit, "TIMEOUT", 60.0)
    rate_limit._client.forget()
    yield
    rate_limit._client.forget()


@pytest.fixture
def account(simulator: SimulatorProcess, settings: Any) -> SimulatorProcess:
    """An account with one extension, whose phones ring for only two seconds."""
    simulator.control(extensions={"101": "online"})
    settings.VOICENTER_PHONE_MAX_DIAL_TIME = 2
    settings.VOICENTER_TARGET_MAX_DIAL_TIME = 2
    return simulator


@pytest.fixture
def lost(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> Callable[..., CallAttempt]:
    """lost("reset_after"): dials a new lead, and loses the answer by this fault."""

    def lose(kind: str, phone: str = "") -> CallAttempt:
        simulator.control(faults=[{"kind": kind}])
        attempt = dispatch.call_lead(make_lead(phone).pk)
        assert attempt
        assert attempt.state == AttemptState.UNKNOWN
        return attempt

    return lose


def pass_time(by: timedelta) -> None:
    """Makes every attempt this much older, and due for a look-up."""
    CallAttempt.objects.update(next_lookup_at=None, **{name: F(name) - by for name in TIMES})
    CallAttempt.objects.filter(state=AttemptState.ENDED).update(next_lookup_at=timezone.now())


def states() -> tuple[str, str]:
    return CallAttempt.objects.latest("pk").state, Lead.objects.latest("pk").status


def asked(simulator: SimulatorProcess, service: str) -> int:
    return sum(it["service"] == service for it in simulator.seen("/requests"))


TALKED = AttemptState.BRIDGED, LeadStatus.CONNECTED
