"""How late leads were, and why, in parts that add up to the lateness.

A lead's lateness is what its clock has counted since its due time, until its phone first rang, it
was closed, or now. Its time passes in order, so the late seconds are those after the due time,
whatever the seconds before were spent on (docs/reports.md).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import prefetch_related_objects

from callbacks.lateness import phones
from callbacks.lateness.course import NOTHING, Kind, Piece, course
from callbacks.lateness.phones import Held, Phones
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.opening_hours import sla_clock
from callbacks.routing import config as routing_config
from callbacks.routing import rules as routing_rules
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from callbacks.scheduling.promise import Promise, promise_to
from leads import sla
from leads.models import LateWait, Lead


class Cause(StrEnum):
    """What late seconds were spent on: as in Kind, with waits for an extension by their reason."""

    BUSY = "busy"
    LOST = "lost"  # phones were held by calls whose outcome was not known
    PAUSED = "paused"  # at least half of the phones
    NOBODY = "nobody"  # no phone was on shift
    UNTAKEN = "untaken"  # nothing stored says why a phone was not rung
    OWNER = "owner"  # the salesperson who had talked with it before
    ASSIGNED = "assigned"  # the salesperson it was assigned to
    LANGUAGE = "language"  # somebody who speaks its language
    CHOSEN = Kind.CHOSEN.value
    CLOSED = Kind.CLOSED.value
    TURN = Kind.TURN.value
    RETRY = Kind.RETRY.value
    LIMIT = Kind.LIMIT.value
    NUMBER = Kind.NUMBER.value
    HELD = Kind.HELD.value
    REST = Kind.REST.value
    PERSON = Kind.PERSON.value
    PROVIDER = Kind.PROVIDER.value
    LEG1 = Kind.LEG1.value
    LEG2 = Kind.LEG2.value
    UNKNOWN = Kind.UNKNOWN.value
    UNRECORDED = Kind.UNRECORDED.value
    HOURS = "hours"  # by opening hours that have changed since


@dataclass(frozen=True)
class Part:
    """`took`: its share of the lateness. `after`: for a RETRY, the outcome of the call before.
    `held`: who held the phones most of the time; `mostly`: but not all of the time.
    """

    cause: Cause
    took: timedelta
    after: str = ""
    held: Held | None = None
    mostly: bool = False


class End(StrEnum):
    """How a lead's lateness ended."""

    RANG = "rang"
    CLOSED = "closed"
    RUNS = "runs"


@dataclass(frozen=True)
class Lateness:
    """Of one lead. Its parts add up to `took`, the largest first. `in_hours`: only opening hours
    count. `is_told`: no part is made up from sums.
    """

    lead_id: int
    took: timedelta
    end: End
    in_hours: bool
    parts: tuple[Part, ...]
    is_told: bool = True


@dataclass(frozen=True)
class _Late:
    """A late lead, and its late pieces."""

    lead: Lead
    promise: Promise
    end: End
    until: datetime
    pieces: tuple[Piece, ...]

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """What its clock counted between two moments, by today's hours."""
        began = self.lead.clock_started_at
        return self.promise.shown(began, end) - self.promise.shown(began, start)


def of_lead(lead: Lead, now: datetime) -> Lateness | None:
    """The lateness of one lead; None if it is not late, or its ringing time is unknown."""
    return of_leads([lead], now).get(lead.pk)


def of_leads(leads: Iterable[Lead], now: datetime) -> dict[int, Lateness]:
    """By primary key, for the late leads. Ten queries at most, however many leads there are."""
    late = {lead.pk: stop for lead in leads for stop in [_stopped(lead, now)] if stop}
    if not late:
        return {}
    config = routing_config.current()
    ids = list(late)
    waits, calls = _grouped(ids)
    found = [
        _late(config, lead, *late[lead.pk], waits[lead.pk], calls[lead.pk], now)
        for lead in leads
        if lead.pk in late
    ]
    asked = {
        (it.lead.pk, place): _asked(config, it.lead, piece)
        for it in found
        for place, piece in enumerate(it.pieces)
        if piece.kind is Kind.EXTENSION
    }
    its_phones = Phones(config, asked.values(), now)

    def divided(of: _Late) -> Iterator[Part]:
        for place, piece in enumerate(of.pieces):
            if piece.kind is Kind.EXTENSION:
                slices = its_phones.slices(asked[of.lead.pk, place])
                yield from _by_phones(piece, slices, of.counted)
            else:
                took = of.counted(piece.start, piece.end)
                yield Part(Cause(piece.kind.value), took, piece.after)

    return {it.lead.pk: _lateness(it, divided(it)) for it in found}


def _stopped(lead: Lead, now: datetime) -> tuple[datetime, End] | None:
    """When and how a lead's lateness ended; None if it is not late.

    As in leads.sla, a lead that talked is not late if nobody knows when its phone rang.
    """
    if not sla.is_counted(lead) or (lead.connected_at and not lead.rang_at):
        return None
    if lead.rang_at:
        stop = lead.rang_at, End.RANG
    elif lead.closed_at:
        stop = lead.closed_at, End.CLOSED
    else:
        stop = now, End.RUNS
    return stop if stop[0] > lead.due_at else None


def _grouped(
    ids: Sequence[int],
) -> tuple[dict[int, list[LateWait]], dict[int, list[CallAttempt]]]:
    waits: dict[int, list[LateWait]] = defaultdict(list)
    for wait in LateWait.objects.filter(lead__in=ids):
        waits[wait.lead_id].append(wait)
    calls: dict[int, list[CallAttempt]] = defaultdict(list)
    found = CallAttempt.objects.filter(lead__in=ids, kind=AttemptKind.CALL).order_by()
    for call in found:
        calls[call.lead_id].append(call)
    live = [it for its in calls.values() for it in its if it.state in LIVE_STATES]
    prefetch_related_objects(live, "records")
    return waits, calls


def _late(
    config: RoutingConfig,
    lead: Lead,
    until: datetime,
    end: End,
    waits: Sequence[LateWait],
    calls: Sequence[CallAttempt],
    now: datetime,
) -> _Late:
    pieces = course(lead, waits, calls, lead.due_at, until, now)
    return _Late(lead, promise_to(config, lead), end, until, tuple(pieces))


def _asked(config: RoutingConfig, lead: Lead, piece: Piece) -> phones.Asked:
    teams = calling_hours.open_teams(config, lead.source_id, lead.phone, piece.start)
    its = frozenset(it.pk for it in teams or config.teams_for(lead.source_id))
    return phones.Asked(its, piece.start, piece.end, piece.ended_by)


def _by_phones(
    piece: Piece,
    slices: Iterable[phones.Slice],
    counted: Callable[[datetime, datetime], timedelta],
) -> Iterator[Part]:
    """Divides a wait for an extension by who held the phones."""
    rule = (piece.ended_by.routing_trace or {}).get("rule") if piece.ended_by else None
    seen: dict[Cause, dict[str, tuple[timedelta, Held]]] = defaultdict(dict)
    its_phone = piece.ended_by.extension_id if piece.ended_by else None
    for it in slices:
        took = counted(it.start, it.end)
        if not took:
            continue
        waited_for = rule if its_phone in it.held.on_calls else None
        stood = seen[_cause(it.held, waited_for)]
        key = f"{it.held.phones} {sorted(it.held.reasons.items())}"
        so_far, held = stood.get(key, (NOTHING, it.held))
        about = held.about or it.held.about
        stood[key] = so_far + took, replace(held, about=about)
    for cause, stood in seen.items():
        whole = sum((took for took, _held in stood.values()), NOTHING)
        most, held = max(stood.values(), key=lambda its: its[0])
        yield Part(cause, whole, held=held, mostly=most < whole)


def _cause(held: Held, waited_for: object) -> Cause:
    """`waited_for`: the rule that chose the phone in the end, if that phone was on a call."""
    if held.count(routing_rules.UNTOLD):
        return Cause.LOST
    if not held.phones:
        return Cause.NOBODY
    if sum(held.reasons.values()) < held.phones:
        if waited_for == routing_rules.OWNER:
            return Cause.OWNER
        if waited_for == routing_rules.ASSIGNED:
            return Cause.ASSIGNED
        if waited_for == routing_rules.LANGUAGE:
            return Cause.LANGUAGE
        return Cause.BUSY if held.is_partly_seen else Cause.UNTAKEN
    if held.count(routing_rules.PAUSED) * 2 >= held.phones:
        return Cause.PAUSED
    return Cause.BUSY


def _lateness(late: _Late, parts: Iterable[Part]) -> Lateness:
    lead = late.lead
    joined = _joined(parts)
    took = late.counted(lead.due_at, late.until)
    is_open_clock = late.promise.rule == sla_clock.OPEN
    if is_open_clock and late.end is End.RANG and lead.time_to_ring is not None:
        # The stored time counts, even if the hours have changed since.
        took = max(lead.time_to_ring - late.promise.target, NOTHING)
    joined = _made_to_fit(joined, took)
    return Lateness(
        lead.pk,
        took,
        late.end,
        is_open_clock,
        tuple(sorted(joined, key=lambda it: -it.took)),
        all(it.is_told for it in late.pieces),
    )


def _joined(parts: Iterable[Part]) -> list[Part]:
    """One part for each cause. If it had several stretches, the phones are those of the longest."""
    found: dict[tuple[Cause, str], list[Part]] = defaultdict(list)
    for part in parts:
        if part.took:
            found[part.cause, part.after].append(part)
    return [
        replace(
            max(its, key=lambda it: it.took),
            took=sum((it.took for it in its), NOTHING),
            mostly=any(it.mostly for it in its) or len({_key(it) for it in its}) > 1,
        )
        for its in found.values()
    ]


def _key(part: Part) -> str:
    held = part.held
    return f"{held.phones} {sorted(held.reasons.items())}" if held else ""


def _made_to_fit(parts: list[Part], whole: timedelta) -> list[Part]:
    """Makes up for opening hours that have changed since. Time that the clock counted in addition
    becomes a part; missing time is taken from the largest parts.
    """
    more = whole - sum((it.took for it in parts), NOTHING)
    if more > NOTHING:
        return [*parts, Part(Cause.HOURS, more)]
    fitted = []
    for part in sorted(parts, key=lambda it: -it.took):
        less = min(-more, part.took)
        more += less
        fitted.append(replace(part, took=part.took - less))
    return [it for it in fitted if it.took]
