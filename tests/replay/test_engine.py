"""Last week's leads against a changed team: the simulation, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.opening_hours.calendar import Calendar, Hours
from callbacks.policy.rules import Outcome
from callbacks.replay.engine import MOST_TRIES, NothingToDrawFrom, simulate
from callbacks.replay.leads import HistoricAttempt, HistoricLead, SimulatedLead, taken
from callbacks.replay.metrics import Figures, figures, percentile
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import (
    Scenario,
    ScenarioExtension,
    ScenarioSource,
    ScenarioTeam,
    changed,
)
from callbacks.routing.rules import Owner, TeamRules

SALES, SUPPORT = 1, 2
MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0


def firm(phones: int = 1, **rules: Any) -> Scenario:
    """Sales, with so many extensions, answers source 1 round the clock."""
    return Scenario(
        {SALES: ScenarioTeam(SALES, "Sales")},
        tuple(ScenarioExtension(n, str(100 + n), SALES) for n in range(1, phones + 1)),
        {1: ScenarioSource(1, (TeamRules(SALES, "Sales", **rules),))},
    )


def call(
    outcome: Outcome = Outcome.BRIDGED, held: float = 60, accepted: float | None = 1
) -> HistoricAttempt:
    return HistoricAttempt(outcome, accepted, held)


def lead(number: int, at: float, *tries: HistoricAttempt, **values: Any) -> HistoricLead:
    given_ = {"source_id": 1, "phone": f"+{number}", "tries": tries or (call(),)}
    return HistoricLead(number, submitted_at=MONDAY + at, **{**given_, **values})


def played(firm: Scenario, *arrivals: HistoricLead, **options: Any) -> list[SimulatedLead]:
    lives = simulate(firm, taken(firm, arrivals), **options)
    return sorted(lives, key=lambda life: life.request.id)


def dialled(firm: Scenario, *arrivals: HistoricLead, **options: Any) -> list[float | None]:
    """When each was first dialled, in seconds from Monday's midnight."""
    return [
        None if life.rang_at is None else life.rang_at - MONDAY
        for life in played(firm, *arrivals, **options)
    ]


def test_a_queue_before_one_extension_as_worked_out_by_hand() -> None:
    # Calls of 60 s, each accepted after 1 s: claimed at 0, 60 and 120.
    arrivals = [lead(1, 0), lead(2, 10), lead(3, 20)]
    assert dialled(firm(1), *arrivals) == [1, 61, 121]
    assert figures(played(firm(1), *arrivals)) == Figures(
        leads=3,
        rang=3,
        connected=3,
        within_target=2,  # after 1, 51 and 101 s, of 60
        judged=3,
        ring_p50=51,
        ring_p90=91,
    )


def test_a_second_extension_takes_the_second_lead_at_once() -> None:
    # 102 takes the second at 10, 101 is free at 60 for the third.
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
    # 101 missed at 20 and is out until 80: two leads at once at 40 have 102 alone.
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


# --- turns ----------------------------------------------------------------------------------------


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
    # A lead that is called again at once has waited since it first could be called.
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
    """Whatever the team's own terms, and whoever else talked with it; 300 seconds."""
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
    # The phone they talked on is off shift: they are rung on the other one, and waited for.
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
    """Who was rung for each, the first time."""
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


# --- spans ----------------------------------------------------------------------------------------


def test_spans_open_and_close() -> None:
    spans = OpenIntervals.joined([(10, 20), (20, 30), (50, 60), (55, 58)])
    assert spans == OpenIntervals((10, 50), (30, 60))
    assert [spans.is_open(at) for at in (9, 10, 29, 30, 50)] == [False, True, True, False, True]
    assert [spans.next_opening(at) for at in (0, 15, 30, 60)] == [10, 15, 50, None]
    assert [spans.next_new_opening(at) for at in (0, 10, 11, 50, 51)] == [10, 10, 50, 50, None]
    assert spans.after_open_seconds(25, 10) == 55
    assert spans.after_open_seconds(25, 100) is None
    assert spans.changes(10, 50) == [30, 50]


@given(
    one=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))),
    other=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))),
)
def test_spans_agree_with_looking_at_every_second(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    a, b = (OpenIntervals.joined((at, at + long) for at, long in pairs) for pairs in (one, other))
    both, either = a.both(b), OpenIntervals.any_of((a, b))
    for second in range(70):
        assert both.is_open(second) == (a.is_open(second) and b.is_open(second))
        assert either.is_open(second) == (a.is_open(second) or b.is_open(second))
