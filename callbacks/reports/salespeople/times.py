"""How long people were on calls, and how much of it was within their shifts. One query."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import connection

from callbacks.models import CallAttempt
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.salespeople import meant
from callbacks.reports.salespeople.shifts import Shifts

# The part of each call within the period. OFFSET 0: its columns are calculated once.
_CALLS = """
    WITH call AS (
        SELECT person, GREATEST(began, given.start) AS began, LEAST(ended, given.until) AS ended
        FROM ({calls} OFFSET 0) found,
            (SELECT %s::timestamptz AS start, %s::timestamptz AS until) given
        WHERE GREATEST(began, given.start) < LEAST(ended, given.until)
    )
"""
# By person, nothing is cut.
_OF_PEOPLE = """, piece AS (
    SELECT person, person AS key, began, ended, true AS is_first, true AS counts FROM call
)
"""
# Cut at midnight. A call counts once in each group, even if both of its days are in one group.
_OF_DAYS = """, dated AS (
    SELECT call.*, (date_trunc('day', began AT TIME ZONE '{zone}') + interval '1 day')
        AT TIME ZONE '{zone}' AS midnight
    FROM call
), piece AS (
    SELECT person, {key_began} AS key, began, LEAST(ended, midnight) AS ended, true AS is_first,
        true AS counts
    FROM dated
    UNION ALL
    SELECT person, {key_midnight}, midnight, ended, false, {key_midnight} <> {key_began}
    FROM dated WHERE ended > midnight
)
"""
# A corrected record can make one person's calls overlap; range_agg has each moment once.
# A person without a shift has a NULL multirange.
_TIMES = """, busy AS (
    SELECT person, key, count(*) FILTER (WHERE is_first) AS begun,
        count(*) FILTER (WHERE counts) AS calls, range_agg(tstzrange(began, ended)) AS times
    FROM piece GROUP BY person, key
)
SELECT busy.key, busy.begun, busy.calls,
    (SELECT sum(EXTRACT(epoch FROM upper(one) - lower(one))) FROM unnest(busy.times) one),
    (SELECT COALESCE(sum(EXTRACT(epoch FROM upper(one) - lower(one))), 0)
     FROM unnest(busy.times * shift.times::tstzmultirange) one)
FROM busy
LEFT JOIN unnest(%s::bigint[], %s::text[]) AS shift (person, times) ON shift.person = busy.person
"""


@dataclass
class OnCalls:
    """Of one person or more: how many calls, the seconds on them, and those within the shift."""

    calls: int = 0
    total: float = 0
    in_shift: float = 0

    def add(self, other: "OnCalls") -> None:
        """Adds another person's calls."""
        self.calls += other.calls
        self.total += other.total
        self.in_shift += other.in_shift


def on_calls(asked: Asked, grouping: Grouping, shifts: Shifts) -> Mapping[Key | None, OnCalls]:
    """By the key of each group, and with None for all of them."""
    calls = CallAttempt.objects.filter(meant.calls_around(asked)).order_by()
    inner, parameters = calls.values(
        person=meant.WHOSE, began=meant.PICKED_UP, ended=meant.OVER
    ).query.sql_with_params()
    statement = _CALLS.format(calls=inner)
    if grouping.days:
        # The zone is from a list of known names (filters.read).
        statement += _OF_DAYS.format(
            zone=asked.zone,
            key_began=_key(grouping, asked, "began"),
            key_midnight=_key(grouping, asked, "midnight"),
        )
    else:
        statement += _OF_PEOPLE
    times = [_multirange(shifts, person) for person in shifts]
    found: dict[Key | None, OnCalls] = {}
    everything = OnCalls()
    with connection.cursor() as cursor:
        cursor.execute(statement + _TIMES, [*parameters, *asked.bounds, [*shifts], times])
        for key, begun, count, total, in_shift in cursor.fetchall():
            its = OnCalls(count, float(total), float(in_shift))
            found.setdefault(key, OnCalls()).add(its)
            everything.add(replace(its, calls=begun))
    return {**found, None: everything}


def _key(grouping: Grouping, asked: Asked, moment: str) -> str:
    """A group's key in SQL, by the local time of a column."""
    at = f"{moment} AT TIME ZONE '{asked.zone}'"
    return grouping.sql.format(at=at, first=asked.first_weekday)


def _multirange(shifts: Shifts, person: int) -> str:
    ranges = (f"[{start.isoformat()},{end.isoformat()})" for start, end in shifts[person])
    return "{" + ",".join(ranges) + "}"
