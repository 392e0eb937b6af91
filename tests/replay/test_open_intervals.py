"""The intervals in which somebody is open."""

from hypothesis import given
from hypothesis import strategies as st

from callbacks.replay.open_intervals import OpenIntervals


def test_spans_open_and_close() -> None:
    spans = OpenIntervals.joined([(10, 20), (20, 30), (50, 60), (55, 58)])
    assert spans == OpenIntervals((10, 50), (30, 60))
    assert [spans.is_open(at) for at in (9, 10, 29, 30, 50)] == [False, True, True, False, True]
    assert [spans.next_opening(at) for at in (0, 15, 30, 60)] == [10, 15, 50, None]
    assert [spans.next_new_opening(at) for at in (0, 10, 11, 50, 51)] == [10, 10, 50, 50, None]
    assert spans.after_open_seconds(25, 10) == 55
    assert spans.after_open_seconds(25, 100) is None
    assert spans.changes(10, 50) == [30, 50]


@given(
    one=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))),
    other=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))),
)
def test_spans_agree_with_looking_at_every_second(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    a, b = (OpenIntervals.joined((at, at + long) for at, long in pairs) for pairs in (one, other))
    both, either = a.both(b), OpenIntervals.any_of((a, b))
    for second in range(70):
        assert both.is_open(second) == (a.is_open(second) and b.is_open(second))
        assert either.is_open(second) == (a.is_open(second) or b.is_open(second))
