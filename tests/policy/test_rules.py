"""The policy's table, one named row for each case."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.policy.rules import (
    LEAST_COOLDOWN,
    LEAST_ERROR_WAIT,
    LEAST_GAP,
    LONGEST_COOLDOWN,
    LONGEST_GAP,
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    MAX_CALLS_A_DAY,
    MAX_MISSED,
    OPENING,
    ExtensionStep,
    LeadStep,
    Outcome,
    Policy,
    Step,
    counted_together,
    counts_as_try,
    may_have_talked,
    next_step,
    picked_up,
    rang_the_lead,
    rang_the_salesperson,
)

POLICY = Policy()
AGAIN = LeadStep.CALL_AGAIN
SECONDS = {n: timedelta(seconds=n) for n in (5, 30, 120, 600)}

ROWS = {
    "offline: next extension at once, this one out": (
        (Outcome.OFFLINE, 0),
        Step(AGAIN, ExtensionStep.OUT, out_for=timedelta(minutes=2)),
    ),
    "blocked: next extension at once, this one blocked": (
        (Outcome.BLOCKED, 0),
        Step(AGAIN, ExtensionStep.BLOCKED),
    ),
    "an extension that cannot be rung: next one, this one paused": (
        (Outcome.MISCONFIGURED, 0),
        Step(AGAIN, ExtensionStep.PAUSED, out_for=timedelta(minutes=15)),
    ),
    "invalid parameters: once more with another extension": ((Outcome.INVALID, 0), Step(AGAIN)),
    "invalid parameters again: failed": ((Outcome.INVALID, 1), Step(LeadStep.FAILED)),
    "first provider error: 5 s": ((Outcome.PROVIDER_ERROR, 0), Step(AGAIN, after=SECONDS[5])),
    "second: 30 s": ((Outcome.PROVIDER_ERROR, 1), Step(AGAIN, after=SECONDS[30])),
    "third: 2 min": ((Outcome.NOT_SENT, 2), Step(AGAIN, after=SECONDS[120])),
    "fourth: 10 min": ((Outcome.NOT_SENT, 3), Step(AGAIN, after=SECONDS[600])),
    "and 10 min for as long as it takes": (
        (Outcome.NOT_SENT, 90),
        Step(AGAIN, after=SECONDS[600]),
    ),
    "salesperson did not answer: next extension at once": (
        (Outcome.AGENT_NO_ANSWER, 4),
        Step(AGAIN, ExtensionStep.MISSED, out_for=timedelta(minutes=1)),
    ),
    "salesperson's phone busy or not reached: next extension, and no miss": (
        (Outcome.AGENT_UNREACHED, 4),
        Step(AGAIN, ExtensionStep.OUT, out_for=timedelta(minutes=1)),
    ),
    "lead's phone did not ring: again at once": ((Outcome.LEAD_NOT_RUNG, 0), Step(AGAIN)),
    "it did not ring once more: 5 s": (
        (Outcome.LEAD_NOT_RUNG, 1),
        Step(AGAIN, after=SECONDS[5]),
    ),
    "and 10 min from then on": (
        (Outcome.LEAD_NOT_RUNG, 40),
        Step(AGAIN, after=SECONDS[600]),
    ),
    "lead was busy: 1 min": ((Outcome.LEAD_BUSY, 0), Step(AGAIN, after=timedelta(minutes=1))),
    "busy after one that did not answer: 5 min": (
        (Outcome.LEAD_BUSY, 1),
        Step(AGAIN, after=timedelta(minutes=5)),
    ),
    "busy for the third time: 30 min": (
        (Outcome.LEAD_BUSY, 2),
        Step(AGAIN, after=timedelta(minutes=30)),
    ),
    "busy for the fourth time: 2 h": (
        (Outcome.LEAD_BUSY, 3),
        Step(AGAIN, after=timedelta(hours=2)),
    ),
    "busy as often as others may not answer: unreached": (
        (Outcome.LEAD_BUSY, 4),
        Step(LeadStep.UNREACHED),
    ),
    "too short a talk: as no answer": (
        (Outcome.SHORT_TALK, 0),
        Step(AGAIN, after=timedelta(minutes=2)),
    ),
    "too short once more after others: unreached": (
        (Outcome.SHORT_TALK, 4),
        Step(LeadStep.UNREACHED),
    ),
    "a number that cannot be reached: once more": (
        (Outcome.BAD_NUMBER, 0),
        Step(AGAIN, after=SECONDS[600]),
    ),
    "stopped by a manager: nobody calls again": (
        (Outcome.STOPPED, 0),
        Step(LeadStep.CANCELLED),
    ),
    "lead did not answer: 2 min": (
        (Outcome.LEAD_NO_ANSWER, 0),
        Step(AGAIN, after=timedelta(minutes=2)),
    ),
    "lead did not answer again: 15 min": (
        (Outcome.LEAD_NO_ANSWER, 1),
        Step(AGAIN, after=timedelta(minutes=15)),
    ),
    "lead did not answer three times: 2 h": (
        (Outcome.LEAD_NO_ANSWER, 2),
        Step(AGAIN, after=timedelta(hours=2)),
    ),
    "lead did not answer four times: next opening, two hours away or more": (
        (Outcome.LEAD_NO_ANSWER, 3),
        Step(AGAIN, after=timedelta(hours=2), at_opening=True),
    ),
    "lead never answered: unreached": ((Outcome.LEAD_NO_ANSWER, 4), Step(LeadStep.UNREACHED)),
    "bridged: connected": ((Outcome.BRIDGED, 0), Step(LeadStep.CONNECTED)),
    "accepted and no record: called": ((Outcome.NO_RECORD, 0), Step(LeadStep.CALLED)),
}


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_refusal_of_the_account_uses_up_no_try(seconds: int) -> None:
    wait = timedelta(seconds=seconds)
    for outcome in (Outcome.PROVIDER_ERROR, Outcome.INVALID):
        step = next_step(outcome, 90, 90, POLICY, faults=90, of_account=wait)
        assert step == Step(AGAIN, after=wait)


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_follows_an_outcome(given: tuple[Outcome, int], expected: Step) -> None:
    outcome, same_before = given
    assert next_step(outcome, same_before, same_before + 1, POLICY) == expected


LEADS, SALES, PICKED_UP, TALKED, A_TRY = range(5)
# For each outcome: whether the lead's phone rang or may have rung, and the salesperson's; whether
# the salesperson surely picked up; whether the two may have talked; whether it counts as a try.
SAYS: dict[Outcome, set[int]] = {
    Outcome.OFFLINE: set(),
    Outcome.BLOCKED: set(),
    Outcome.INVALID: {A_TRY},
    Outcome.MISCONFIGURED: set(),
    Outcome.PROVIDER_ERROR: set(),
    Outcome.NOT_SENT: set(),
    Outcome.AGENT_NO_ANSWER: {SALES},
    Outcome.AGENT_UNREACHED: set(),
    Outcome.LEAD_NO_ANSWER: {LEADS, SALES, PICKED_UP, A_TRY},
    Outcome.LEAD_BUSY: {LEADS, SALES, PICKED_UP, A_TRY},
    Outcome.BAD_NUMBER: {SALES, PICKED_UP, A_TRY},
    Outcome.LEAD_NOT_RUNG: {SALES, PICKED_UP},
    Outcome.SHORT_TALK: {LEADS, SALES, PICKED_UP, A_TRY},
    Outcome.STOPPED: {LEADS, SALES, A_TRY},
    Outcome.BRIDGED: {LEADS, SALES, PICKED_UP, TALKED, A_TRY},
    Outcome.NO_RECORD: {LEADS, SALES, TALKED, A_TRY},
    Outcome.NEVER_KNOWN: {LEADS, SALES, TALKED, A_TRY},
}


@pytest.mark.parametrize("outcome", Outcome)
def test_what_an_outcome_says_of_both_phones(outcome: Outcome) -> None:
    rules = (rang_the_lead, rang_the_salesperson, picked_up, may_have_talked, counts_as_try)
    assert {place for place, rule in enumerate(rules) if rule(outcome)} == SAYS[outcome]


@pytest.mark.parametrize(
    ("same_before", "after"),
    [(0, 5), (1, 30), (2, 120), (3, 600), (30, 600)],
)
def test_what_every_call_is_refused_for_is_no_leads_fault(same_before: int, after: int) -> None:
    step = next_step(Outcome.INVALID, same_before, 99, POLICY, suspect=True, of_all=True)
    assert step == Step(AGAIN, after=timedelta(seconds=after))


@pytest.mark.parametrize("outcome", [it for it in Outcome if it is not Outcome.INVALID])
def test_that_changes_nothing_of_other_outcomes(outcome: Outcome) -> None:
    assert next_step(outcome, 1, 2, POLICY, of_all=True) == next_step(outcome, 1, 2, POLICY)


def test_a_number_that_cannot_be_reached_rests_no_less_than_the_gap() -> None:
    policy = Policy(gap=timedelta(hours=2))
    assert next_step(Outcome.BAD_NUMBER, 0, 1, policy).after == timedelta(hours=2)


def test_a_pause_of_ours_is_never_shorter_than_a_minute() -> None:
    policy = Policy(missed_pause=timedelta(0))
    step = next_step(Outcome.MISCONFIGURED, 0, 1, policy)
    assert (policy.missed_pause, step.out_for) == (timedelta(minutes=1), timedelta(minutes=1))


def test_a_call_nobody_knows_of_goes_to_a_person_and_is_not_dialled_again() -> None:
    step = next_step(Outcome.NEVER_KNOWN, 0, 1, POLICY)
    assert step.lead is LeadStep.FAILED
    assert "Ask the salesperson whether they talked" in step.message


def test_a_number_that_cannot_be_reached_twice_goes_to_a_person() -> None:
    step = next_step(Outcome.BAD_NUMBER, 1, 2, POLICY)
    assert step.lead is LeadStep.FAILED
    assert "number is wrong or cannot be reached" in step.message


@pytest.mark.parametrize("outcome", [Outcome.LEAD_NO_ANSWER, Outcome.LEAD_BUSY])
def test_no_lead_is_tried_more_often_than_the_hard_limit(outcome: Outcome) -> None:
    assert next_step(outcome, 0, MAX_ATTEMPTS - 1, POLICY).lead is AGAIN
    assert next_step(outcome, 0, MAX_ATTEMPTS, POLICY).lead is LeadStep.FAILED


FAULTS = [Outcome.PROVIDER_ERROR, Outcome.NOT_SENT, Outcome.LEAD_NOT_RUNG]


@pytest.mark.parametrize("outcome", FAULTS)
def test_an_outage_uses_up_no_tries_however_long_it_lasts(outcome: Outcome) -> None:
    step = next_step(outcome, 500, 501, POLICY, faults=0)
    assert (step.lead, step.after) == (AGAIN, SECONDS[600])


@pytest.mark.parametrize("outcome", FAULTS)
def test_faults_of_one_lead_while_others_are_got_through_to_go_to_a_person(
    outcome: Outcome,
) -> None:
    assert next_step(outcome, 30, 1, POLICY, faults=MAX_ATTEMPTS - 1).lead is AGAIN
    assert next_step(outcome, 30, 1, POLICY, faults=MAX_ATTEMPTS).lead is LeadStep.FAILED


@given(st.builds(Policy, after_busy=st.lists(st.timedeltas() | st.just(OPENING), max_size=40)))
def test_a_busy_line_is_never_tried_later_than_one_that_does_not_answer(policy: Policy) -> None:
    for n in range(len(policy.after_no_answer)):
        busy, silent = (
            next_step(outcome, n, n + 1, policy)
            for outcome in (Outcome.LEAD_BUSY, Outcome.LEAD_NO_ANSWER)
        )
        assert busy.at_opening <= silent.at_opening
        assert busy.after <= silent.after or silent.at_opening


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome.OFFLINE,
        Outcome.BLOCKED,
        Outcome.AGENT_NO_ANSWER,
        Outcome.AGENT_UNREACHED,
        Outcome.MISCONFIGURED,
    ],
)
def test_what_ended_with_the_extension_does_not_use_up_a_leads_tries(outcome: Outcome) -> None:
    assert next_step(outcome, 0, MAX_ATTEMPTS + 5, POLICY).lead is AGAIN


@pytest.mark.parametrize(("same_before", "lead"), [(0, LeadStep.CALL_AGAIN), (1, LeadStep.FAILED)])
def test_invalid_parameters_on_a_second_lead_flag_the_extension(
    same_before: int, lead: LeadStep
) -> None:
    step = next_step(Outcome.INVALID, same_before, same_before + 1, POLICY, suspect=True)
    assert (step.lead, step.extension) == (lead, ExtensionStep.FLAGGED)


def test_a_flagged_extension_does_not_lift_the_limit() -> None:
    patient = Policy(invalid_tries=100)
    step = next_step(Outcome.INVALID, 0, MAX_ATTEMPTS, patient, suspect=True)
    assert step.lead is LeadStep.FAILED


def test_openings_may_follow_one_another_and_come_first() -> None:
    policy = Policy(after_no_answer=(OPENING, timedelta(minutes=5), OPENING, OPENING))
    steps = [next_step(Outcome.LEAD_NO_ANSWER, n, n + 1, policy) for n in range(5)]
    waits = [(step.after.total_seconds(), step.at_opening) for step in steps]
    assert waits == [(60, True), (300, False), (300, True), (300, True), (0, False)]
    assert steps[-1].lead is LeadStep.UNREACHED


# --- no setting lifts the bounds on calls to a lead -----------------------------------------------

times = st.timedeltas()
any_policy = st.builds(
    Policy,
    offline_for=times,
    missed_for=times,
    missed_in_a_row=st.integers(),
    missed_pause=times,
    unreached_for=times,
    after_busy=st.lists(times | st.just(OPENING), max_size=40),
    after_error=st.lists(times, max_size=40),
    after_no_answer=st.lists(times | st.just(OPENING), max_size=40),
    invalid_tries=st.integers(),
    gap=times,
    calls_a_day=st.integers(),
)


@given(any_policy)
def test_whatever_is_set_a_policy_is_within_the_bounds(policy: Policy) -> None:
    assert LEAST_COOLDOWN <= policy.offline_for <= LONGEST_COOLDOWN
    assert LEAST_COOLDOWN <= policy.missed_for <= LONGEST_COOLDOWN
    assert 1 <= policy.missed_in_a_row <= MAX_MISSED
    assert LEAST_GAP <= policy.gap <= LONGEST_GAP
    assert 1 <= policy.calls_a_day <= MAX_CALLS_A_DAY


# Outcomes that take the extension out are left out: the number of extensions bounds them.
COUNTED = [
    Outcome.INVALID,
    Outcome.PROVIDER_ERROR,
    Outcome.NOT_SENT,
    Outcome.LEAD_NO_ANSWER,
    Outcome.LEAD_BUSY,
    Outcome.SHORT_TALK,
    Outcome.BAD_NUMBER,
]


@given(any_policy, st.lists(st.sampled_from(COUNTED), min_size=MAX_ATTEMPTS))
def test_whatever_is_set_and_happens_a_lead_ends_and_is_never_called_again_too_soon(
    policy: Policy, outcomes: list[Outcome]
) -> None:
    history: list[Outcome] = []
    for outcome in outcomes:
        together = counted_together(outcome)
        same_before = sum(it in together for it in history)
        tries = len(history) + 1  # between any two calls, others are reached
        step = next_step(outcome, same_before, tries, policy, faults=tries)
        history.append(outcome)
        assert step.after <= LONGEST_WAIT
        if step.lead is not LeadStep.CALL_AGAIN:
            break
        if rang_the_lead(outcome):
            assert step.after >= max(LEAST_GAP, policy.gap)
        if outcome in (Outcome.PROVIDER_ERROR, Outcome.NOT_SENT):
            assert step.after >= LEAST_ERROR_WAIT
    assert step.lead is not LeadStep.CALL_AGAIN
    assert len(history) <= MAX_ATTEMPTS
    assert history.count(Outcome.LEAD_NO_ANSWER) <= len(policy.after_no_answer) + 1


@given(any_policy, st.sampled_from([Outcome.OFFLINE, Outcome.AGENT_NO_ANSWER]))
def test_whatever_is_set_an_extension_that_took_no_call_rests(
    policy: Policy, outcome: Outcome
) -> None:
    assert next_step(outcome, 0, 1, policy).out_for >= LEAST_COOLDOWN


def test_every_outcome_has_a_row() -> None:
    for outcome in Outcome:
        assert isinstance(next_step(outcome, 0, 1, POLICY), Step)
