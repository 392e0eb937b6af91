"""The policy's table, a named row each."""

from datetime import timedelta

import pytest

from callbacks.outcomes import (
    MAX_ATTEMPTS,
    ExtensionStep,
    LeadStep,
    Outcome,
    Policy,
    Step,
    next_step,
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
        Step(AGAIN, ExtensionStep.PAUSED),
    ),
    "invalid parameters: once more with another extension": ((Outcome.INVALID, 0), Step(AGAIN)),
    "invalid parameters again: failed": ((Outcome.INVALID, 1), Step(LeadStep.FAILED)),
    "first provider error: 5 s": ((Outcome.PROVIDER_ERROR, 0), Step(AGAIN, after=SECONDS[5])),
    "second: 30 s": ((Outcome.PROVIDER_ERROR, 1), Step(AGAIN, after=SECONDS[30])),
    "third: 2 min": ((Outcome.NOT_SENT, 2), Step(AGAIN, after=SECONDS[120])),
    "fourth: 10 min": ((Outcome.NOT_SENT, 3), Step(AGAIN, after=SECONDS[600])),
    "and 10 min from then on": ((Outcome.NOT_SENT, 9), Step(AGAIN, after=SECONDS[600])),
    "salesperson did not answer: next extension at once": (
        (Outcome.AGENT_NO_ANSWER, 4),
        Step(AGAIN, ExtensionStep.MISSED, out_for=timedelta(minutes=1)),
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
    "lead never answered: unreached": ((Outcome.LEAD_NO_ANSWER, 3), Step(LeadStep.UNREACHED)),
    "bridged: connected": ((Outcome.BRIDGED, 0), Step(LeadStep.CONNECTED)),
    "accepted and no record: called": ((Outcome.NO_RECORD, 0), Step(LeadStep.CALLED)),
}


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_follows_an_outcome(given: tuple[Outcome, int], expected: Step) -> None:
    outcome, same_before = given
    assert next_step(outcome, same_before, same_before + 1, POLICY) == expected


def test_a_call_nobody_knows_of_goes_to_a_person_and_is_not_dialled_again() -> None:
    step = next_step(Outcome.NEVER_KNOWN, 0, 1, POLICY)
    assert step.lead is LeadStep.FAILED
    assert "Ask whether they talked" in step.message


@pytest.mark.parametrize("outcome", [Outcome.PROVIDER_ERROR, Outcome.NOT_SENT])
def test_no_lead_is_tried_more_often_than_the_hard_limit(outcome: Outcome) -> None:
    assert next_step(outcome, 0, MAX_ATTEMPTS - 1, POLICY).lead is AGAIN
    assert next_step(outcome, 0, MAX_ATTEMPTS, POLICY).lead is LeadStep.FAILED


@pytest.mark.parametrize(
    "outcome",
    [Outcome.OFFLINE, Outcome.BLOCKED, Outcome.AGENT_NO_ANSWER, Outcome.MISCONFIGURED],
)
def test_what_ended_with_the_extension_does_not_use_up_a_leads_tries(outcome: Outcome) -> None:
    assert next_step(outcome, 0, MAX_ATTEMPTS + 5, POLICY).lead is AGAIN


def test_every_outcome_has_a_row() -> None:
    for outcome in Outcome:
        assert isinstance(next_step(outcome, 0, 1, POLICY), Step)
