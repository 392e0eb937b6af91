"""Who is on another call, or away, is not rung: asked of the simulator over HTTP."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.extensions import presence
from callbacks.models import CallAttempt, Extension, Presence, Team
from callbacks.voicenter import ExtensionCalls
from leads.models import Lead
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sim(simulator: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """An account with three extensions, whose phones ring until somebody clicks."""
    simulator.control(mode="manual", extensions={"101": "online", "102": "online", "103": "online"})
    return simulator


@pytest.fixture
def due(make_lead: Callable[..., Lead]) -> Lead:
    """A lead that waits to be called now."""
    lead = make_lead()
    queued(empty=True)
    return lead


@pytest.fixture
def other(team: Team) -> Extension:
    return Extension.objects.create(number="102", name="Omer", team=team)


def asked(sim: SimulatorProcess) -> int:
    """How often the provider was asked for its active calls."""
    return sum(it["service"] == "activecalls" for it in sim.seen("/requests"))


def strangers_call(sim: SimulatorProcess, extension: str) -> None:
    """A call that is none of ours, on an extension."""
    assert sim.call(phone=extension, target="972505550199")["ERRORCODE"] == 0


def seen(extension: Extension) -> str:
    """What the provider was seen to show of it; "": nothing that keeps it from being rung."""
    extension.refresh_from_db()
    return extension.provider_busy_as if extension.provider_busy_until else ""


def is_over(extension: Extension, at: datetime) -> bool:
    """Whether what was seen keeps it out no longer at `at`."""
    extension.refresh_from_db()
    return extension.provider_busy_until is None or extension.provider_busy_until <= at


def again() -> bool:
    """Another look, as if the time for it had come."""
    Presence.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    return presence.look()


def attempt(lead: Lead, extension: Extension, **values: Any) -> CallAttempt:
    now = timezone.now()
    defaults: dict[str, Any] = {"state": "accepted", "claimed_at": now, "hold_until": now}
    Lead.objects.filter(pk=lead.pk).update(status="calling")
    return CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
        **defaults | values,
    )  # fmt: skip


# --- who is not free ------------------------------------------------------------------------------


def test_who_is_on_a_call_that_is_not_ours_is_not_rung_for_some_seconds(
    sim: SimulatorProcess, due: Lead, extension: Extension, other: Extension
) -> None:
    strangers_call(sim, "101")
    before = timezone.now()
    assert presence.look()
    assert (seen(extension), seen(other)) == ("on another call", "")
    # The next look is 5 s later, or with the sweep after that.
    lasts = extension.provider_busy_until - before  # type: ignore[operator]
    assert timedelta(seconds=10) < lasts < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (1, ""), (2, "logged out"), (3, "lunch"), (5, "paperwork"), (7, "private"), (9, "away"),
        (11, "training"), (12, "team meeting"), (13, "briefing"),
    ],
)  # fmt: skip
def test_who_is_away_is_not_rung(
    login: int, words: str,
    sim: SimulatorProcess, due: Lead, extension: Extension, other: Extension,
) -> None:  # fmt: skip
    Extension.objects.update(logs_in=True)
    sim.control(logins={"101": login})
    presence.look()
    assert (seen(extension), seen(other)) == (words, "")


@pytest.mark.parametrize("status", [None, 0, 4, 99])
def test_a_status_that_is_missing_or_unknown_is_not_away(status: int | None) -> None:
    states = [ExtensionCalls("101", status_id=status), ExtensionCalls("102", status_id=1)]
    assert presence.away_by_number(states, {"101", "102"}) == {}


# What the two sales phones show, one look after the other, and as what they are seen at the end.
# 901 and 902 are support's.
LOOKS: dict[str, tuple[list[dict[str, int]], tuple[str, str]]] = {
    "sales never logs in, support does": ([{"101": 2, "102": 2, "901": 1, "902": 3}], ("", "")),
    "nobody logs in": ([{"101": 2, "102": 2, "901": 2}], ("", "")),
    "one of them has logged in and out": (
        [{"101": 1, "102": 2, "901": 1}, {"101": 2, "102": 2, "901": 1}],
        ("logged out", ""),
    ),
    "who was at lunch was logged in": ([{"101": 3}, {"101": 2}], ("logged out", "")),
    "both have, and all go home": (
        [{"101": 1, "102": 1}, {"101": 2, "102": 2, "901": 2}],
        ("logged out", "logged out"),
    ),
    "logged in again": ([{"101": 1}, {"101": 2}, {"101": 1}], ("", "")),
    "who never logs in is at lunch all the same": ([{"101": 3, "102": 2}], ("lunch", "")),
}


@pytest.mark.parametrize("case", LOOKS.values(), ids=LOOKS)
def test_only_a_phone_that_has_been_seen_logged_in_can_be_logged_out(
    sim: SimulatorProcess,
    due: Lead,
    extension: Extension,
    other: Extension,
    case: tuple[list[dict[str, int]], tuple[str, str]],
) -> None:
    looks, expected = case
    numbers = sorted({number for look in looks for number in look} | {"101", "102"})
    sim.control(extensions=dict.fromkeys(numbers, "online"))
    for logins in looks:
        sim.control(logins=logins)
        assert again()
    assert (seen(extension), seen(other)) == expected


def test_who_is_no_longer_away_is_cleared_and_the_team_woken(
    sim: SimulatorProcess, due: Lead, extension: Extension, other: Extension
) -> None:
    sim.control(logins={"101": 3})
    presence.look()
    sim.control(logins={"101": 1})
    assert again()
    extension.refresh_from_db()
    assert (extension.provider_busy_until, extension.provider_busy_as) == (None, "")
    assert queued() == [("callbacks.work_team", extension.team_id)]


def test_a_team_for_which_nobody_waits_is_not_woken(
    sim: SimulatorProcess, due: Lead, extension: Extension, other: Extension
) -> None:
    Extension.objects.filter(pk=other.pk).update(
        team=Team.objects.create(name="Support"),
        provider_busy_until=timezone.now() + timedelta(minutes=9),
    )
    presence.look()
    assert seen(other) == ""
    assert queued() == []


# --- our own calls --------------------------------------------------------------------------------


def test_our_own_call_is_not_another_call(
    sim: SimulatorProcess, due: Lead, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    strangers_call(sim, "101")
    # Its CALLID is not known yet: the extension is ours all the same.
    attempt(make_lead(), extension, state="unknown")
    presence.look()
    assert seen(extension) == ""


def test_our_own_call_that_has_just_ended_is_not_another_call_but_one_of_long_ago_is(
    sim: SimulatorProcess, due: Lead, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    call_id = sim.call(phone="101", target="972505550199")["CALLID"]
    ours = attempt(make_lead(), extension, call_id=call_id, state="ended", ended_at=timezone.now())
    presence.look()
    assert seen(extension) == ""
    CallAttempt.objects.filter(pk=ours.pk).update(ended_at=timezone.now() - timedelta(minutes=1))
    again()
    assert seen(extension) == "on another call"


# --- who is never kept from being rung ------------------------------------------------------------


@pytest.mark.parametrize("kind", ["phone", "siptrunk", "logincode"])
def test_what_is_no_sip_code_is_never_kept_from_being_rung(
    kind: str, sim: SimulatorProcess, due: Lead, team: Team
) -> None:
    number = "972505550177" if kind == "phone" else "101"
    extension = Extension.objects.create(
        kind=kind, number=number, team=team, provider_busy_as="lunch",
        provider_busy_until=timezone.now() + timedelta(minutes=9),
    )  # fmt: skip
    sim.control(logins={"101": 3})
    strangers_call(sim, number)
    presence.look()
    assert seen(extension) == ""


def test_an_extension_in_no_list_is_never_kept_from_being_rung(
    sim: SimulatorProcess, due: Lead, team: Team
) -> None:
    unknown = Extension.objects.create(
        number="999", team=team, provider_busy_until=timezone.now() + timedelta(minutes=9),
        provider_busy_as="lunch",
    )  # fmt: skip
    upper = Extension.objects.create(number="Dana", team=team)
    sim.control(logins={"dana": 3}, extensions={"dana": "online"})
    presence.look()
    assert (seen(unknown), seen(upper)) == ("", "")


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
    # Nothing new is known; what was seen runs out by itself.
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
    """Whoever can be called is woken before the provider is asked; the answer is not waited for."""
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
    statements(away), statements(back)  # what is set up is read once a process
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
