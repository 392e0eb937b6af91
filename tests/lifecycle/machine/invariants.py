"""What must hold after every step, according to the database and the witness's ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import (
    HELD_NOT_TO_BE,
    LIVE_STATES,
    TOLD_BY_RECORDS,
    AttemptKind,
    AttemptState,
)
from callbacks.policy.rules import A_DAY, MAX_ATTEMPTS, Outcome, Policy, counts_as_try
from leads.models import OPEN_STATUSES, Lead, LeadStatus
from tests.lifecycle.machine.witness import Dialled

S = AttemptState
_ENDS = {
    S.BRIDGED, S.PLAYED, S.AGENT_NO_ANSWER, S.AGENT_UNREACHED, S.LEAD_NO_ANSWER, S.LEAD_BUSY,
    S.BAD_NUMBER, S.LEAD_NOT_RUNG, S.SHORT_TALK, S.STOPPED, S.ENDED,
}  # fmt: skip
# States that the complete records can still lead to, whatever the earlier ones or the provider's
# answer said.
_TOLD = {S.BRIDGED, *TOLD_BY_RECORDS}
# The arrows of docs/architecture.md.
_ARROWS: Mapping[str, set[AttemptState]] = {
    **dict.fromkeys((*TOLD_BY_RECORDS, *HELD_NOT_TO_BE), _TOLD),
    S.STOPPED: {S.BRIDGED},
    S.DIALING: {S.ACCEPTED, S.UNKNOWN, S.REFUSED, S.NOT_SENT, *_ENDS},
    S.UNKNOWN: {S.ACCEPTED, S.REFUSED, S.NOT_SENT, S.NEVER_PLACED, *_ENDS},
    S.ACCEPTED: _ENDS,
    # A record that came after the hold was over.
    S.ENDED: _ENDS,
}
_LATE = {LeadStatus.CONNECTED, LeadStatus.UNREACHED, LeadStatus.FAILED}
_LEAD_ARROWS: Mapping[str, set[LeadStatus]] = {
    LeadStatus.HELD: {LeadStatus.CANCELLED, LeadStatus.WAITING},
    LeadStatus.WAITING: {LeadStatus.CALLING, LeadStatus.FAILED, LeadStatus.CANCELLED},
    LeadStatus.CALLING: {
        LeadStatus.WAITING,
        LeadStatus.CONNECTED,
        LeadStatus.CALLED,
        LeadStatus.UNREACHED,
        LeadStatus.FAILED,
        LeadStatus.CANCELLED,  # a manager stopped the call
    },
    # It came during a call and becomes a call of its own, or its visitor takes it back.
    LeadStatus.DUPLICATE: {LeadStatus.WAITING, LeadStatus.CANCELLED},
    # A late record, as above, changes the lead too.
    LeadStatus.CALLED: _LATE,
    LeadStatus.FAILED: _LATE,
    LeadStatus.UNREACHED: {LeadStatus.CONNECTED},
}


def reachable(come_from: str, arrows: Mapping[str, set]) -> set[str]:
    """All states that one or more steps can lead to, including the starting point."""
    found, todo = {come_from}, [come_from]
    while todo:
        for to in arrows.get(todo.pop(), set()) - found:
            found.add(to)
            todo.append(to)
    return found


def only_forward(attempts: Iterable[CallAttempt], states: dict[int, str]) -> None:
    """Each attempt is where it was or further on. `states`: those seen last, which it updates."""
    for attempt in attempts:
        before = states.get(attempt.pk, S.DIALING)
        assert attempt.state in reachable(before, _ARROWS), f"{before} -> {attempt.state}"
        states[attempt.pk] = attempt.state


def leads_only_forward(leads: Iterable[Lead], statuses: dict[int, str], opened: set[int]) -> None:
    """Only a manager reopens a closed lead. `opened`: the leads that one has reopened."""
    for lead in leads:
        before = statuses.get(lead.pk, lead.status)
        if lead.pk not in opened:
            assert lead.status in reachable(before, _LEAD_ARROWS), f"{before} -> {lead.status}"
        statuses[lead.pk] = lead.status


def nothing_is_held_twice(attempts: Iterable[CallAttempt]) -> None:
    """At most one live attempt for each lead, extension and number."""
    live = [attempt for attempt in attempts if attempt.state in LIVE_STATES]
    for held in ("lead_id", "extension_id", "phone"):
        counts = Counter(it for attempt in live if (it := getattr(attempt, held)) is not None)
        assert all(count == 1 for count in counts.values()), f"{held} held twice"


def every_lead_gets_on(
    leads: Iterable[Lead], attempts: Iterable[CallAttempt], now: datetime
) -> None:
    """It is closed, or held for a person, or the sweep will move it on at a known time."""
    calls = [it for it in attempts if it.kind == AttemptKind.CALL]
    live = {it.lead_id: it for it in calls if it.state in LIVE_STATES}
    made = Counter(it.lead_id for it in calls)
    for lead in leads:
        assert (lead.status == LeadStatus.CALLING) == (lead.pk in live), f"{lead.status}, and live"
        assert (lead.closed_at is None) == (lead.status in OPEN_STATUSES)
        assert lead.attempts == made[lead.pk]
        if lead.status == LeadStatus.WAITING:
            # At most a week of closed days, and what the policy adds.
            assert lead.call_after <= now + timedelta(days=10)
    for attempt in attempts:
        if attempt.state in LIVE_STATES:
            assert attempt.hold_until <= now + timedelta(hours=3), "held without end"


def who_needs_a_person_is_shown(
    leads: Iterable[Lead], attempts: Iterable[CallAttempt], questions: set[int]
) -> None:
    """A failed lead says why, and a call whose end nobody knows is among the open questions."""
    newest = {it.lead_id: it for it in attempts if it.kind == AttemptKind.CALL}
    for lead in leads:
        if lead.status != LeadStatus.FAILED:
            continue
        assert lead.error_message or lead.error_code, "failed, and nobody says why"
        last = newest.get(lead.pk)
        if last and last.state == S.ENDED and last.error_code is None:
            assert last.pk in questions, "nobody knows of its call, and nobody is asked"


def tries_are_bounded(
    leads: Iterable[Lead], attempts: Iterable[CallAttempt], policy: Policy
) -> None:
    """The tries of each lead since a manager last asked for a call."""
    for lead in leads:
        tries = [
            it
            for it in attempts
            if it.lead_id == lead.pk
            and it.kind == AttemptKind.CALL
            and it.claimed_at >= lead.counted_from
        ]
        unanswered = [
            it for it in tries if it.state in (S.LEAD_NO_ANSWER, S.LEAD_BUSY, S.SHORT_TALK)
        ]
        counted = [it for it in tries if it.outcome and counts_as_try(Outcome(it.outcome))]
        assert len(unanswered) <= len(policy.after_no_answer) + 1
        assert len(counted) <= MAX_ATTEMPTS


def nobody_is_on_two_calls(on: Iterable[Dialled]) -> None:
    """According to the witness: neither a salesperson nor a lead."""
    on = list(on)
    extensions = Counter(call.extension for call in on if call.extension)
    numbers = Counter(call.number for call in on)
    assert all(count == 1 for count in (extensions | numbers).values()), "on two calls at once"


def nobody_is_rung_too_often(
    ledger: Iterable[Dialled], by_hand: Mapping[str, datetime], policy: Policy
) -> None:
    """According to the witness, whichever leads the calls were for. A manager's call may ignore the
    gap between calls, but not the bound of the day.

    `by_hand`: when a manager last asked for a call to a number.
    """
    rung: dict[str, list[Dialled]] = {}
    for call in ledger:
        if call.may_have_rung:
            rung.setdefault(call.number, []).append(call)
    for number, calls in rung.items():
        for n, call in enumerate(calls):
            within_a_day = [it for it in calls[: n + 1] if it.at > call.at - A_DAY]
            assert len(within_a_day) <= policy.calls_a_day, "rung too often in a day"
        for before, call in pairwise(calls):
            assert before.ended_at, "rung while on a call"
            wished = number in by_hand and by_hand[number] >= before.ended_at
            assert wished or call.at - before.ended_at >= policy.gap, "rung again too soon"
