"""A call from the first ring to the last hang-up.

    leg 1 rings -- answered --> leg 2 rings -- answered --> both talk -- hang-up --> ended
        |                           |
        busy, no answer, cancel     busy, no answer, cancel: leg 1 ends too, `linger` later

Every step is one timer of the event loop; nothing polls. A call never uses the network: it tells
its `Floor`, which keeps the lines and posts the records.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from callbacks.simulator.engine.faults import Fault
from callbacks.simulator.engine.ledger import Entry, LedgerLeg
from callbacks.simulator.engine.parameters import Order, is_extension, line_key

RINGING = "RINGING"
TALKING = "TALKING"

# What a phone can be told to do. All except "answer" become the status of the leg's record, in
# capitals.
ANSWERED = frozenset({"answer", "voicemail"})
AT_ONCE = frozenset(
    {"chanunavail", "congestion", "invalidargs", "notcalled", "notdialed", "sswpreauth"}
)
RUNG_OUT = frozenset({"noanswer", "timeout"})
AFTER_RINGING = frozenset(
    {"abandone", "busy", "cancel", "exit", "full", "joinempty", "te", "voend"}
)
REACTIONS = ANSWERED | AT_ONCE | RUNG_OUT | AFTER_RINGING


class Floor(Protocol):
    """What a call asks about lines, and where it reports its progress."""

    def presence(self, key: str) -> str:
        """The presence of a line: online, offline, blocked or busy."""

    def engaged(self, key: str) -> bool:
        """Whether this line is already in a call."""

    def ringing(self, call: "SimulatedCall", leg: LedgerLeg) -> None:
        """A phone of the call began to ring."""

    def answered(self, call: "SimulatedCall", number: int) -> None:
        """Leg 1 or 2 was picked up."""

    def silent(self, call: "SimulatedCall", number: int) -> None:
        """Leg 1 or 2 has ended and will not change again."""

    def ended(self, call: "SimulatedCall") -> None:
        """The call is over; `silent` was called before for each of its legs."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a ringing phone does without a click, and after how many seconds of ringing."""

    outcome: str
    after: float


def script(
    *,
    answers: Mapping[str, str],
    key: str,
    manual: bool,
    answers_itself: bool,
    answer_after: float,
    ring_limit: float,
) -> Script:
    """What a ringing phone will do. A number in `answers` follows it in both modes."""
    reaction = answers.get(key, "click" if manual else "answer")
    if reaction in RUNG_OUT:
        return Script(reaction.upper(), ring_limit)
    if reaction in AT_ONCE:
        return Script(reaction.upper(), 0.0)
    if answers_itself and reaction in {"answer", "click"}:
        return Script("ANSWER", 0.0)
    if reaction == "click" or answer_after > ring_limit:
        return Script("NOANSWER", ring_limit)
    return Script(reaction.upper(), answer_after)


@dataclass(frozen=True, slots=True)
class Habits:
    """The part of the settings that a call follows, read again at every step."""

    answers: Mapping[str, str]
    manual: bool
    answer_after: float
    no_answer_after: float | None
    talk: float
    linger: float = 0.0


class SimulatedCall:
    """One accepted order while it lives. The exchange creates it, then calls `start`."""

    def __init__(
        self, order: Order, entry: Entry, floor: Floor, habits: Habits, fault: Fault | None
    ) -> None:
        # `ended_legs` is in the order in which the legs ended. `posts` counts the remaining posts,
        # plus one until the call is over; at zero the call is `finished`.
        self.order = order
        self.entry = entry
        self.fault = fault
        self.habits = habits
        self.over = False
        self.ended_legs: list[int] = []
        self.posts = 1
        self.finished = asyncio.Event()
        self._floor = floor
        self._timer: asyncio.TimerHandle | None = None
        self._lingers = False

    @property
    def id(self) -> str:
        """The CALLID."""
        return self.entry.call_id

    def leg(self, number: int) -> LedgerLeg | None:
        """Leg 1 or 2; None before it starts."""
        return self.entry.leg1 if number == 1 else self.entry.leg2

    def start(self) -> None:
        """Rings the first phone."""
        self._ring(self.order.phone, 1)

    def answer(self, number: int) -> bool:
        """Picks up a phone. False if it does not ring."""
        leg = self.leg(number)
        if self.over or leg is None or leg.status != RINGING:
            return False
        self._stop_timer()
        leg.status = TALKING
        leg.answered_at = time.time()
        self._floor.answered(self, number)
        if number == 1 and self.order.target is not None:
            self._ring(self.order.target, 2)
        else:
            self._talk()
        return True

    def voicemail(self, number: int) -> bool:
        """Lets a voicemail pick up. On leg 1 of two this ends the call: there is nobody to
        connect.
        """
        leg = self.leg(number)
        if number == 1 and self.order.target is not None:
            return self.refuse(1, "VOICEMAIL")
        if leg is not None:
            leg.machine = True
        return self.answer(number)

    def refuse(self, number: int, status: str = "BUSY") -> bool:
        """Ends the ringing of a phone: rejected, or not answered. False if it does not ring."""
        leg = self.leg(number)
        if self.over or leg is None or leg.status != RINGING:
            return False
        self._end(number, status)
        return True

    def hang_up(self, number: int = 1) -> bool:
        """Hangs up one side of the call. False if that leg has ended."""
        leg = self.leg(number)
        if self.over or leg is None or leg.ended_at is not None:
            return False
        self._end(number)
        return True

    def rehearse(self, habits: Habits) -> None:
        """Follows changed settings, and restarts the timer of the current step."""
        self.habits = habits
        if self.over or self._lingers:
            return
        self._stop_timer()
        for number in (1, 2):
            leg = self.leg(number)
            if leg is not None and leg.status == RINGING:
                self._await_reaction(leg, number, time.time() - leg.started_at)
                return
        self._talk()

    def posted(self) -> None:
        """Counts down `posts`: one post was tried, or the call is over."""
        self.posts -= 1
        if self.posts == 0:
            self.finished.set()

    def drop(self) -> None:
        """Discards the call without a record (reset)."""
        self.over = True
        self._stop_timer()
        self.finished.set()

    def _ring(self, number: str, which: int) -> None:
        leg = LedgerLeg(number=number, started_at=time.time())
        if which == 1:
            self.entry.leg1 = leg
        else:
            self.entry.leg2 = leg
        key = line_key(number)
        presence = self._floor.presence(key)
        if presence in {"offline", "blocked"}:
            self._end(which, "CHANUNAVAIL")
        elif presence == "busy" or self._floor.engaged(key):
            self._end(which, "BUSY")
        else:
            self._floor.ringing(self, leg)
            self._await_reaction(leg, which, 0.0)

    def _await_reaction(self, leg: LedgerLeg, which: int, elapsed: float) -> None:
        habits = self.habits
        limit = float(self.order.phone_rings if which == 1 else self.order.target_rings)
        if habits.no_answer_after is not None:
            limit = min(limit, habits.no_answer_after)
        plan = script(
            answers=habits.answers,
            key=line_key(leg.number),
            manual=habits.manual,
            answers_itself=self._answers_itself(which) and is_extension(leg.number),
            answer_after=habits.answer_after,
            ring_limit=limit,
        )
        wait = max(0.0, plan.after - elapsed)
        if plan.outcome == "ANSWER":
            self._later(wait, self.answer, which)
        elif plan.outcome == "VOICEMAIL":
            self._later(wait, self.voicemail, which)
        else:
            self._later(wait, self.refuse, which, plan.outcome)

    def _answers_itself(self, which: int) -> bool:
        # The vendor's page allows auto-answer for extensions only (sections 1.2 to 1.4).
        order = self.order
        return order.phone_answers_itself if which == 1 else order.target_answers_itself

    def _talk(self) -> None:
        since = max(leg.answered_at or 0.0 for leg in (self.leg(1), self.leg(2)) if leg)
        most = float(self.order.max_duration)
        limit = most if self.habits.manual else min(self.habits.talk, most)
        last = 1 if self.leg(2) is None else 2
        self._later(max(0.0, limit - (time.time() - since)), self.hang_up, last)

    def _end(self, first: int, status: str | None = None) -> None:
        self._stop_timer()
        now = time.time()
        other = self.leg(1)
        if first == 2 and self.habits.linger > 0 and other is not None:
            self._fall_silent(2, now, status)
            self._lingers = True
            self._later(self.habits.linger, self._end, 1)
            return
        self.over = True
        self._fall_silent(first, now, status)
        self._fall_silent(3 - first, now)
        self._floor.ended(self)

    def _fall_silent(self, number: int, now: float, status: str | None = None) -> None:
        leg = self.leg(number)
        if leg is None or leg.ended_at is not None:
            return
        leg.ended_at = now
        if status is None:
            status = "CANCEL" if leg.answered_at is None else "ANSWER"
        leg.status = "VOICEMAIL" if leg.machine else status
        self.ended_legs.append(number)
        self._floor.silent(self, number)

    def _later(self, seconds: float, step: Callable[..., object], *args: object) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, step, *args)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
