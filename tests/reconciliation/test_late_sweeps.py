"""A lost answer and late sweeps: no call is given up before the look-up has had enough time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from callbacks import tasks
from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, lookup
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)
TIMES = ("claimed_at", "sent_at", "answered_at", "missing_since", "hold_until", "next_lookup_at")
LATE, LOG_DELAY = timedelta(minutes=20), timedelta(seconds=16)
GOES_ON = AttemptState.NEVER_PLACED, LeadStatus.WAITING
TALKED = AttemptState.BRIDGED, LeadStatus.CONNECTED
IS_OPEN = AttemptState.UNKNOWN, LeadStatus.CALLING
A_PERSONS = AttemptState.ENDED, LeadStatus.FAILED
NO_LOG: dict[str, Any] = {"faults": [{"kind": "reset_before", "on": "calllog", "rate": 1}]}
NO_LIST: dict[str, Any] = {"faults": [{"kind": "reset_before", "on": "activecalls", "rate": 1}]}
ALL: dict[str, Any] = {"faults": []}


@pytest.fixture(autouse=True)
def short_calls(settings: Any, simulator: SimulatorProcess) -> None:
    """A call's longest duration is over long before the sweeps come."""
    settings.VOICENTER_PHONE_MAX_DIAL_TIME = settings.VOICENTER_TARGET_MAX_DIAL_TIME = 2
    settings.VOICENTER_MAX_DURATION = 30
    settings.VOICENTER_LOG_DELAY = LOG_DELAY.total_seconds()
    simulator.control(extensions={"101": "online"})


def pass_time(by: timedelta) -> None:
    CallAttempt.objects.update(**{name: F(name) - by for name in TIMES})


# The fault; then for each sweep: the time since the one before, what the provider does, and the
# states of attempt and lead afterwards.
Line = tuple[timedelta, dict[str, Any], tuple[AttemptState, LeadStatus]]
ROWS: dict[str, tuple[str, tuple[Line, ...]]] = {
    "a worker died, and it was never placed": (
        "worker", ((LATE, ALL, IS_OPEN), (LOG_DELAY, ALL, GOES_ON)),
    ),
    "the answer was lost, and it was never placed": (
        "reset_before", ((LATE, ALL, IS_OPEN), (LOG_DELAY, ALL, GOES_ON)),
    ),
    "the second sweep is late, too": (
        "reset_before", ((LATE, ALL, IS_OPEN), (LATE, ALL, GOES_ON)),
    ),
    "they talked": ("reset_after", ((LATE, ALL, TALKED),)),
    "they talked, and the log does not answer at first": (
        "reset_after", ((LATE, NO_LOG, IS_OPEN), (LATE, NO_LOG, IS_OPEN), (LATE, ALL, TALKED)),
    ),
    "nobody says at first which calls are on": (
        "reset_before", ((LATE, NO_LIST, IS_OPEN), (LATE, ALL, IS_OPEN), (LATE, ALL, GOES_ON)),
    ),
    "the log never answers": (
        "reset_before",
        ((LATE, NO_LOG, IS_OPEN),) * 3 + ((LATE, NO_LOG, A_PERSONS),),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lost", "lines"), ROWS.values(), ids=ROWS)
def test_the_look_up_has_its_time(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, lost: str,
    lines: tuple[Line, ...],
) -> None:  # fmt: skip
    simulator.control(faults=[{"kind": "reset_before" if lost == "worker" else lost, "count": 1}])
    assert dispatch.call_lead(make_lead().pk)
    if lost == "worker":
        CallAttempt.objects.update(state=AttemptState.DIALING, answered_at=None)
    elif lost == "reset_after":
        simulator.ended()
    for after, provider, stands in lines:
        pass_time(after)
        simulator.control(**provider)
        tasks.sweep()
        assert (CallAttempt.objects.get().state, Lead.objects.get().status) == stands


def test_what_a_look_up_that_is_behind_has_not_come_to_is_not_given_up(
    make_lead: MakeLead, extension: Extension, team: Team, simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(lookup, "_AT_ONCE", 1)
    Extension.objects.create(number="102", team=team)
    simulator.control(faults=[{"kind": "reset_before", "count": 2}], extensions={"102": "online"})
    assert dispatch.call_lead(make_lead().pk)
    assert dispatch.call_lead(make_lead().pk)
    pass_time(LATE)
    for _ in range(2):
        tasks.sweep()
    stand = CallAttempt.objects.values_list("state", "lookup_count")
    assert list(stand) == [(AttemptState.UNKNOWN, 1)] * 2


def test_but_not_for_ever(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "reset_before", "count": 1}])
    assert dispatch.call_lead(make_lead().pk)
    pass_time(timedelta(hours=3))
    assert holds.free_expired_holds() == 1
    assert Lead.objects.get().status == LeadStatus.FAILED


def test_no_other_sweep_gives_up_what_one_is_just_asking_about(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "reset_before", "count": 1}])
    assert dispatch.call_lead(make_lead().pk)
    pass_time(LATE)
    assert lookup._take(CallAttempt.objects.get().claimed_at + LATE)  # starts asking, and stops
    tasks.sweep()
    assert CallAttempt.objects.get().state == AttemptState.UNKNOWN
