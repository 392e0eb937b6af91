"""A provider whose clock is minutes wrong: calls are still found in its lists, so no lead is called
twice.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import lookup
from callbacks.telephony import account
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.skew import skew

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[-400.0, 400.0, 0.0])
def provider(request: pytest.FixtureRequest, settings: Any) -> Iterator[SimulatorProcess]:
    """A provider whose clock is ahead by this many seconds, and whose records do not come."""
    code = django_settings.VOICENTER_CODE
    with SimulatorProcess(code=code, environment=skew(request.param)) as provider:
        provider.control(extensions={"101": "online"})
        settings.VOICENTER_URL = provider.click2call_url
        settings.VOICENTER_PHONE_MAX_DIAL_TIME = 2
        settings.VOICENTER_TARGET_MAX_DIAL_TIME = 2
        settings.VOICENTER_LOG_DELAY = 0
        account.client.cache_clear()
        provider.ahead = request.param  # type: ignore[attr-defined]
        yield provider


def test_a_call_whose_answer_and_records_were_lost_is_found_in_its_lists(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    provider.control(faults=[{"kind": "reset_after"}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert attempt.state == AttemptState.UNKNOWN
    provider.ended()
    for seconds in (0, 60, 120, 180):
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
            CallAttempt.objects.exclude(next_lookup_at=None).update(next_lookup_at=timezone.now())
            lookup.look_up()
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.BRIDGED
    assert Lead.objects.get().status == LeadStatus.CONNECTED
    assert len(provider.ledger()) == 1


def test_a_call_that_is_on_is_seen_to_be_on(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    provider.control(talk=60, faults=[{"kind": "reset_after"}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    eventually(lambda: provider.ledger()[0]["leg2"])
    for seconds in (0, 60, 120):
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
            CallAttempt.objects.exclude(next_lookup_at=None).update(next_lookup_at=timezone.now())
            lookup.look_up()
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.ACCEPTED


def test_it_is_known_by_how_much_the_providers_clock_differs(provider: SimulatorProcess) -> None:
    assert account.clocks_differ() == timedelta()  # the provider has not been asked yet
    assert account.active_calls() is not None
    ahead: float = provider.ahead  # type: ignore[attr-defined]
    assert account.clocks_differ().total_seconds() == pytest.approx(abs(ahead), abs=5)
