"""How long people were on calls, and how much of it within their shifts: one query."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from callbacks.models import CallAttempt
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.salespeople import meant
from callbacks.reports.salespeople.shifts import Shifts

# Each call's time, cut at midnight and at the ends of the period. Calls of one person may overlap
# where a record has corrected one: range_agg counts each moment once. A multirange of shifts is
# NULL for who has none.
_TIMES = """
    WITH found AS ({calls}), piece AS (
        SELECT found.person, found.call, part.number,
            tstzrange(GREATEST(part.began, given.start), LEAST(part.ended, given.until)) AS times,
            GREATEST(part.began, given.start) AS began
        FROM found, (SELECT %s::timestamptz AS start, %s::timestamptz AS until) given,
            LATERAL (
                SELECT (date_trunc('day', found.began AT TIME ZONE '{zone}') + interval '1 day')
                    AT TIME ZONE '{zone}' AS comes
            ) midnight,
            LATERAL (
                VALUES (1, found.began, LEAST(found.ended, midnight.comes)),
                    (2, midnight.comes, found.ended)
            ) part (number, began, ended)
        WHERE GREATEST(part.began, given.start) < LEAST(part.ended, given.until)
    ), busy AS (
        SELECT person, {key} AS key, count(DISTINCT call) AS calls, range_agg(times) AS times
        FROM piece GROUP BY GROUPING SETS ((person, {key}), (person))
    )
    SELECT busy.person, busy.key, busy.calls, long.total, long.in_shift
    FROM busy
    LEFT JOIN unnest(%s::bigint[], %s::text[]) AS shift (person, times)
        ON shift.person = busy.person,
    LATERAL (
        SELECT
            (SELECT sum(EXTRACT(epoch FROM upper(one) - lower(one))) FROM unnest(busy.times) one)
                AS total,
            (SELECT COALESCE(sum(EXTRACT(epoch FROM upper(one) - lower(one))), 0)
             FROM unnest(busy.times * shift.times::tstzmultirange) one) AS in_shift
    ) long
"""


@dataclass
class OnCalls:
    """Of one person or more: how many calls, seconds on them, and of these within the shift."""

    calls: int = 0
    total: float = 0
    in_shift: float = 0

    def add(self, other: "OnCalls") -> None:
        """Another person's."""
        self.calls += other.calls
        self.total += other.total
        self.in_shift += other.in_shift


def on_calls(asked: Asked, grouping: Grouping, shifts: Shifts) -> Mapping[Key | None, OnCalls]:
    """By the key of each group, and with None of all of it."""
    calls = CallAttempt.objects.filter(meant.calls_on(asked)).order_by()
    inner, parameters = (
        calls.values(person=meant.WHOSE, call=F("pk"), began=meant.PICKED_UP, ended=meant.OVER)
    ).query.sql_with_params()
    key = "(person + 0)"  # not the column itself, or there would be no total
    if grouping.days:
        # The zone comes from a list of known names (filters.read).
        at = f"began AT TIME ZONE '{asked.zone}'"
        key = grouping.sql.format(at=at, first=asked.first_weekday)
    statement = _TIMES.format(calls=inner, zone=asked.zone, key=key)
    start, end = asked.bounds
    people = list(shifts)
    times = [_multirange(shifts, person) for person in people]
    found: dict[Key | None, OnCalls] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, start, end, people, times])
        for person, of, count, total, in_shift in cursor.fetchall():
            its = OnCalls(count, float(total), float(in_shift) if person in shifts else 0)
            found.setdefault(of, OnCalls()).add(its)
    return found


def _multirange(shifts: Shifts, person: int) -> str:
    ranges = (f"[{start.isoformat()},{end.isoformat()})" for start, end in shifts[person])
    return "{" + ",".join(ranges) + "}"
