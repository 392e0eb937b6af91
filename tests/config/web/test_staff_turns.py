"""Whose turn it is among the requests for staff pages."""

from collections.abc import Iterator

import pytest

from callbacks.config.staff_turns import (
    MOST_WAITING,
    MOST_WAITING_BYTES,
    WAITS,
    WAITS_FOR_LONG,
    StaffTurns,
    Turn,
)

NOW = 1000.0


class Asked:
    def __init__(self, size: int, *, is_long: bool) -> None:
        self.size, self.is_long = size, is_long

    def __len__(self) -> int:
        return self.size


class Client:
    def __init__(self, size: int = 100, *, is_long: bool = False) -> None:
        self.incoming, self.timeout = Asked(size, is_long=is_long), 0.0


@pytest.fixture
def turns() -> StaffTurns[Client]:
    """Of eight threads: four answer staff pages, two of them pages that take long."""
    return StaffTurns(8)


def come(turns: StaffTurns[Client], number: int, *, is_long: bool = False) -> list[Client]:
    clients = [Client(is_long=is_long) for _ in range(number)]
    for client in clients:
        turns.comes(client, NOW)
    return clients


def begun(turns: StaffTurns[Client], clients: list[Client]) -> list[Client]:
    return [it for it in clients if it not in turns.waiting()]


@pytest.mark.parametrize(
    ("threads", "staff", "long"),
    [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 2, 1), (8, 4, 2), (256, 128, 64)],
)
def test_half_of_the_threads_and_half_of_those(threads: int, staff: int, long: int) -> None:
    for is_long, most in ((False, staff), (True, long)):
        turns: StaffTurns[Client] = StaffTurns(threads)
        clients = come(turns, most + 5, is_long=is_long)
        assert begun(turns, clients) == clients[:most]


def test_whoever_has_waited_longest_comes_first(turns: StaffTurns[Client]) -> None:
    clients = come(turns, 8)
    followed = [turns.ended(it) for it in clients]
    assert followed == [[it] for it in clients[4:]] + [[]] * 4


def test_a_short_page_passes_the_long_ones_that_wait(turns: StaffTurns[Client]) -> None:
    reports = come(turns, 4, is_long=True)
    [desk] = come(turns, 1)
    assert turns.waiting() == reports[2:]
    pages = come(turns, 2)
    assert turns.waiting() == [*reports[2:], pages[1]]
    # A thread for a long page stays one, so that reports come to an end as well.
    assert turns.ended(desk) == [pages[1]]
    assert turns.ended(reports[0]) == [reports[2]]
    assert turns.waiting() == [reports[3]]


def test_an_answer_to_somebody_else_ends_no_turn(turns: StaffTurns[Client]) -> None:
    come(turns, 5)
    assert turns.ended(Client()) == []
    assert len(turns.waiting()) == 1


def test_who_waits_is_told_until_when(turns: StaffTurns[Client]) -> None:
    come(turns, 4)
    page, report = Client(), Client(is_long=True)
    assert [turns.comes(it, NOW) for it in (page, report)] == [Turn.WAITS] * 2
    assert (page.timeout, report.timeout) == (NOW + WAITS, NOW + WAITS_FOR_LONG)


def test_who_is_forgotten_has_no_turn(turns: StaffTurns[Client]) -> None:
    clients = come(turns, 6)
    turns.forget(clients[4])
    assert turns.ended(clients[0]) == [clients[5]]


def test_no_more_wait_than_the_limits_allow(turns: StaffTurns[Client]) -> None:
    come(turns, 4 + MOST_WAITING)
    assert turns.comes(Client(), NOW) is Turn.REFUSED
    assert len(turns.waiting()) == MOST_WAITING


def test_all_that_wait_hold_no_more_bytes_than_the_limit(turns: StaffTurns[Client]) -> None:
    come(turns, 4)
    half = MOST_WAITING_BYTES // 2
    sizes: Iterator[int] = iter((half, half + 1, half))
    assert [turns.comes(Client(it), NOW) for it in sizes] == [Turn.WAITS, Turn.REFUSED, Turn.WAITS]
