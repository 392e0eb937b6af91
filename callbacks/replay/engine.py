"""How a changed team would have handled past leads: simulated event by event. Pure.

Requests are played against the rules that the product follows: opening hours, turns, outcomes.
ASSUMED lists the assumptions. Instants are epoch seconds, durations seconds.
"""

import heapq
import random
from bisect import bisect_right, insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from callbacks.policy.number_bounds import RungCall, limited_until, narrowed
from callbacks.policy.rules import (
    ExtensionStep,
    LeadStep,
    Outcome,
    counted_together,
    counts_as_try,
    may_have_talked,
    next_step,
    rang_the_lead,
    rang_the_salesperson,
)
from callbacks.replay.call_times import SimulatedTimes, TurnsTaken, instant, instant_or_none
from callbacks.replay.leads import HistoricAttempt, Request, SimulatedLead
from callbacks.replay.lines import Line, lines_of
from callbacks.replay.scenario import Scenario
from callbacks.routing import rules as routing_rules
from callbacks.routing.rules import ExtensionState, Owner, TeamOffer
from callbacks.scheduling.next_call import NextCall, next_call

# Seconds to the end of the simulation, from when the last request may first be called.
RUN_ON = 15 * 86_400.0
# Most tries for a lead; without a limit, one that nobody picks up for would be called forever.
MOST_TRIES = 50

ASSUMED = (
    (
        "The same leads arrive at the same moments. Each try ends as the lead's own tries did, in "
        "the same order; the results of further tries are drawn from all calls in the period."
    ),
    "A call occupies its extension for as long as it did then.",
    (
        "Extensions are on shift according to their schedules, and on a call, out, resting or at "
        "their daily limit according to the rules. Nobody pauses or takes other calls. Once paused "
        "after missed calls, or blocked, an extension is back as soon as an offline one would be."
    ),
    "Everyone starts equal: nobody has been idle longer than the others.",
    "Each lead is assigned from the start to the person it is assigned to now.",
    "Nothing is done manually, nothing fails, and a wake-up takes no time.",
)


class NothingToDrawFrom(Exception):  # noqa: N818  # said to a person
    """There were no calls in the period, so nobody knows how another one would have gone."""


def simulate(
    firm: Scenario,
    requests: Sequence[Request],
    *,
    owners: Mapping[str, Owner] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[SimulatedLead]:
    """Plays `requests` against `firm`. The same arguments give the same result.

    `owners`: who had last talked with a number before. `progress` is told how many of how many
    requests have come. Raises NothingToDrawFrom if a try must be drawn and there were no calls.
    """
    return _Run(firm, requests, owners or {}, seed).play(progress)


class _Kind(IntEnum):
    """The order at the same moment: first what becomes free, then leads that are to be called."""

    CALL_ENDS = 0
    PHONE_CHANGES = 1
    LOOK = 2
    COMES = 3
    SUBMITTED = 4


class _Run:
    """One simulation; can be used once."""

    def __init__(
        self, firm: Scenario, requests: Sequence[Request], owners: Mapping[str, Owner], seed: int
    ) -> None:
        self._firm, self._owners, self._seed = firm, dict(owners), seed
        self._requests = sorted(requests, key=lambda it: (it.arrival.submitted_at, it.id))
        self._pool = [went for request in self._requests for went in request.arrival.tries]
        self._lives = {it.id: SimulatedLead(it, it.callable_at) for it in self._requests}
        # Urgency, a minute earlier for each step of priority; minus that priority; the lead.
        self._queue: list[tuple[float, int, int]] = []
        self._lines = lines_of(firm.phones)
        self._states: dict[int, dict[int, ExtensionState]] = defaultdict(dict)
        self._free: Counter[int] = Counter()  # by team
        self._on_the_phone: set[str] = set()
        self._turns = TurnsTaken()
        # The last calls that rang each number.
        self._rung: dict[str, deque[RungCall]] = defaultdict(
            lambda: deque(maxlen=firm.policy.calls_a_day)
        )
        self._events: list[tuple[float, int, int, tuple[int, ...]]] = []
        self._scheduled = 0

    def play(self, progress: Callable[[int, int], None]) -> list[SimulatedLead]:
        """Runs until nothing more happens."""
        if not self._requests:
            return []
        comes = [request.arrival.submitted_at for request in self._requests]
        end = max(request.callable_at for request in self._requests) + RUN_ON
        self._prepare(comes[0], end)
        while self._events and self._events[0][0] <= end:
            at = self._events[0][0]
            while self._events and self._events[0][0] == at:
                _, kind, _, ids = heapq.heappop(self._events)
                self._happens(_Kind(kind), ids, at)
            self._serve(at)
            progress(bisect_right(comes, at), len(comes))
        return list(self._lives.values())

    def _prepare(self, start: float, end: float) -> None:
        for request in self._requests:
            self._at(request.arrival.submitted_at, _Kind.SUBMITTED, request.id)
        for line in self._lines.values():
            self._see(line, start)
            for moment in line.phone.spans.changes(start, end):
                self._at(moment, _Kind.PHONE_CHANGES, line.phone.id)
        for team in self._firm.teams.values():
            for moment in team.spans.changes(start, end):
                self._at(moment, _Kind.LOOK)

    def _at(self, moment: float, kind: _Kind, *ids: int) -> None:
        self._scheduled += 1
        heapq.heappush(self._events, (moment, kind, self._scheduled, ids))

    def _happens(self, kind: _Kind, ids: tuple[int, ...], at: float) -> None:
        match kind:
            case _Kind.SUBMITTED:
                self._submitted(self._lives[ids[0]], at)
            case _Kind.COMES:
                self._comes(self._lives[ids[0]], at)
            case _Kind.CALL_ENDS:
                self._ends(self._lives[ids[0]], self._lines[ids[1]], at)
            case _Kind.PHONE_CHANGES:
                self._see(self._lines[ids[0]], at)
            case _Kind.LOOK:
                pass  # only makes `_serve` look

    # --- leads ------------------------------------------------------------------------------------

    def _submitted(self, life: SimulatedLead, at: float) -> None:
        chosen_at = instant_or_none(life.request.arrival.chosen_at)
        found = next_call(self._times(life), instant(at), chosen_at=chosen_at)
        if not self._waits(life, found, at):
            self._comes(life, at)

    def _comes(self, life: SimulatedLead, at: float, since: float | None = None) -> None:
        """The lead's time has come: puts it in the queue, unless nobody may call it now.

        `since`: since when it has been waiting for somebody; overflow delays count from then.
        """
        limits = self._limited_until(life)
        if self._waits(life, next_call(self._times(life), instant(at), limited_until=limits), at):
            return
        life.call_after = at if since is None else since
        source = self._firm.sources[life.request.arrival.source_id]
        urgency = life.urgency - 60 * source.priority
        insort(self._queue, (urgency, -source.priority, life.request.id))
        for wait in source.steps_of_owned if life.request.arrival.is_owned else source.steps:
            if (look_at := life.call_after + wait) > at:
                self._at(look_at, _Kind.LOOK)

    def _waits(self, life: SimulatedLead, found: NextCall, at: float) -> bool:
        """Schedules the lead's next call, if there is one. False: it is to be called now."""
        if found.call_after is None or (found.call_after <= instant(at) and not found.never):
            return False
        if not found.never:
            life.call_after = found.call_after.timestamp()
            self._at(life.call_after, _Kind.COMES, life.request.id)
        return True

    def _times(self, life: SimulatedLead) -> SimulatedTimes:
        request = life.request
        arrival = request.arrival
        return SimulatedTimes(
            self._firm,
            arrival.source_id,
            arrival.window,
            arrival.usual,
            request.spans,
            self._turns,
        )

    def _limited_until(self, life: SimulatedLead) -> datetime | None:
        rung = self._rung.get(life.request.arrival.phone)
        if not rung:
            return None
        own = self._firm.sources[life.request.arrival.source_id].calls_a_day
        return limited_until(tuple(rung), narrowed(self._firm.policy, own))

    # --- extensions -------------------------------------------------------------------------------

    def _see(self, line: Line, at: float) -> None:
        """Updates the states of the line and its person's other phones, as a claim sees them."""
        for it in (line, *line.others):
            self._see_one(it, at)

    def _see_one(self, line: Line, at: float) -> None:
        phone = line.phone
        reason, until = line.reason(at)
        was = self._states[phone.team_id].get(phone.id)
        self._free[phone.team_id] += (reason is None) - (was is not None and was.reason is None)
        self._states[phone.team_id][phone.id] = ExtensionState(
            id=phone.id,
            number=phone.number,
            name="",
            team_id=phone.team_id,
            tier=phone.tier,
            weight=phone.weight,
            queue_position=line.queue_position,
            languages=phone.languages,
            reason=reason,
            until=datetime.fromtimestamp(until, UTC) if until else None,
            salesperson=phone.salesperson,
            comes_back=reason != routing_rules.ON_CALL or line.comes_back(at, self._day(line, at)),
        )

    # --- calls ------------------------------------------------------------------------------------

    def _serve(self, at: float) -> None:
        """Begins every call that can begin now, the most urgent leads first."""
        hopeless: set[tuple[object, ...]] = set()
        for entry in list(self._queue):
            if not any(self._free.values()):
                return
            life = self._lives[entry[2]]
            request = life.request
            if request.arrival.phone in self._on_the_phone:
                continue
            if not request.spans.is_open(at):
                self._queue.remove(entry)
                self._comes(life, at)
                continue
            asked = self._asked(life, at)
            if not any(self._free[turn.team_id] for turn in asked):
                continue
            alike = self._alike(life, asked)
            if alike in hopeless:
                continue
            if choice := self._choose(life, asked):
                self._queue.remove(entry)
                self._begins(life, choice, at)
            else:
                hopeless.add(alike)

    def _asked(self, life: SimulatedLead, at: float) -> list[TeamOffer]:
        rules = self._firm.sources[life.request.arrival.source_id].teams
        is_open = [it for it in rules if self._firm.teams[it.id].spans.is_open(at)]
        now = datetime.fromtimestamp(at, UTC)
        waited = timedelta(seconds=at - life.call_after)
        return routing_rules.offers(is_open, waited, now, is_owned=life.request.arrival.is_owned)

    def _alike(self, life: SimulatedLead, asked: list[TeamOffer]) -> tuple[object, ...]:
        """What the choice depends on: if one lead is refused, leads with an equal value are too."""
        terms = tuple(
            (turn.team_id, turn.any_language, turn.owner_since, turn.holds_for_owner)
            for turn in asked
        )
        owner = self._owner(life)
        return life.request.arrival.language, owner, frozenset(life.refused), terms

    def _owner(self, life: SimulatedLead) -> Owner | None:
        arrival = life.request.arrival
        if arrival.assigned_to is not None:
            return Owner(salesperson=arrival.assigned_to)
        return self._owners.get(arrival.phone)

    def _choose(self, life: SimulatedLead, asked: list[TeamOffer]) -> routing_rules.Choice | None:
        states = [it for turn in asked for it in self._states[turn.team_id].values()]
        return routing_rules.choose(
            states,
            asked,
            language=life.request.arrival.language,
            owner=self._owner(life),
            refused=life.refused,
        )

    def _begins(self, life: SimulatedLead, choice: routing_rules.Choice, at: float) -> None:
        line = self._lines[choice.extension.id]
        theirs = {it.phone.id for it in (line, *line.others)}
        waiting = [
            it.queue_position
            for it in self._states[line.phone.team_id].values()
            if it.reason is None and it.id not in theirs and it.tier == line.phone.tier
        ]
        line.queue_position = routing_rules.position_at_claim(
            choice.turn.strategy,
            line.queue_position,
            line.phone.weight,
            min(waiting, default=None),
            datetime.fromtimestamp(at, UTC),
        )
        line.on_call = True
        self._see(line, at)
        went = self._went(life)
        life.tries.append(went)
        life.rung.append(line.phone.id)
        life.claimed_at.append(at)
        if went.rang_after is not None and life.rang_at is None:
            life.rang_at = at + went.rang_after
        self._on_the_phone.add(life.request.arrival.phone)
        if rang_the_lead(went.outcome):
            call = RungCall(instant(at), instant(at + went.held))
            self._rung[life.request.arrival.phone].append(call)
        self._at(at + went.held, _Kind.CALL_ENDS, life.request.id, line.phone.id)

    def _went(self, life: SimulatedLead) -> HistoricAttempt:
        """How this try goes: like the lead's own try then, else like some call of the period."""
        nth, request = len(life.tries), life.request
        if nth < len(request.arrival.tries):
            return request.arrival.tries[nth]
        if not self._pool:
            raise NothingToDrawFrom("No call was made in this time: nothing to draw from.")
        # Each draw has its own seed, so that calling in another order does not change the luck.
        draw = random.Random(f"{self._seed}:{request.id}:{nth}")  # noqa: S311  # no secret
        return draw.choice(self._pool)

    def _ends(self, life: SimulatedLead, line: Line, at: float) -> None:
        request, went = life.request, life.tries[-1]
        self._on_the_phone.discard(request.arrival.phone)
        talked = went.outcome is Outcome.BRIDGED
        if talked:
            moment = datetime.fromtimestamp(at - went.held, UTC)
            owner = Owner(line.phone.id, moment, line.phone.salesperson)
            self._owners[request.arrival.phone] = owner
            life.connected = True
        if went.outcome is Outcome.INVALID:
            life.refused.add(line.phone.id)
        before = [it.outcome for it in life.tries[:-1]]
        step = next_step(
            went.outcome,
            sum(it in counted_together(went.outcome) for it in before),
            1 + sum(counts_as_try(it) for it in before),
            self._firm.policy,
        )
        self._free_again(line, went, step.out_for.total_seconds(), step.extension, at)
        if step.lead is LeadStep.CALL_AGAIN and len(life.tries) < MOST_TRIES:
            limits = self._limited_until(life)
            found = next_call(self._times(life), instant(at), step=step, limited_until=limits)
            if not self._waits(life, found, at):
                self._comes(life, at, since=life.call_after)

    def _free_again(
        self, line: Line, went: HistoricAttempt, out_for: float, step: ExtensionStep, at: float
    ) -> None:
        phone = line.phone
        line.on_call = False
        if step in (ExtensionStep.BLOCKED, ExtensionStep.PAUSED):
            out_for = self._firm.policy.offline_for.total_seconds()
        line.unavailable_until = at + out_for
        rang = rang_the_salesperson(went.outcome)
        if rang:
            line.wrap_up_until = at + phone.wrap_up
            self._count(line, at)
        line.queue_position = routing_rules.position_after(
            self._firm.strategies[phone.team_id],
            line.queue_position,
            phone.weight,
            datetime.fromtimestamp(at, UTC),
            rang=rang,
            talked=may_have_talked(went.outcome),
        )
        self._see(line, at)
        for moment in (line.unavailable_until, line.wrap_up_until, line.capped_until):
            if moment > at:
                self._at(moment, _Kind.PHONE_CHANGES, phone.id)

    def _count(self, line: Line, at: float) -> None:
        """Counts a call of the day; after the last allowed one, it is not rung until midnight."""
        if line.phone.daily_cap is None:
            return
        zone, day = self._zone(line), self._day(line, at)
        line.calls[day] += 1
        if line.calls[day] >= line.phone.daily_cap:
            midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
            line.capped_until = midnight.timestamp()

    def _zone(self, line: Line) -> ZoneInfo:
        return ZoneInfo(self._firm.teams[line.phone.team_id].time_zone)

    def _day(self, line: Line, at: float) -> date:
        return datetime.fromtimestamp(at, self._zone(line)).date()
