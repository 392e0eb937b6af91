"""When a lead is called next: the one rule, whoever asks. Pure.

Asked for new leads, retries, leads that are put off, "Call now", the preview and the replay. In
this order:

1. the wait that follows the last call's outcome (`Step`), or the time that the visitor chose;
2. the limits: of the lead's number, the gap after a call and the calls of a day; and of what may be
   spent. Nobody has asked for the hour at which one of these is over, so unless it is over soon the
   lead is called at an hour at which people are called unasked, although its source calls at any;
3. for a retry at an opening: when a team next opens anew; a day later where all are always open;
4. the teams' opening hours and the calling window of the lead's number;
5. the lead's turn among those that wait for the same opening.

What hours there are, and who else waits, is behind `CallTimes`: `call_times` answers from the
routing config and the database, `replay.call_times` from a simulation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from callbacks.policy.rules import A_DAY, LeadStep, Step
from callbacks.scheduling.opening_turns import Turn

# Whoever asks at night wants to be called at night, also if they wait for as long as this.
SOON = timedelta(hours=1)


class CallTimes(Protocol):
    """The times at which one lead may be called."""

    def next_time(self, after: datetime) -> datetime | None:
        """The first instant at or after `after` at which it may be called; None: never."""

    def next_usual_time(self, after: datetime) -> datetime | None:
        """The same, at an hour at which people are called unasked, if there is one."""

    def next_new_opening(self, after: datetime) -> datetime | None:
        """When the first of its teams opens anew; None: none does, or all are always open."""

    def turn(self, opening: datetime) -> Turn:
        """Its turn among the leads that wait for `opening`, or for a later one if that is full."""


@dataclass(frozen=True)
class NextCall:
    """When a lead is called next, and what it waits for until then (leads.wait_accounting).

    `call_after` None: at once, and the lead keeps its `call_after`, because the time after which
    other teams step in is counted from it. `opens_at`: when it may be called at the earliest,
    before it takes turns with other leads; None: never, or at once.
    """

    call_after: datetime | None
    gap_until: datetime | None = None
    closed_until: datetime | None = None
    opens_at: datetime | None = None

    @property
    def never(self) -> bool:
        """Whether no team ever opens for this lead: it waits until somebody changes the hours."""
        return self.call_after is not None and self.opens_at is None


def next_call(
    times: CallTimes,
    now: datetime,
    *,
    step: Step | None = None,
    chosen_at: datetime | None = None,
    limited_until: datetime | None = None,
    unasked: bool = False,
) -> NextCall:
    """When a lead is called next, as of `now`.

    `step`: what follows from the call that ended at `now`; None: there was none. `chosen_at`: the
    time that the visitor chose, or an earlier gap that goes on. `limited_until`: until when its
    number may not be rung (routing.number_limits), or a spending limit lasts; None: it may be.
    `unasked`: nobody has asked for the hour at which it may be called, however soon that is.
    """
    if step and not step.after:
        return NextCall(None)
    waits = (now + step.after if step else None, chosen_at, limited_until)
    gap_until = max((it for it in waits if it), default=None)
    start = earliest = max(now, gap_until or now)
    if step and step.at_opening:
        if anew := times.next_new_opening(earliest):
            earliest = anew
        else:
            start = earliest = gap_until = max(earliest, now + A_DAY)
    is_limit = limited_until is not None and limited_until == earliest and earliest - now > SOON
    usual = unasked or is_limit
    opens_at = times.next_usual_time(earliest) if usual else times.next_time(earliest)
    if opens_at is None:
        return NextCall(earliest, gap_until)
    if opens_at == start:
        return NextCall(opens_at, gap_until, opens_at=opens_at)
    turn = times.turn(opens_at)
    return NextCall(turn.at, gap_until, turn.opening, opens_at)


def by_changed_hours(
    times: CallTimes,
    now: datetime,
    *,
    gap_until: datetime | None,
    ended_at: datetime | None = None,
    limited_until: datetime | None = None,
    unasked: bool = False,
) -> NextCall:
    """When a lead that waits already is called, by hours that have changed meanwhile.

    `gap_until`: the wait that it was given, for its chosen time or between two calls. `ended_at`:
    when its last call ended, if from that wait on it waits for a team to open anew.
    `limited_until`, `unasked`: as of `next_call`.
    """
    if gap_until and ended_at and gap_until > ended_at:
        step = Step(LeadStep.CALL_AGAIN, after=gap_until - ended_at, at_opening=True)
        found = next_call(times, ended_at, step=step, limited_until=limited_until, unasked=unasked)
        if found.opens_at is None or found.opens_at > now:
            return found
        gap_until = None  # by the new hours that opening has been
    return next_call(times, now, chosen_at=gap_until, limited_until=limited_until, unasked=unasked)
