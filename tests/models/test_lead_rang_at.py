"""When a lead's phone began to ring, by what is known of its call."""

from datetime import UTC, datetime, timedelta

import pytest

from callbacks.models.time_accounting import Facts, LegTimes, lead_rang_at

CLAIMED = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
ENDED = CLAIMED + timedelta(seconds=60)


def at(seconds: float) -> datetime:
    return CLAIMED + timedelta(seconds=seconds)


NO_ANSWER = LegTimes(answered=False, started_at=at(8), dial_time=30)
ANSWER = LegTimes(answered=True, started_at=at(8), dial_time=4)
UNTIMED = LegTimes(answered=True, dial_time=4)
SILENT = LegTimes(answered=False, started_at=at(8), silent=True)
SELLER = LegTimes(answered=True, started_at=at(1), dial_time=6)

# what is known: state, when the salesperson picked up (pop-up), when the lead answered, legs
ROWS = {
    "talked, by leg 2": ("bridged", None, 12, {2: ANSWER}, 8),
    "talked, leg 2 without a time, pop-up": ("bridged", 7, 12, {2: UNTIMED}, 7),
    "talked, leg 2 without a time": ("bridged", None, 12, {2: UNTIMED}, 8),
    "talked, as a manager says": ("bridged", None, 12, {}, None),
    "talked, as a manager says, and a pop-up saw them pick up": ("bridged", 7, 12, {}, 7),
    "talked, by leg 1": ("bridged", None, 12, {1: SELLER}, 7),
    "the pop-up came after the record's start": ("bridged", 9, 12, {2: ANSWER}, 9),
    "the record's clock is of another zone": (
        "bridged", 7, 12, {2: LegTimes(answered=True, started_at=at(7200), dial_time=4)}, 7,
    ),
    "the record's clock is ahead": (
        "bridged", 7, 12, {2: LegTimes(answered=True, started_at=at(100), dial_time=4)}, 12,
    ),
    "did not answer": ("lead_no_answer", None, None, {2: NO_ANSWER}, 8),
    "did not answer, nothing but the state": ("lead_no_answer", None, None, {}, None),
    "answered for a moment": ("short_talk", None, 12, {2: ANSWER}, 8),
    "line busy": ("lead_busy", 7, None, {2: SILENT}, None),
    "the visitor rejects it": ("lead_busy", 7, None, {2: NO_ANSWER}, 8),
    "out of reach after it rang": ("bad_number", None, None, {2: NO_ANSWER}, 8),
    "the network fails after it rang": ("lead_not_rung", None, None, {2: NO_ANSWER}, 8),
    "wrong number": ("bad_number", 7, None, {2: SILENT}, None),
    "network": ("lead_not_rung", 7, None, {2: SILENT}, None),
    "stored when a silent phone was no answer": ("lead_no_answer", 7, None, {2: SILENT}, None),
    "salesperson did not answer": ("agent_no_answer", None, None, {}, None),
    "salesperson's phone busy": ("agent_unreached", None, None, {}, None),
    "refused": ("refused", None, None, {}, None),
    "never placed": ("never_placed", None, None, {}, None),
    "on, not picked up": ("accepted", None, None, {}, None),
    "on, picked up": ("accepted", 7, None, {}, 7),
    "stopped before anybody picked up": ("stopped", None, None, {}, None),
    "stopped after the salesperson picked up": ("stopped", 7, None, {}, 7),
    "stopped, the lead's phone was silent": ("stopped", 7, None, {2: SILENT}, None),
    "no record, pop-up": ("ended", 7, None, {}, 7),
    "no record, nothing": ("ended", None, None, {}, None),
    "only leg 1, answered": ("ended", None, None, {1: SELLER}, 7),
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "picked_up", "answered", "legs", "rang"), ROWS.values(), ids=ROWS
)
def test_when_the_leads_phone_rang(
    state: str,
    picked_up: float | None,
    answered: float | None,
    legs: dict[int | None, LegTimes],
    rang: float | None,
) -> None:
    facts = Facts(
        state=state,
        claimed_at=CLAIMED,
        answered_at=at(0.1),
        picked_up_at=None if picked_up is None else at(picked_up),
        connected_at=None if answered is None else at(answered),
        legs=legs,
    )
    assert lead_rang_at(facts, ENDED) == (None if rang is None else at(rang))
