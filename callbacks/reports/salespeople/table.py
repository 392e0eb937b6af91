"""The figures of the people report: calls, times on calls, shifts and pauses, in one table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from callbacks.common.formatting import dated
from callbacks.models import CallAttempt
from callbacks.reports import queries
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.intervals import Interval, common, seconds
from callbacks.reports.queries import Figure, Row, Table
from callbacks.reports.salespeople import meant, measures, pauses
from callbacks.reports.salespeople.pauses import REASON, REASONS, Spent
from callbacks.reports.salespeople.selection import Selection
from callbacks.reports.salespeople.shifts import Shifts, shifts
from callbacks.reports.salespeople.times import OnCalls, on_calls

_CALLS = tuple(measures.CALL_MEASURES.values())
_TIMES = (measures.ON_CALLS, measures.SHIFT, measures.SHIFT_SHARE)
_PAUSES = tuple(measures.PAUSE_MEASURES.values())
_NO_TIME = OnCalls()


@dataclass(frozen=True)
class People:
    """`table`: a row for each group. `reasons`: the pauses, a row for each reason.

    `kept_since`: earlier pauses are not known.
    """

    table: Table
    reasons: Table
    kept_since: datetime | None


def people(asked: Asked, grouping: Grouping, now: datetime) -> People:
    """A dozen queries, however many people, calls and days there are.

    People with an active phone have a row even without calls; so do days.
    """
    calls = CallAttempt.objects.filter(meant.calls(asked)).order_by()
    counted = queries.figures(asked, _CALLS, grouping, now=now, leads=calls)
    theirs = shifts(asked, now)
    times = on_calls(asked, grouping, theirs)
    spent = pauses.spent(asked, theirs, now)
    since = pauses.kept_since()
    rows: dict[Any, Mapping[str, Figure]] = {row.key: row.figures for row in counted.rows}
    if not grouping.days:
        nothing = queries.nothing(_CALLS)
        others = {*times, *(it.person for it in spent)} - {None}
        rows = {**dict.fromkeys(others, nothing), **rows}

    def row(key: Key | None, label: str, figures: Mapping[str, Figure]) -> Row:
        own = spent if key is None else pauses.of_group(spent, asked, grouping, key)
        more = _times(times.get(key, _NO_TIME), _shift(theirs, asked, grouping, key))
        more += _pauses(own, is_known=_is_known(asked, grouping, key, since))
        return Row(key, label, {**figures, **{it.measure.key: it for it in more}})

    table = Table(
        asked, now, (*_CALLS, *_TIMES, *_PAUSES), grouping,
        tuple(row(key, label, rows[key]) for key, label in grouping.in_order(rows, asked).items()),
        row(None, "", counted.total.figures),
    )  # fmt: skip
    return People(table, _reasons(asked, spent, now), since)


def _reasons(asked: Asked, spent: Sequence[Spent], now: datetime) -> Table:
    by_reason = {key: [it for it in spent if pauses.reason_of(it.pause) == key] for key in REASONS}
    rows = tuple(
        Row(key, str(REASONS[key]), _by_key(_pauses(its))) for key, its in by_reason.items() if its
    )
    return Table(asked, now, _PAUSES, REASON, rows, Row(None, "", _by_key(_pauses(spent))))


def _by_key(figures: Iterable[Figure]) -> dict[str, Figure]:
    return {it.measure.key: it for it in figures}


def _pauses(spent: Sequence[Spent], *, is_known: bool = True) -> list[Figure]:
    if not is_known:
        return [Figure(it, None, 0) for it in _PAUSES]
    return [pauses.figure(it, spent) for it in _PAUSES]


def _is_known(asked: Asked, grouping: Grouping, key: Key | None, since: datetime | None) -> bool:
    """Whether pauses were recorded on any of these days; assumed if `since` is None."""
    _start, end = asked.bounds
    if grouping.days and key is not None:
        _start, end = grouping.days(key, asked).bounds(asked.tz)
    return since is None or since < end


def _shift(theirs: Shifts, asked: Asked, grouping: Grouping, key: Key | None) -> float | None:
    """In seconds; None if no shift is known."""
    if key is not None and not grouping.days:
        its = theirs.get(int(str(key)))
        return None if its is None else seconds(its)
    if not theirs:
        return None
    bounds: list[Interval] = [asked.bounds]
    if key is not None and grouping.days:
        bounds = [grouping.days(key, asked).bounds(asked.tz)]
    return sum(seconds(common(its, bounds)) for its in theirs.values())


def _times(on: OnCalls, shift: float | None) -> list[Figure]:
    return [
        Figure(measures.ON_CALLS, on.total if on.calls else None, on.calls),
        Figure(measures.SHIFT, shift, 0),
        Figure(measures.SHIFT_SHARE, on.in_shift / shift if shift else None, on.calls),
    ]


def in_order(table: Table, sort: str) -> Table:
    """Sorts rows by a measure, highest first, those without a value last; "": as they are."""
    if not sort or (table.grouping and table.grouping.days):
        return table

    def place(row: Row) -> tuple[bool, float]:
        value = row[sort].value
        return value is None, -(value or 0)

    return replace(table, rows=tuple(sorted(table.rows, key=place)))


def remarks(selected: Selection, found: People) -> list[str]:
    """What the reader should know about these figures."""
    asked, said = selected.asked, []
    if found.kept_since and found.kept_since > asked.bounds[0]:
        said.append(
            gettext("Pauses have been recorded since %(moment)s. Earlier pauses are not known.")
            % {"moment": dated(found.kept_since, asked.tz)}
        )
    if asked.sources or asked.language or asked.status or asked.marks():
        said.append(
            gettext(
                "Shifts and pauses cover all sources and leads, because a pause "
                "applies to all of them."
            )
        )
    return said
