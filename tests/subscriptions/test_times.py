"""When mails are due: rhythms, working days, and the nights on which the clocks change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callbacks.models.subscriptions import Rhythm
from callbacks.subscriptions.times import Plan, last_until, next_after, weekdays

ISRAEL, BERLIN, NEW_YORK = "Asia/Jerusalem", "Europe/Berlin", "America/New_York"
SUNDAY_TO_THURSDAY, MONDAY_TO_FRIDAY = weekdays(0), weekdays(1)


def due(plan: Plan, after: str, count: int) -> list[str]:
    """The next `count` due times, on the plan's clock."""
    zone, found = ZoneInfo(plan.zone), []
    at: datetime | None = datetime.fromisoformat(after).replace(tzinfo=zone).astimezone(UTC)
    for _ in range(count):
        assert at is not None
        at = next_after(plan, at)
        assert at is not None
        found.append(f"{at.astimezone(zone):%a %d %b %H:%M %z}")
    return found


def holiday(*days: str) -> Callable[[date], bool]:
    free = {date.fromisoformat(day) for day in days}
    return lambda day: SUNDAY_TO_THURSDAY(day) and day not in free


# The case, the plan, the time to start after, and the next due times.
CASES = [
    ("every day", Plan(Rhythm.DAILY, 8, ISRAEL), "2026-11-28T08:00",
     ["Sun 29 Nov 08:00 +0200", "Mon 30 Nov 08:00 +0200"]),
    ("today still", Plan(Rhythm.DAILY, 8, ISRAEL), "2026-11-28T07:59", ["Sat 28 Nov 08:00 +0200"]),
    ("at midnight", Plan(Rhythm.DAILY, 0, ISRAEL), "2026-11-28T23:59", ["Sun 29 Nov 00:00 +0200"]),
    ("every week", Plan(Rhythm.WEEKLY, 8, ISRAEL, weekday=6), "2026-11-28T09:00",
     ["Sun 29 Nov 08:00 +0200", "Sun 06 Dec 08:00 +0200"]),
    ("every month on the 31st", Plan(Rhythm.MONTHLY, 8, ISRAEL, day_of_month=31),
     "2027-01-31T08:00", ["Sun 28 Feb 08:00 +0200", "Wed 31 Mar 08:00 +0300"]),
    ("every month on the first", Plan(Rhythm.MONTHLY, 8, ISRAEL), "2026-11-28T00:00",
     ["Tue 01 Dec 08:00 +0200", "Fri 01 Jan 08:00 +0200"]),
    ("working days, week from Sunday", Plan(Rhythm.DAILY, 8, ISRAEL, works=SUNDAY_TO_THURSDAY),
     "2026-11-26T08:00", ["Sun 29 Nov 08:00 +0200", "Mon 30 Nov 08:00 +0200"]),
    ("working days, week from Monday", Plan(Rhythm.DAILY, 8, BERLIN, works=MONDAY_TO_FRIDAY),
     "2026-11-26T08:00", ["Fri 27 Nov 08:00 +0100", "Mon 30 Nov 08:00 +0100"]),
    ("a month that begins on a Friday", Plan(Rhythm.MONTHLY, 8, ISRAEL, works=SUNDAY_TO_THURSDAY),
     "2026-12-02T00:00", ["Sun 03 Jan 08:00 +0200", "Mon 01 Feb 08:00 +0200"]),
    ("a week whose day is a holiday",
     Plan(Rhythm.WEEKLY, 8, ISRAEL, weekday=6, works=holiday("2026-11-29", "2026-11-30")),
     "2026-11-28T00:00", ["Tue 01 Dec 08:00 +0200", "Sun 06 Dec 08:00 +0200"]),
    ("the hour that does not exist, in Israel", Plan(Rhythm.DAILY, 2, ISRAEL),
     "2027-03-25T02:00", ["Fri 26 Mar 03:00 +0300", "Sat 27 Mar 02:00 +0300"]),
    ("the hour that comes twice, in Israel", Plan(Rhythm.DAILY, 1, ISRAEL),
     "2026-10-24T01:00", ["Sun 25 Oct 01:00 +0300", "Mon 26 Oct 01:00 +0200"]),
    ("the hour that does not exist, in New York", Plan(Rhythm.DAILY, 2, NEW_YORK),
     "2027-03-13T02:00", ["Sun 14 Mar 03:00 -0400", "Mon 15 Mar 02:00 -0400"]),
    ("the hour that comes twice, in Berlin", Plan(Rhythm.DAILY, 2, BERLIN),
     "2026-10-24T02:00", ["Sun 25 Oct 02:00 +0200", "Mon 26 Oct 02:00 +0100"]),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "plan", "after", "expected"), CASES,
                         ids=[row[0] for row in CASES])  # fmt: skip
def test_the_next_moments(_case, plan, after, expected) -> None:
    assert due(plan, after, len(expected)) == expected


def test_where_nobody_works_nothing_is_due() -> None:
    plan = Plan(Rhythm.WEEKLY, 8, ISRAEL, works=lambda _day: False)
    assert next_after(plan, datetime(2026, 11, 28, tzinfo=UTC)) is None
    assert last_until(plan, datetime(2026, 11, 28, tzinfo=UTC)) is None


@pytest.mark.parametrize("rhythm", Rhythm.values)
def test_the_last_moment_is_the_one_before_the_next(rhythm: str) -> None:
    plan = Plan(rhythm, 2, BERLIN, works=MONDAY_TO_FRIDAY)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    for _ in range(60):
        following = next_after(plan, at)
        assert following is not None
        assert last_until(plan, following) == following
        assert last_until(plan, following - timedelta(seconds=1)) != following
        between = next_after(plan, following)
        assert between is not None
        assert last_until(plan, between - timedelta(seconds=1)) == following
        at = following
