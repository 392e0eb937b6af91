"""A manager saves hours or a rate while leads are being called at an opening."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone

from callbacks.calling import reschedule
from callbacks.models import OpeningHours, Schedule, ScheduleException, Team
from leads.models import Lead, LeadSource, SetupVersion
from tests.scheduling.conftest import NIGHT, OPENING, SECOND, submit, times

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def under_way(
    office: Team, source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[float]]:
    """Twelve leads of two sources at an opening with ten a minute, rescheduled in steps of two.

    under_way() returns when the remaining leads are called, in seconds after the opening.
    """
    monkeypatch.setattr(reschedule, "STEP", 2)
    landing = LeadSource.objects.create(slug="landing", name="Landing")
    office.sources.add(landing)
    with time_machine.travel(NIGHT, tick=False):
        for n in range(12):
            submit([source, landing][n % 2], n)

    def left() -> list[float]:
        later = Lead.objects.filter(call_after__gt=timezone.now()).order_by("call_after")
        return [(it.call_after - OPENING) / SECOND for it in later]

    return left


SAVES: dict[str, tuple[dict[str, int | None], list[float]]] = {
    "nothing is changed": ({}, [24, 30, 36, 42, 48, 54, 60, 66]),
    "half the rate": ({"opening_rate": 5}, [24, 36, 48, 60, 72, 84, 96, 108]),
    "twice the rate": ({"opening_rate": 20}, [21, 24, 27, 30, 33, 36, 39, 42]),
    "no rate: all at once": ({"opening_rate": None}, []),
}


@pytest.mark.parametrize("case", SAVES.values(), ids=SAVES)
@pytest.mark.parametrize("times", [1, 3])
def test_the_opening_under_way_is_kept(
    office: Team,
    under_way: Callable[[], list[float]],
    case: tuple[dict[str, int | None], list[float]],
    times: int,
) -> None:
    """The team is saved 20 seconds after the opening; the steps follow within milliseconds."""
    values, wanted = case
    with time_machine.travel(OPENING + 20 * SECOND, tick=False) as clock:
        for _ in range(times):
            Team.objects.update(**values or {"name": office.name})
            while reschedule.follow_changed_hours() or not _is_followed():
                clock.shift(timedelta(milliseconds=10))
        assert under_way() == wanted


def _opens_at_ten(office: Team) -> datetime:
    OpeningHours.objects.update(opens_at=time(10))
    return OPENING + timedelta(hours=1)


def _is_closed_today(office: Team) -> datetime:
    ScheduleException.objects.create(schedule=office.schedule, date=OPENING.date())
    return OPENING + timedelta(days=1)


def _is_an_hour_to_the_west(office: Team) -> datetime:
    Schedule.objects.update(time_zone="Etc/GMT+1")
    return OPENING + timedelta(hours=1)


def _has_another_schedule(office: Team) -> datetime:
    later = Schedule.objects.create(name="Later", time_zone="UTC")
    for day in range(7):
        OpeningHours.objects.create(
            schedule=later, weekday=day, opens_at=time(11), closes_at=time(17)
        )
    Team.objects.update(schedule=later)
    return OPENING + timedelta(hours=2)


MOVES_LATER: dict[str, Callable[[Team], datetime]] = {
    "another hour": _opens_at_ten,
    "closed for the day": _is_closed_today,
    "another zone": _is_an_hour_to_the_west,
    "another schedule": _has_another_schedule,
}


@pytest.mark.parametrize("change", MOVES_LATER.values(), ids=MOVES_LATER)
@pytest.mark.parametrize("sweep_first", [False, True])
def test_whoever_was_due_keeps_their_place_at_an_opening_that_has_moved(
    office: Team,
    under_way: Callable[[], list[float]],
    change: Callable[[Team], datetime],
    sweep_first: bool,
) -> None:
    """Twenty seconds after the opening, four leads are due and nobody has called them yet."""
    with time_machine.travel(OPENING + 20 * SECOND, tick=False) as clock:
        opening = change(office)
        if sweep_first:
            reschedule.follow_the_hours()
        while reschedule.follow_changed_hours() or not _is_followed():
            clock.shift(timedelta(milliseconds=10))
        reschedule.follow_the_hours()
    by_arrival = Lead.objects.order_by("pk").values_list("call_after", flat=True)
    turns = [(it - opening) / SECOND for it in by_arrival]
    assert sorted(turns[:4]) == [0, 6, 12, 18]
    assert sorted(turns) == [6 * n for n in range(12)]


def _is_followed() -> bool:
    state = SetupVersion.objects.get()
    return state.followed == state.version and state.followed_to is None


def test_those_who_join_an_opening_in_steps_take_turns_together(
    office: Team, under_way: Callable[[], list[float]]
) -> None:
    """The hours move forward to now: all leads are called at the rate, in however many steps."""
    early = OPENING - timedelta(hours=3)
    with time_machine.travel(early, tick=False) as clock:
        OpeningHours.objects.update(opens_at=time(5))
        while reschedule.follow_changed_hours() or not _is_followed():
            clock.shift(timedelta(seconds=1))
        called = sorted(times())
    assert len(set(called)) == 12
    assert all(later - earlier >= 5.9 * SECOND for earlier, later in pairwise(called))
