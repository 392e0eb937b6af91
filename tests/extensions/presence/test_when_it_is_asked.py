"""When the provider is asked who is not free, what happens if that fails, and what it costs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.extensions import presence
from callbacks.models import Extension, Presence, Team
from callbacks.voicenter import ExtensionCalls
from leads.models import Lead
from tests.extensions.presence.conftest import asked, is_over, seen
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)


# --- when it is asked -----------------------------------------------------------------------------


def test_it_is_asked_while_a_lead_is_due_and_not_otherwise(
    sim: SimulatorProcess, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(call_after=timezone.now() + timedelta(minutes=5))
    assert not presence.look()
    assert asked(sim) == 0
    Lead.objects.filter(pk=lead.pk).update(call_after=timezone.now())
    assert presence.look()
    assert asked(sim) == 1


def test_it_is_not_asked_when_it_is_switched_off(
    sim: SimulatorProcess, due: Lead, extension: Extension, settings: SettingsWrapper
) -> None:
    settings.PRESENCE_EVERY = 0.0
    assert not presence.look()
    assert asked(sim) == 0


def test_it_is_asked_once_in_its_time_whoever_looks(
    sim: SimulatorProcess, due: Lead, extension: Extension
) -> None:
    now = timezone.now()
    for seconds, asks in ((0, 1), (4.9, 0), (5.1, 1)):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert sum(at_once(6, presence.look)) == asks
    assert asked(sim) == 2


def test_nobody_asks_while_somebody_does_until_that_one_must_have_died(
    sim: SimulatorProcess, due: Lead, extension: Extension
) -> None:
    now = timezone.now()
    assert presence._take(now + timedelta(seconds=25), due=now)
    for seconds in (1, 6, 29):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert not presence.look()
    with time_machine.travel(now + timedelta(seconds=31), tick=False):
        assert presence.look()
    assert asked(sim) == 1


def test_two_sweeps_at_once_ask_once_and_wake_once(
    sim: SimulatorProcess, due: Lead, extension: Extension
) -> None:
    sim.control(logins={"101": 3}, extensions={"102": "online"})
    presence.look()
    sim.control(logins={"101": 1})
    Presence.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    before = asked(sim)
    at_once(2, tasks.sweep)
    assert asked(sim) == before + 1
    assert queued().count(("callbacks.work_team", extension.team_id)) == 1


# --- when it fails --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_500_before"}, {"kind": "reset_before"}, {"kind": "truncated"},
        {"kind": "delay", "seconds": 30},
    ],
    ids=lambda fault: fault["kind"],
)  # fmt: skip
def test_presence_that_fails_keeps_nobody_from_being_rung_and_is_not_asked_at_once_again(
    fault: dict[str, Any], sim: SimulatorProcess, due: Lead, extension: Extension, other: Extension
) -> None:
    sim.control(logins={"101": 3})
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert presence.look()
    sim.control(faults=[{**fault, "on": "activecalls"}])
    with time_machine.travel(now + timedelta(seconds=6), tick=False):
        assert not presence.look()
    sim.control(faults=[])
    # Nothing new is known, and what was seen before expires by itself.
    assert (seen(extension), seen(other)) == ("lunch", "")
    assert not is_over(extension, now + timedelta(seconds=14))
    assert is_over(extension, now + timedelta(seconds=20))
    for seconds, asks in ((12, False), (35, False), (37, True)):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert presence.look() is asks


def test_a_wrong_code_that_gives_an_empty_list_lets_everybody_be_rung(
    sim: SimulatorProcess, due: Lead, extension: Extension
) -> None:
    Extension.objects.update(
        provider_busy_until=timezone.now() + timedelta(minutes=9), provider_busy_as="lunch"
    )
    presence.note([], timezone.now(), until=timezone.now())
    assert seen(extension) == ""


def test_an_answer_that_took_long_is_old_when_it_comes(extension: Extension, due: Lead) -> None:
    asked_at = timezone.now() - timedelta(seconds=20)
    every = timedelta(seconds=5)
    state = ExtensionCalls("101", status_id=3)
    presence.note([state], asked_at, until=asked_at + presence.lasts(every))
    assert is_over(extension, timezone.now())


def test_a_slow_provider_delays_nobody_who_is_due(
    sim: SimulatorProcess, due: Lead, extension: Extension
) -> None:
    """Leads that can be called are woken before the provider is asked, without waiting for it."""
    sim.control(faults=[{"kind": "delay", "seconds": 30, "on": "activecalls"}])

    def woken_first() -> list[tuple[str, int]]:
        return queued() if asked(sim) else []

    at_once(1, tasks.sweep, lambda: eventually(woken_first))
    assert queued() == [("callbacks.call_lead", due.pk)]


# --- what it costs --------------------------------------------------------------------------------


def statements(states: list[ExtensionCalls]) -> list[str]:
    now = timezone.now()
    with CaptureQueriesContext(connection) as captured:
        presence.note(states, now, until=now + timedelta(seconds=15))
    return [query["sql"] for query in captured]


def test_it_takes_as_many_statements_for_two_hundred_extensions_as_for_two(
    team: Team, due: Lead
) -> None:
    Extension.objects.bulk_create(
        Extension(number=str(number), team=team) for number in range(1000, 1200)
    )
    away = [ExtensionCalls(str(number), status_id=3 + 4 * (number % 2)) for number in
            range(1000, 1200)]  # fmt: skip
    back = [ExtensionCalls(state.extension, status_id=1) for state in away]
    statements(away), statements(back)  # what is set up is read once per process
    few = len(statements(away[:2])), len(statements(back[:2]))
    many = len(statements(away)), len(statements(back))
    assert few == many
    assert max(many) < 10


def test_only_rows_that_change_are_written(
    team: Team, extension: Extension, other: Extension, due: Lead
) -> None:
    def versions() -> dict[str, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT number, ctid::text FROM callbacks_extension")
            return dict(cursor.fetchall())

    Extension.objects.update(logs_in=True)
    before = versions()
    statements([ExtensionCalls("101", status_id=3), ExtensionCalls("102", status_id=1)])
    after = versions()
    assert after["101"] != before["101"]
    assert after["102"] == before["102"]
    statements([ExtensionCalls("101", status_id=1), ExtensionCalls("102", status_id=1)])
    settled = versions()
    statements([ExtensionCalls("101", status_id=1), ExtensionCalls("102", status_id=1)])
    assert versions() == settled
