"""What the outcome of a call writes on the extension that was rung."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension
from callbacks.policy.from_settings import policy
from callbacks.policy.rules import FLAGGED_REASON, Outcome
from leads.models import Lead
from tests.routing.test_rules_agree_with_sql import STATES

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(hours=3), NOW - timedelta(hours=3)
ENOUGH = policy().missed_in_a_row
MISSED = f"missed {ENOUGH} calls in a row"
UNTOUCHED = {"missed_in_a_row": 1, "unavailable_reason": "did not answer"}
FLAGGED = {"missed_in_a_row": 2, "unavailable_reason": FLAGGED_REASON}
DINNER = {"is_paused": True, "paused_until": LATER, "pause_reason": "dinner"}
ALMOST = {"missed_in_a_row": ENOUGH - 1}
OURS_ENDS = NOW + policy().missed_pause
PAUSED_FOR_IT = {"is_paused": True, "paused_until": OURS_ENDS, "pause_reason": MISSED}

# name, outcome, the extension before and after the call.
TABLE: list[tuple[str, Outcome, dict[str, Any], dict[str, Any]]] = [
    ("offline: out for a while", Outcome.OFFLINE, {}, {
        "unavailable_until": NOW + policy().offline_for, "unavailable_reason": "offline",
        "is_paused": False, "missed_in_a_row": 0,
    }),
    ("blocked: until a person clears it", Outcome.BLOCKED, {}, {
        "is_blocked": True, "is_paused": False, "unavailable_until": None,
    }),
    ("our own check: paused, with what it says", Outcome.MISCONFIGURED, {}, {
        "is_paused": True, "paused_until": OURS_ENDS, "pause_reason": "phone: is no SIP code",
    }),
    ("missed: out for a while, and counted", Outcome.AGENT_NO_ANSWER, {}, {
        "unavailable_until": NOW + policy().missed_for, "unavailable_reason": "did not answer",
        "missed_in_a_row": 1, "is_paused": False,
    }),
    ("missed, but not often enough", Outcome.AGENT_NO_ANSWER, {"missed_in_a_row": ENOUGH - 2}, {
        "missed_in_a_row": ENOUGH - 1, "is_paused": False, "pause_reason": "",
    }),
    ("missed too often: paused", Outcome.AGENT_NO_ANSWER, ALMOST, {
        "missed_in_a_row": ENOUGH, **PAUSED_FOR_IT,
    }),
    ("missed too often in a person's pause", Outcome.AGENT_NO_ANSWER, ALMOST | DINNER, {
        "missed_in_a_row": ENOUGH, **DINNER,
    }),
    ("missed too often after a pause is over", Outcome.AGENT_NO_ANSWER,
        ALMOST | DINNER | {"paused_until": BEFORE}, PAUSED_FOR_IT),
    ("they talked: all is forgiven", Outcome.BRIDGED, FLAGGED, {
        "missed_in_a_row": 0, "unavailable_reason": "",
    }),
    ("the salesperson picked up: the same", Outcome.LEAD_NO_ANSWER, FLAGGED, {
        "missed_in_a_row": 0, "unavailable_reason": "",
    }),
    ("busy or a fault of the network: out for a moment, nobody's miss",
        Outcome.AGENT_UNREACHED, ALMOST, {
            "unavailable_until": NOW + policy().unreached_for, "is_paused": False,
            "unavailable_reason": "busy or not reached", **ALMOST,
        }),
    ("picked up, and the lead was busy", Outcome.LEAD_BUSY, FLAGGED, {"missed_in_a_row": 0}),
    ("picked up, and the lead hung up", Outcome.SHORT_TALK, FLAGGED, {"missed_in_a_row": 0}),
    ("picked up, and the number is bad", Outcome.BAD_NUMBER, FLAGGED, {"missed_in_a_row": 0}),
    ("picked up, and the network failed", Outcome.LEAD_NOT_RUNG, FLAGGED, {"missed_in_a_row": 0}),
    ("a manager stopped it: nobody is blamed", Outcome.STOPPED, FLAGGED, FLAGGED),
    ("they talked: what it was out for before stays", Outcome.BRIDGED, UNTOUCHED, {
        "missed_in_a_row": 0, "unavailable_reason": "did not answer",
    }),
    ("nobody knows who picked up", Outcome.NO_RECORD, FLAGGED, FLAGGED),
    ("nobody ever knows", Outcome.NEVER_KNOWN, FLAGGED, FLAGGED),
    ("the provider failed", Outcome.PROVIDER_ERROR, FLAGGED, FLAGGED),
    ("it was not sent", Outcome.NOT_SENT, FLAGGED, FLAGGED),
    ("the lead's number is invalid", Outcome.INVALID, UNTOUCHED, UNTOUCHED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "before", "after"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_the_outcome_writes_on_the_extension(
    make_lead: MakeLead,
    extension: Extension,
    outcome: Outcome,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    Extension.objects.update(**before)
    lead = make_lead(status="calling", counted_from=BEFORE)
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number=extension.number, phone=lead.phone,
        state=STATES[outcome], outcome=outcome.value, claimed_at=NOW, ended_at=NOW,
        connected_at=NOW, hold_until=NOW, error_message="phone: is no SIP code",
    )  # fmt: skip
    apply(attempt, NOW)
    extension.refresh_from_db()
    assert {name: getattr(extension, name) for name in after} == after


def test_every_outcome_has_a_row() -> None:
    assert {outcome for _name, outcome, _before, _after in TABLE} == set(Outcome)
