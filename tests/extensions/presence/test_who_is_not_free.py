"""Whoever is on another call, or away, is not rung: the simulator is asked over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.extensions import presence
from callbacks.models import CallAttempt, Extension, Team
from callbacks.voicenter import ExtensionCalls
from leads.models import Lead
from tests.extensions.presence.conftest import again, seen, strangers_call
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)


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
    # The next look is 5 s later, or at the next sweep after that.
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


# What the phones show, one look after the other, and what is stored about the two sales phones in
# the end. 901 and 902 are support's.
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
    # The CALLID is not known yet, but the extension is on our own call.
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
