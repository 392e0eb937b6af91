"""When a lead is called next: one rule for all callers. Pure.

Used for new leads, retries, leads that are put off, "Call now", the preview and the replay. In this
order:

1. the wait that follows the last call's outcome (`Step`), or the time that the visitor chose;
2. the limits: of the lead's number (the gap after a call, and the calls of a day) and of spending.
   Nobody asked for the hour at which a limit ends. So unless it ends soon, the lead is called at
   an hour at which people are called unasked, even if its source calls at any hour;
3. for a retry at an opening: when a team next opens anew; a day later if all are always open;
4. the teams' opening hours and the calling window of the lead's number;
5. the lead's turn among those that wait for the same opening.

The hours and the other waiting leads are behind `CallTimes`: `call_times` answers from the routing
config and the database, `replay.call_times` from a simulation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from callbacks.policy.rules import A_DAY, LeadStep, Step
from callbacks.scheduling.opening_turns import Turn

# A visitor who asks at night wants the call at night, even after a wait as long as this.
SOON = timedelta(hours=1)


class CallTimes(Protocol):
    """The times at which a lead may be called."""

    def next_time(self, after: datetime) -> datetime | None:
        """The first instant at or after `after` at which the lead may be called; None: never."""

    def next_usual_time(self, after: datetime) -> datetime | None:
        """The same, at an hour at which people are called unasked, if there is one."""

    def next_new_opening(self, after: datetime) -> datetime | None:
        """When the first of the teams opens anew; None: none does, or all are always open."""

    def turn(self, opening: datetime) -> Turn:
        """The lead's turn at `opening`, or at a later opening if that one is full."""


@dataclass(frozen=True)
class NextCall:
    """When a lead is called next, and what it waits for until then (leads.wait_accounting).

    `call_after` None: at once; the lead keeps its `call_after`, from which the time until other
    teams are asked is counted. `opens_at`: the earliest time at which it may be called, before it
    takes turns with other leads; None: never, or at once.
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

    `step`: what follows from the call that ended at `now`; None: no call. `chosen_at`: the time
    that the visitor chose, or an earlier gap that goes on. `limited_until`: until when the number
    may not be called (routing.number_limits) or a spending limit lasts; None: no limit. `unasked`:
    nobody asked for the hour at which the lead may be called, however soon it is.
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
    """When a lead that already waits is called, by hours that have changed meanwhile.

    `gap_until`: the end of the wait that it was given, for its chosen time or between two calls.
    `ended_at`: when its last call ended, if after that wait it waits for a team to open anew.
    `limited_until`, `unasked`: see `next_call`.
    """
    if gap_until and ended_at and gap_until > ended_at:
        step = Step(LeadStep.CALL_AGAIN, after=gap_until - ended_at, at_opening=True)
        found = next_call(times, ended_at, step=step, limited_until=limited_until, unasked=unasked)
        if found.opens_at is None or found.opens_at > now:
            return found
        gap_until = None  # by the new hours, that opening is over
    return next_call(times, now, chosen_at=gap_until, limited_until=limited_until, unasked=unasked)
