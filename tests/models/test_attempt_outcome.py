"""How a call ended, in one word: written once, by the UPDATE that ends the attempt."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection

from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptOutcome, AttemptState
from callbacks.policy.rules import Outcome
from leads.models import Lead

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
MakeAttempt = Callable[..., CallAttempt]


@pytest.fixture
def make_attempt(make_lead: Callable[..., Lead], extension: Extension) -> MakeAttempt:
    def make(state: str = "dialing", **values: Any) -> CallAttempt:
        lead = make_lead()
        caller = Extension.objects.create(number=str(1000 + lead.pk), team=extension.team)
        return CallAttempt.objects.create(
            **{
                "lead": lead, "extension": caller, "phone": lead.phone, "claimed_at": NOW,
                "hold_until": NOW, "state": state, "extension_number": caller.number,
                "call_id": f"C-{lead.pk}" if state == "accepted" else "", **values,
            }
        )  # fmt: skip

    return make


def test_its_words_are_the_policys() -> None:
    assert set(AttemptOutcome.values) == {outcome.value for outcome in Outcome}


# The attempt's state before, the transition that ends it, and the outcome that is stored.
ENDS: dict[str, tuple[str, Callable[[CallAttempt], bool], Outcome]] = {
    "offline": (
        "dialing", lambda it: it.refuse(Outcome.OFFLINE, 3, "", "", LATER), Outcome.OFFLINE
    ),
    "our own check": (
        "dialing", lambda it: it.refuse(Outcome.MISCONFIGURED, None, "", "invalid_call", LATER),
        Outcome.MISCONFIGURED,
    ),
    "refused after its answer was lost": (
        "unknown", lambda it: it.refuse(Outcome.INVALID, 1, "", "", LATER), Outcome.INVALID
    ),
    "not sent": ("dialing", lambda it: it.not_send("", "dns", LATER), Outcome.NOT_SENT),
    "nobody took it on": ("dialing", lambda it: it.give_back(LATER), Outcome.NOT_SENT),
    "never placed": ("unknown", lambda it: it.disprove(LATER), Outcome.NOT_SENT),
    "they talked": (
        "accepted", lambda it: it.finish(AttemptState.BRIDGED, LATER, connected_at=LATER),
        Outcome.BRIDGED,
    ),
    "the salesperson did not pick up": (
        "accepted", lambda it: it.finish(AttemptState.AGENT_NO_ANSWER, LATER),
        Outcome.AGENT_NO_ANSWER,
    ),
    "the lead did not answer": (
        "accepted", lambda it: it.finish(AttemptState.LEAD_NO_ANSWER, LATER),
        Outcome.LEAD_NO_ANSWER,
    ),
    "accepted, no record": (
        "accepted", lambda it: it.finish(AttemptState.ENDED, LATER), Outcome.NO_RECORD
    ),
    "answer lost, no record": (
        "unknown", lambda it: it.finish(AttemptState.ENDED, LATER), Outcome.NEVER_KNOWN
    ),
    "worker lost, no record": (
        "dialing", lambda it: it.finish(AttemptState.ENDED, LATER), Outcome.NEVER_KNOWN
    ),
}  # fmt: skip


@pytest.mark.parametrize(("state", "end", "outcome"), ENDS.values(), ids=ENDS)
def test_whoever_ends_an_attempt_writes_its_outcome(
    make_attempt: MakeAttempt, state: str, end: Callable[[CallAttempt], bool], outcome: Outcome
) -> None:
    attempt = make_attempt(state)
    assert attempt.outcome == ""
    assert end(attempt)
    assert attempt.outcome == outcome.value
    attempt.refresh_from_db()
    assert attempt.outcome == outcome.value


@pytest.mark.parametrize(
    "move",
    [
        lambda it: it.accept("C-1", "OK", LATER),
        lambda it: it.lose_sight("", "read_timeout", LATER),
        lambda it: it.take_on(LATER),
    ],
    ids=["accepted", "unknown", "taken on"],
)
def test_a_live_attempt_has_none(
    make_attempt: MakeAttempt, move: Callable[[CallAttempt], bool]
) -> None:
    attempt = make_attempt()
    assert move(attempt)
    attempt.refresh_from_db()
    assert attempt.outcome == ""


@pytest.mark.parametrize("outcome", ["bridged", "something else"])
def test_the_database_keeps_it_from_live_attempts(make_attempt: MakeAttempt, outcome: str) -> None:
    with pytest.raises(IntegrityError, match="attempt_outcome_when_ended"):
        make_attempt("unknown", outcome=outcome[:15])


@pytest.mark.parametrize("state", ["bridged", "agent_no_answer", "lead_no_answer"])
def test_a_late_record_corrects_it(make_attempt: MakeAttempt, state: str) -> None:
    attempt = make_attempt("unknown")
    assert attempt.finish(AttemptState.ENDED, LATER)
    assert attempt.correct(AttemptState(state), LATER if state == "bridged" else None)
    attempt.refresh_from_db()
    assert attempt.outcome == state


@pytest.mark.parametrize(
    "end",
    [
        lambda it: it.finish(AttemptState.PLAYED, LATER),
        lambda it: it.refuse(Outcome.PROVIDER_ERROR, 2, "", "", LATER),
        lambda it: it.give_back(LATER),
    ],
    ids=["played", "refused", "given back"],
)
def test_nothing_follows_from_a_message(
    make_attempt: MakeAttempt, end: Callable[[CallAttempt], bool]
) -> None:
    attempt = make_attempt(kind="message", extension=None, extension_number="", record_name="x")
    assert end(attempt)
    attempt.refresh_from_db()
    assert attempt.outcome == ""


# --- attempts that ended before the column existed ------------------------------------------------

# The attempt's values before, and the outcome that the migration stores.
BEFORE: dict[str, tuple[dict[str, Any], str]] = {
    "bridged": ({"state": "bridged", "error_code": 0}, "bridged"),
    "nobody picked up": ({"state": "agent_no_answer", "error_code": 0}, "agent_no_answer"),
    "the lead did not answer": ({"state": "lead_no_answer", "error_code": 0}, "lead_no_answer"),
    "offline": ({"state": "refused", "error_code": 3}, "offline"),
    "blocked": ({"state": "refused", "error_code": 4}, "blocked"),
    "invalid": ({"state": "refused", "error_code": 1}, "invalid"),
    "our own check of the number": ({"state": "refused", "failure_reason": "number"}, "invalid"),
    "our own check of the call": (
        {"state": "refused", "failure_reason": "invalid_call"}, "misconfigured",
    ),
    "an error of the provider": ({"state": "refused", "error_code": 2}, "provider_error"),
    "access refused": ({"state": "refused", "failure_reason": "http_403"}, "provider_error"),
    "not sent": ({"state": "not_sent", "failure_reason": "dns"}, "not_sent"),
    "never placed": ({"state": "never_placed", "failure_reason": "read_timeout"}, "not_sent"),
    "no record came": ({"state": "ended", "error_code": 0}, "no_record"),
    "nothing is known": ({"state": "ended", "failure_reason": "read_timeout"}, "never_known"),
    "a message": (
        {
            "state": "played", "error_code": 0, "kind": "message", "extension": None,
            "extension_number": "",
        },
        "",
    ),
    "still on": ({"state": "accepted", "error_code": 0, "ended_at": None}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("values", "outcome"), BEFORE.values(), ids=BEFORE)
def test_the_migration_tells_it_from_what_was_read_before(
    make_attempt: MakeAttempt, values: dict[str, Any], outcome: str
) -> None:
    connected = {"connected_at": LATER} if values["state"] == "bridged" else {}
    attempt = make_attempt(**{"ended_at": LATER, **connected, **values})
    migration = import_module("callbacks.migrations.0014_attempt_outcome")
    with connection.cursor() as cursor:
        cursor.execute(migration.OUTCOMES_OF_ENDED_CALLS)
    attempt.refresh_from_db()
    assert attempt.outcome == outcome
