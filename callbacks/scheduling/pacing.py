"""Calls leads that wait for the same opening one after another, at the teams' rate.

The turns are computed in `opening_turns`; this module knows in the database who has which turn.
Leads that wait for the same opening have it as `closed_until`, whatever their source.

Turns are given out under one lock for all openings, taken before the lock of any lead
(docs/architecture.md, "Lock order").
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count, repeat

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Greatest

from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from callbacks.scheduling.opening_turns import (
    PacedOpening,
    Turn,
    added_up,
    after_it_closes,
    next_turn,
)
from leads import transitions
from leads.models import Lead, LeadStatus

_LOCK = 0x5EAD  # the number of the advisory lock

# A transaction that has written something may hold a lead, so it does not wait.
_TAKE_UNLESS_ROWS_ARE_HELD = """
    SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL
        THEN pg_advisory_xact_lock(%(lock)s) IS NULL
        ELSE pg_try_advisory_xact_lock(%(lock)s)
    END
"""

# One look at the end of an index (lead_waiting_by_time) for each source.
_LATEST = """
    SELECT max(latest.call_after) FROM unnest(%(sources)s::bigint[]) source(id), LATERAL (
        SELECT call_after FROM leads_lead lead
        WHERE lead.source_id = source.id AND status = 'waiting'
            AND call_after >= %(opening)s AND closed_until = %(opening)s
        ORDER BY call_after DESC LIMIT 1
    ) latest
"""


def take_turns() -> None:
    """Keeps others from giving out turns until the transaction ends; waits for whoever does now.

    Call it before the transaction locks any lead. Turns given out afterwards are reserved.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def turn(
    config: RoutingConfig,
    source_id: int,
    phone: str,
    opening: datetime,
    *,
    reserve: bool,
    waits: bool = False,
) -> Turn:
    """When a lead that waits for `opening` is called: after all leads that already wait for it.

    If the opening is full, at the next one. `reserve`: the caller stores the turn in this
    transaction, and others wait until it ends. A transaction that has written something does not
    wait for the lock, so two leads may share a turn. `waits`: the transaction has locked no lead
    yet and waits anyway.
    """

    def last_moment(shared: PacedOpening) -> datetime | None:
        if reserve and waits:
            take_turns()
        elif reserve:
            _take_unless_rows_are_held()
        return _latest(shared)

    return next_turn(
        opening,
        partial(_shared, config, source_id, phone),
        last_moment,
        partial(calling_hours.next_time, config, source_id, phone),
    )


def put_off_all(
    config: RoutingConfig,
    leads: QuerySet[Lead],
    opening: datetime,
    now: datetime,
    *,
    source_id: int,
    phone: str,
) -> int:
    """Puts off waiting leads of one source to `opening`, the most urgent first.

    `phone`: of one of the leads; the opening has to be the same for all. Leads that somebody else
    has locked are left out, so that two processes do not collide. Returns how many moved.
    """
    moved, left = 0, list(leads.values_list("pk", flat=True))
    next_time = partial(calling_hours.next_time, config, source_id, phone)
    while left:
        # One transaction for each opening, and turns before rows, as everywhere.
        with transaction.atomic():
            shared = _shared(config, source_id, phone, opening)
            if shared:
                take_turns()
            if shared and opening <= now:
                shared = _under_way(shared, now)
                opening = shared.at
            ours = {
                pk: (call_after, closed_until)
                for pk, call_after, closed_until in leads.filter(pk__in=left)
                .order_by(Greatest("due_at", "call_after"), "pk")
                .select_for_update(skip_locked=True, no_key=True)
                .values_list("pk", "call_after", "closed_until")
            }
            left = list(ours)
            closed_until = opening if shared or opening > now else None
            moments = _free_moments(shared, left, now) if shared else repeat(opening, len(left))
            planned = dict(zip(left, moments, strict=False))
            moved += transitions.put_off_all(
                {pk: at for pk, at in planned.items() if ours[pk] != (at, closed_until)},
                now,
                closed_until=closed_until,
            )
        left = left[len(planned) :]
        if left and shared:
            opening = after_it_closes(shared, next_time)
    return moved


def _shared(
    config: RoutingConfig, source_id: int, phone: str, opening: datetime
) -> PacedOpening | None:
    teams = calling_hours.open_teams(config, source_id, phone, opening)
    rate = added_up([team.opening_rate for team in teams])
    if rate is None:
        return None
    ids = {team.pk for team in teams}
    sources = [
        source
        for source, answering in config.teams_by_source.items()
        if any(team.pk in ids for team in answering)
    ]
    return PacedOpening(
        opening, rate, sources, calling_hours.closes_at(config, source_id, phone, opening)
    )


def _latest(shared: PacedOpening) -> datetime | None:
    """The last moment that was given out."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"sources": list(shared.sources), "opening": shared.at})
        latest: datetime | None = cursor.fetchone()[0]
    return latest


def _under_way(shared: PacedOpening, now: datetime) -> PacedOpening:
    """The opening whose turns are being taken at `now`, for leads that join it; else `shared`.

    Leads that join take turns with all that wait for that opening, in however many steps they join:
    a separate opening would be called at the same rate beside it.
    """
    latest = Lead.objects.filter(
        source__in=shared.sources,
        status=LeadStatus.WAITING,
        call_after__gt=now,
        closed_until__lte=now,
    ).aggregate(at=Max("closed_until"))
    return replace(shared, at=latest["at"] or shared.at)


def _free_moments(
    shared: PacedOpening, without: Sequence[int], now: datetime
) -> Iterator[datetime]:
    """The free moments from `now` on. The leads `without` do not count: they get new moments."""
    others = Lead.objects.filter(
        source__in=shared.sources,
        status=LeadStatus.WAITING,
        closed_until=shared.at,
        call_after__gte=shared.at,
    ).exclude(pk__in=without)
    taken = {shared.turn_number(at) for at in others.values_list("call_after", flat=True)}
    # The first turn that is not over yet.
    first = shared.turn_number(now) if now > shared.at else 0
    if (moment := shared.moment(first)) and moment < now:
        first += 1
    free = (k for k in count(first) if k not in taken)
    for k in free:
        at = shared.moment(k)
        if at is None:
            return
        yield at


def _take_unless_rows_are_held() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_UNLESS_ROWS_ARE_HELD, {"lock": _LOCK})
