"""In the replay: which extension is rung, and which lead comes first."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callbacks.policy.rules import Outcome
from callbacks.replay.leads import HistoricAttempt, HistoricLead
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import (
    Scenario,
    ScenarioExtension,
    ScenarioSource,
    ScenarioTeam,
)
from callbacks.routing.rules import Owner, TeamRules
from tests.support.replays import DAY, MONDAY, SALES, SUPPORT, call, dialled, firm, lead, played


def test_another_team_steps_in_when_the_first_has_nobody_free() -> None:
    both = Scenario(
        {SALES: ScenarioTeam(SALES, "Sales"), SUPPORT: ScenarioTeam(SUPPORT, "Support")},
        (ScenarioExtension(1, "101", SALES), ScenarioExtension(2, "201", SUPPORT)),
        {
            1: ScenarioSource(
                1,
                (TeamRules(SALES, "Sales"), TeamRules(SUPPORT, "Support", overflow_after=30)),
            )
        },
    )
    assert dialled(both, lead(1, 0), lead(2, 5)) == [1, 36]
    # For a lead that is called again at once, the wait has counted since it was first due.
    assert dialled(both, lead(1, 0, call(Outcome.OFFLINE, 20, None), call())) == [31]


def test_a_lead_waits_for_who_speaks_its_language_and_then_takes_anybody() -> None:
    two = firm(2, language_wait=20, has_languages=True)
    phones = (replace(two.phones[0], languages=("ru",)), replace(two.phones[1], languages=("he",)))
    two = replace(two, phones=phones)
    leads = [lead(1, 0, language="ru"), lead(2, 1, language="ru")]
    assert dialled(two, *leads) == [1, 22]
    only = replace(
        two, sources={1: ScenarioSource(1, (TeamRules(SALES, "Sales", language_wait=None),))}
    )
    assert dialled(only, *leads) == [1, 61]


def test_a_lead_waits_for_its_owner_who_is_on_a_call() -> None:
    two = firm(2, sticky_agent_days=30, sticky_agent_wait=40)
    owners = {"+2": Owner(1, datetime.fromtimestamp(MONDAY - DAY, UTC))}
    assert dialled(two, lead(1, 0, call(held=30)), lead(2, 5), owners=owners) == [1, 31]
    assert dialled(two, lead(1, 0, call(held=90)), lead(2, 5), owners=owners) == [1, 46]


@pytest.mark.parametrize(
    ("held", "seconds"),
    [(30, 31), (290, 291), (400, 306)],
)
def test_an_assigned_lead_waits_for_its_salesperson_as_long_as_a_follow_up(
    held: float, seconds: float
) -> None:
    """300 seconds, whatever the team's own settings, and whoever else talked with the number."""
    two = firm(2)
    theirs = tuple(replace(it, salesperson=it.id) for it in two.phones)
    owners = {"+2": Owner(2, datetime.fromtimestamp(MONDAY - DAY, UTC), 2)}
    arrivals = lead(1, 0, call(held=held)), lead(2, 5, is_owned=True, assigned_to=1)
    lives = dialled(replace(two, phones=theirs), *arrivals, owners=owners)
    assert lives == [1, seconds]


def test_an_owner_is_a_person_with_all_their_phones() -> None:
    three = firm(3, sticky_agent_days=30, sticky_agent_wait=40, strategy="round_robin")
    phones = tuple(replace(it, salesperson=7 if it.id in (2, 3) else None) for it in three.phones)
    off = OpenIntervals((MONDAY + DAY,), (MONDAY + 2 * DAY,))
    three = replace(three, phones=(phones[0], replace(phones[1], spans=off), phones[2]))
    owners = {"+2": Owner(2, datetime.fromtimestamp(MONDAY - DAY, UTC), 7)}
    # The phone they talked on is off shift: the owner is rung on the other one, and waited for.
    assert rung(three, lead(2, 0), owners=owners) == [3]
    busy = [lead(1, 0, call(held=5)), lead(3, 1, call(held=30)), lead(2, 9)]
    assert rung(three, *busy, owners=owners) == [1, 3, 3]


def test_who_has_two_phones_is_rung_on_one_at_a_time() -> None:
    two = firm(2)
    person = replace(two, phones=tuple(replace(it, salesperson=7) for it in two.phones))
    leads = [lead(1, 0, call(held=30)), lead(2, 5)]
    assert dialled(two, *leads) == [1, 6]
    assert dialled(person, *leads) == [1, 31]


@pytest.mark.parametrize(("cap", "at"), [(1, 6), (2, 31), (None, 31)])
def test_an_owner_on_the_last_call_of_the_day_is_not_waited_for(cap: int | None, at: int) -> None:
    two = firm(2, sticky_agent_days=30, sticky_agent_wait=40)
    two = replace(two, phones=(replace(two.phones[0], daily_cap=cap), two.phones[1]))
    owners = {"+2": Owner(1, datetime.fromtimestamp(MONDAY - DAY, UTC))}
    assert dialled(two, lead(1, 0, call(held=30)), lead(2, 5), owners=owners) == [1, at]


def test_whoever_talks_with_a_number_is_its_owner_from_then_on() -> None:
    two = firm(2, sticky_agent_days=30, strategy="round_robin")
    numbers = ["+1", "+2", "+2", "+1", "+1", "+2"]
    leads = [lead(n, 100 * n, call(held=5), phone=it) for n, it in enumerate(numbers, 1)]
    assert rung(two, *leads) == [1, 2, 2, 1, 1, 2]


def rung(which: Scenario, *arrivals: HistoricLead, **options: Any) -> list[int]:
    """The extension that was rung first for each lead."""
    return [life.rung[0] for life in played(which, *arrivals, **options)]


def test_whoever_has_been_idle_longest_is_rung() -> None:
    # 102's call is over before 101's, so it is 102's turn again.
    leads = [lead(1, 0, call(held=90)), lead(2, 1, call(held=20)), lead(3, 100), lead(4, 101)]
    assert rung(firm(2), *leads) == [1, 2, 2, 1]
    assert rung(firm(2, strategy="round_robin"), *leads) == [1, 2, 1, 2]


def test_a_weight_of_two_gets_twice_the_calls_and_a_higher_tier_only_what_is_left() -> None:
    three = firm(3, strategy="weighted")
    phones = (
        replace(three.phones[0], weight=2),
        three.phones[1],
        replace(three.phones[2], tier=2),
    )
    leads = [lead(n, n * 100, call(held=50)) for n in range(1, 31)]
    shares = rung(replace(three, phones=phones), *leads)
    assert [shares.count(phone) for phone in (1, 2, 3)] == [20, 10, 0]
    together = [lead(n, 0, call(held=50)) for n in range(1, 4)]
    assert set(rung(replace(three, phones=phones), *together)) == {1, 2, 3}


def test_fair_means_equal_conversations_not_equal_dials() -> None:
    def went(n: int) -> HistoricAttempt:
        return call(Outcome.BRIDGED if n % 3 else Outcome.NO_RECORD, 50)

    lives = played(firm(2, strategy="fair"), *[lead(n, n * 100, went(n)) for n in range(1, 61)])
    talks = [life.rung[0] for life in lives if life.connected]
    assert abs(talks.count(1) - talks.count(2)) <= 1


def test_after_invalid_parameters_another_extension_is_tried() -> None:
    lives = played(firm(2), lead(1, 0, call(Outcome.INVALID, 1, None), call()))
    assert lives[0].rung == [1, 2]
    assert lives[0].rang_at == MONDAY + 2


def test_a_rest_and_a_daily_limit_keep_an_extension_from_the_next_lead() -> None:
    one = firm(1)
    rested = replace(one, phones=(replace(one.phones[0], wrap_up=100),))
    assert dialled(rested, lead(1, 0), lead(2, 1)) == [1, 161]
    capped = replace(one, phones=(replace(one.phones[0], daily_cap=1),))
    assert dialled(capped, lead(1, 0), lead(2, 1)) == [1, DAY + 1]


def test_a_priority_counts_as_minutes_of_waiting() -> None:
    one = firm(1)
    sources = {
        1: one.sources[1],
        2: replace(one.sources[1], id=2, priority=5),
        3: replace(one.sources[1], id=3, target=10),
    }
    one = replace(one, sources=sources)
    waiting = [lead(2, 5), lead(3, 5, source_id=2), lead(4, 6, source_id=3)]
    assert dialled(one, lead(1, 0), *waiting) == [1, 181, 61, 121]


def test_a_number_is_on_one_call_at_a_time_and_rests_after_it() -> None:
    assert dialled(firm(2), lead(1, 0, phone="+1"), lead(2, 1, phone="+1")) == [1, 121]
