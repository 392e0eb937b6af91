"""The record of the salesperson's leg has come, the lead's has not. The provider is asked before
the lead is called again, however late the sweeps are and whatever fails in them.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, lookup, records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = ("claimed_at", "sent_at", "answered_at", "hold_until", "next_lookup_at")
STILL_OPEN = AttemptState.ACCEPTED, LeadStatus.CALLING
TALKED = AttemptState.BRIDGED, LeadStatus.CONNECTED
NOT_RUNG = AttemptState.LEAD_NOT_RUNG, LeadStatus.WAITING
LATE = timedelta(minutes=5)


@pytest.fixture
def attempt(
    make_lead: Callable[..., Lead],
    extension: Extension,
    simulator: SimulatorProcess,
    settings: Any,
) -> CallAttempt:
    """They talked briefly; only the record of the salesperson's leg has reached us."""
    settings.VOICENTER_LOG_DELAY = 15.0
    simulator.control(extensions={"101": "online"})
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    simulator.ended()
    records.receive(Cdr(attempt.call_id, "Click2Call leg1", 1, "ANSWER", talk_time=3))
    return attempt


def pass_time(by: timedelta) -> None:
    CallAttempt.objects.update(**{name: F(name) - by for name in TIMES})


def stand() -> tuple[str, str]:
    return CallAttempt.objects.get().state, Lead.objects.get().status


@pytest.mark.parametrize("after", [timedelta(seconds=50), timedelta(seconds=70), LATE])
def test_the_log_tells_that_they_talked(attempt: CallAttempt, after: timedelta) -> None:
    pass_time(after)
    tasks.sweep()
    assert stand() == TALKED


@pytest.mark.parametrize("fails", [1, 3])
def test_a_sweep_whose_look_up_fails_has_nobody_called_again(
    attempt: CallAttempt, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """The database is briefly away, as it was when the other record came."""

    def away() -> int:
        raise OperationalError

    pass_time(LATE)
    with monkeypatch.context() as patched:
        patched.setattr(lookup, "_take", lambda _now: away())
        for _ in range(fails):
            tasks.sweep()  # it logs the database's failure
            assert stand() == STILL_OPEN
    tasks.sweep()
    assert stand() == TALKED


@pytest.mark.parametrize("late", [timedelta(seconds=46), LATE])
def test_nor_one_that_dies_while_it_asks(
    attempt: CallAttempt, monkeypatch: pytest.MonkeyPatch, late: timedelta
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError

    pass_time(late)
    with monkeypatch.context() as patched:
        patched.setattr(lookup, "_still_open", away)
        for _ in range(4):
            with suppress(ExceptionGroup):
                tasks.sweep()
            assert stand() == STILL_OPEN
            pass_time(timedelta(seconds=20))
    pass_time(timedelta(seconds=20))
    tasks.sweep()
    assert stand() == TALKED


def test_nor_does_one_beside_a_sweep_that_is_just_asking(attempt: CallAttempt) -> None:
    pass_time(LATE)
    assert lookup._take(timezone.now())
    assert holds.free_expired_holds() == 0
    assert stand() == STILL_OPEN


@pytest.mark.parametrize("after", [timedelta(seconds=46), LATE])
def test_a_lead_whose_phone_has_not_rung_is_called_again(
    make_lead: Callable[..., Lead],
    extension: Extension,
    simulator: SimulatorProcess,
    after: timedelta,
) -> None:
    """The log does not answer, and no record of the lead's leg comes."""
    simulator.control(
        extensions={"101": "online"}, faults=[{"kind": "cdr_lost", "leg": 2, "count": 1}],
    )  # fmt: skip
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    simulator.ended()
    simulator.control(faults=[{"kind": "reset_before", "on": "calllog", "rate": 1}])
    records.receive(Cdr(attempt.call_id, "Click2Call leg1", 1, "ANSWER", talk_time=3))
    pass_time(after)
    tasks.sweep()
    assert stand() == STILL_OPEN
    pass_time(timedelta(seconds=30))
    tasks.sweep()
    assert stand() == NOT_RUNG


def test_but_not_for_ever(attempt: CallAttempt) -> None:
    pass_time(timedelta(hours=3))
    assert holds.free_expired_holds() == 1
    assert stand() == NOT_RUNG
