"""Last week's leads against a changed team: the simulation, without a database."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.opening_hours.calendar import Calendar, Hours
from callbacks.policy.rules import Outcome
from callbacks.replay.engine import MOST_TRIES, NothingToDrawFrom
from callbacks.replay.leads import HistoricAttempt, taken
from callbacks.replay.metrics import Figures, figures, percentile
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import (
    Scenario,
    ScenarioSource,
    changed,
)
from callbacks.routing.rules import TeamRules
from tests.support.replays import DAY, HOUR, MONDAY, SALES, call, dialled, firm, lead, played


def test_a_queue_before_one_extension_as_worked_out_by_hand() -> None:
    # Calls of 60 s, each accepted after 1 s: claimed at 0, 60 and 120.
    arrivals = [lead(1, 0), lead(2, 10), lead(3, 20)]
    assert dialled(firm(1), *arrivals) == [1, 61, 121]
    assert figures(played(firm(1), *arrivals)) == Figures(
        leads=3,
        rang=3,
        connected=3,
        within_target=2,  # they rang after 1, 51 and 101 s; the target is 60 s
        judged=3,
        ring_p50=51,
        ring_p90=91,
    )


def test_a_second_extension_takes_the_second_lead_at_once() -> None:
    # 102 takes the second lead at 10; 101 is free at 60 for the third.
    assert dialled(firm(2), lead(1, 0), lead(2, 10), lead(3, 20)) == [1, 11, 61]


def test_who_does_not_answer_is_called_again_and_holds_nobody_meanwhile() -> None:
    arrivals = [lead(1, 0, call(Outcome.LEAD_NO_ANSWER, 30), call()), lead(2, 10)]
    lives = played(firm(1), *arrivals)
    assert [life.rang_at - MONDAY for life in lives if life.rang_at] == [1, 31]
    assert [len(life.tries) for life in lives] == [2, 1]
    assert all(life.connected for life in lives)


def test_after_a_missed_call_the_next_extension_is_rung_and_the_first_is_out_for_a_while() -> None:
    missed = call(Outcome.AGENT_NO_ANSWER, 20)
    lives = played(firm(2), lead(1, 0, missed, call(held=5)), lead(2, 30))
    assert [life.rang_at - MONDAY for life in lives if life.rang_at] == [1, 31]
    # 101 misses at 20 and is out until 80: at 40, two leads arrive and only 102 is left.
    later = played(firm(2), lead(1, 0, missed, call(held=5)), lead(2, 40), lead(3, 40))
    assert [life.rang_at - MONDAY for life in later if life.rang_at] == [1, 41, 81]


def test_a_lead_that_is_never_answered_is_given_up() -> None:
    lives = played(firm(1), lead(1, 0, *[call(Outcome.LEAD_NO_ANSWER, 30)] * 9))
    assert len(lives[0].tries) == 5
    assert not lives[0].connected


def test_where_nobody_ever_picks_up_it_comes_to_an_end() -> None:
    lives = played(firm(1), lead(1, 0, call(Outcome.AGENT_NO_ANSWER, 0)))
    assert len(lives[0].tries) == MOST_TRIES


# --- hours ----------------------------------------------------------------------------------------

NINE_TO_FIVE = OpenIntervals.of(
    Calendar("UTC", {day: [Hours(time(9), time(17))] for day in range(5)}),
    MONDAY - DAY,
    MONDAY + 30 * DAY,
)


def opened(which: Scenario, spans: OpenIntervals, **team: Any) -> Scenario:
    return replace(which, teams={SALES: replace(which.teams[SALES], spans=spans, **team)})


def test_who_comes_at_night_is_called_in_the_morning_and_its_clock_may_wait_too() -> None:
    at_night = lead(1, 3 * HOUR)
    office = opened(firm(1), NINE_TO_FIVE)
    assert dialled(office, at_night) == [9 * HOUR + 1]
    assert figures(played(office, at_night)).within_target == 0
    counting = replace(office, sources={1: replace(office.sources[1], counts_open=True)})
    assert figures(played(counting, at_night)).within_target == 1


def test_leads_of_the_night_are_spread_over_the_opening() -> None:
    office = opened(firm(9), NINE_TO_FIVE, opening_rate=2)
    nine = 9 * HOUR + 1
    assert dialled(office, *[lead(n, n * 60) for n in (1, 2, 3)]) == [nine, nine + 30, nine + 60]


def test_a_target_that_counts_in_opening_hours_goes_on_in_the_morning() -> None:
    source = ScenarioSource(1, (TeamRules(SALES, "Sales"),), target=HOUR, counts_open=True)
    office = replace(opened(firm(1), NINE_TO_FIVE), sources={1: source})
    request = taken(office, [lead(1, 16.5 * HOUR)])[0]
    assert request.due - MONDAY == DAY + 9.5 * HOUR


def test_a_chosen_time_starts_the_clock() -> None:
    request = taken(firm(1), [lead(1, 0, chosen_at=MONDAY + HOUR)])[0]
    assert (request.callable_at - MONDAY, request.due - MONDAY) == (HOUR, HOUR + 60)


def test_leads_that_wait_at_closing_time_are_called_when_it_opens_again() -> None:
    five = 17 * HOUR
    office = opened(firm(1), NINE_TO_FIVE)
    assert dialled(office, lead(1, five - 30), lead(2, five - 20)) == [
        five - 29,
        DAY + 9 * HOUR + 1,
    ]


def test_a_lead_that_may_only_be_called_in_its_own_hours_waits_for_them() -> None:
    window = OpenIntervals((MONDAY + 12 * HOUR,), (MONDAY + 13 * HOUR,))
    assert dialled(firm(1), lead(1, 0, window=window), lead(2, 1)) == [12 * HOUR + 1, 2]


def test_where_nobody_ever_opens_nobody_is_called() -> None:
    never = opened(firm(1), OpenIntervals((), ()))
    lives = played(never, lead(1, 0))
    assert lives[0].rang_at is None
    found = figures(lives)
    assert (found.rang, found.judged, found.within_target, found.ring_p90) == (0, 1, 0, None)


def test_an_extension_that_is_off_shift_is_not_rung() -> None:
    one = firm(1)
    shift = OpenIntervals((MONDAY + 100,), (MONDAY + DAY,))
    assert dialled(replace(one, phones=(replace(one.phones[0], spans=shift),)), lead(1, 0)) == [101]


# --- what is changed ------------------------------------------------------------------------------


def test_extensions_are_added_and_taken_away() -> None:
    assert [it.number for it in changed(firm(1), SALES, extensions=2).phones] == [
        "101", "new 1", "new 2",
    ]  # fmt: skip
    assert [it.number for it in changed(firm(3), SALES, extensions=-1).phones] == ["101", "102"]
    assert changed(firm(1), SALES, extensions=-1).phones == ()
    with pytest.raises(ValueError, match="Sales has 1 extensions: 2 cannot be taken"):
        changed(firm(1), SALES, extensions=-2)


def test_hours_and_strategy_are_changed_for_one_team() -> None:
    other = changed(firm(1), SALES, spans=NINE_TO_FIVE, strategy="fair")
    assert other.teams[SALES].spans == NINE_TO_FIVE
    assert other.strategies == {SALES: "fair"}
    assert firm(1).strategies == {SALES: "longest_idle"}


# --- what is drawn --------------------------------------------------------------------------------

UNEVEN = [
    lead(n, n * 7.0, call(Outcome.LEAD_NO_ANSWER if n % 3 else Outcome.BRIDGED, 20 + n))
    for n in range(1, 60)
]


def test_the_same_seed_gives_the_same_result_and_another_one_another() -> None:
    def ends(seed: int) -> list[list[HistoricAttempt]]:
        return [life.tries for life in played(firm(3), *UNEVEN, seed=seed)]

    assert ends(1) == ends(1)
    assert ends(1) != ends(2)


def test_a_leads_own_tries_come_first_and_further_ones_are_drawn_from_the_period() -> None:
    for life in played(firm(3), *UNEVEN):
        own = life.request.arrival.tries
        assert tuple(life.tries[: len(own)]) == own
        assert {it.held for it in life.tries} <= {it.held for each in UNEVEN for it in each.tries}


def test_without_any_call_there_is_nothing_to_draw_from() -> None:
    with pytest.raises(NothingToDrawFrom):
        played(firm(1), replace(lead(1, 0), tries=()))
    assert played(firm(1)) == []


def test_progress_is_told_up_to_the_last_lead() -> None:
    told: list[tuple[int, int]] = []
    played(firm(1), lead(1, 0), lead(2, 1), progress=lambda done, of: told.append((done, of)))
    assert told[0] == (1, 2)
    assert told[-1] == (2, 2)


CALLS = st.lists(
    st.tuples(st.floats(0, 2000), st.floats(0, 400), st.floats(0, 5)), min_size=1, max_size=40
)


@given(calls=CALLS, phones=st.integers(1, 4), more=st.integers(1, 3))
def test_with_one_queue_more_extensions_never_make_it_later(
    calls: list[tuple[float, float, float]], phones: int, more: int
) -> None:
    arrivals = [
        lead(n, at, call(held=held, accepted=0)) for n, (at, held, _) in enumerate(calls, 1)
    ]
    before, after = (dialled(firm(count), *arrivals) for count in (phones, phones + more))
    assert all(b <= a + 1e-6 for a, b in zip(before, after, strict=True))  # type: ignore[operator]
    p90 = [figures(played(firm(count), *arrivals)).ring_p90 for count in (phones, phones + more)]
    assert p90[1] <= p90[0] + 1e-6  # type: ignore[operator]


@given(values=st.lists(st.floats(0, 1e6), min_size=1), fraction=st.floats(0, 1))
def test_a_percentile_lies_among_the_values(values: list[float], fraction: float) -> None:
    found = percentile(values, fraction)
    assert found is not None
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6
