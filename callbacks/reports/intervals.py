"""Intervals of time: what two lists of them have in common, and how long they are. Pure.

A list is sorted and its intervals do not touch; `union` makes such a list of any intervals.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

Interval = tuple[datetime, datetime]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Joins intervals, so that each moment is in one of them; drops empty ones."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def common(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What is in both lists."""
    found, at, to = [], 0, 0
    while at < len(one) and to < len(other):
        start, end = max(one[at][0], other[to][0]), min(one[at][1], other[to][1])
        if start < end:
            found.append((start, end))
        if one[at][1] <= other[to][1]:
            at += 1
        else:
            to += 1
    return found


def without(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What is in the first list and not in the second."""
    if not one:
        return []
    gaps, seen = [], one[0][0]
    for start, end in other:
        gaps.append((seen, start))
        seen = max(seen, end)
    gaps.append((seen, max(one[-1][1], seen)))
    return common(one, union(gaps))


def seconds(intervals: Iterable[Interval]) -> float:
    """Their total length."""
    return sum((end - start).total_seconds() for start, end in intervals)
