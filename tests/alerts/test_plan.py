"""What a receiver is told now, as a table: the rules alone, without a database."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from callbacks.alerts.plan import Digest, Plan, Seen, Threshold, Wishes, plan
from callbacks.opening_hours.calendar import Calendar, Hours

JERUSALEM = ZoneInfo("Asia/Jerusalem")
DAYS, NIGHTS = Hours(time(8), time(18)), Hours(time(22), time(6))


def at(text: str) -> datetime:
    """ "10:30" of Wednesday 25 March 2026 in Jerusalem; "28 22:00" of another day of that March."""
    day, _, clock = text.rpartition(" ")
    local = datetime.combine(date(2026, 3, int(day or 25)), time.fromisoformat(clock), JERUSALEM)
    return local.astimezone(UTC)


def week(hours: Hours) -> Calendar:
    return Calendar("Asia/Jerusalem", {day: [hours] for day in range(7)})


def overdue(began: str, ended: str = "", *, told: bool = False, pk: int = 1) -> Seen:
    return Seen(pk, "overdue", at(began), at(ended) if ended else None, told)


MINUTES = {"overdue": Threshold(minutes=10), "away": Threshold()}
AT_ONCE = Wishes(MINUTES, "Asia/Jerusalem")
BY_DAY = replace(AT_ONCE, hours=week(DAYS))
BY_NIGHT = replace(AT_ONCE, hours=week(NIGHTS))
SILENT = replace(AT_ONCE, tells_end=False)
PAST = replace(SILENT, thresholds={"overdue": Threshold(minutes=10, always=True)})
PILED = replace(AT_ONCE, thresholds={"overdue": Threshold(open_together=3)})
HOURLY = replace(AT_ONCE, digest=Digest(every=timedelta(hours=1)))
DAILY = replace(AT_ONCE, digest=Digest(at=time(9)))
HOURLY_BY_DAY = replace(HOURLY, hours=week(Hours(time(8, 10), time(18))))
DAILY_BY_DAY = replace(DAILY, hours=week(DAYS))

NOTHING = Plan()
BEGUN, OVER, WAS = Plan(begun=frozenset({1})), Plan(over=frozenset({1})), Plan(was=frozenset({1}))
HELD = Plan(held_back=True)


@pytest.mark.parametrize(
    ("wishes", "alerts", "rests", "now", "expected"),
    [
        # --- at once, at any hour -----------------------------------------------------------
        pytest.param(AT_ONCE, [], {}, "10:00", NOTHING, id="nothing has happened"),
        pytest.param(AT_ONCE, [overdue("10:00")], {}, "10:09", NOTHING, id="for 9 of 10 minutes"),
        pytest.param(AT_ONCE, [overdue("10:00")], {}, "10:10", BEGUN, id="for 10 minutes"),
        pytest.param(AT_ONCE, [overdue("10:00", told=True)], {}, "10:30", NOTHING,
                     id="told before"),
        pytest.param(AT_ONCE, [Seen(1, "away", at("10:00"))], {}, "10:00", BEGUN,
                     id="N is 0 minutes"),
        pytest.param(AT_ONCE, [Seen(1, "other", at("10:00"))], {}, "12:00", NOTHING,
                     id="a kind that was not chosen"),
        pytest.param(AT_ONCE, [overdue("10:30")], {}, "10:00", NOTHING,
                     id="by a clock that is ahead"),
        # --- over -----------------------------------------------------------------------------
        pytest.param(AT_ONCE, [overdue("10:00", "10:20", told=True)], {}, "10:20", OVER,
                     id="over"),
        pytest.param(AT_ONCE, [overdue("10:00", "10:09")], {}, "10:30", NOTHING,
                     id="over before it was to be told"),
        pytest.param(AT_ONCE, [overdue("10:00", "10:10")], {}, "10:10", WAS,
                     id="over as it was to be told"),
        pytest.param(SILENT, [overdue("10:00", "10:20", told=True)], {}, "10:20", NOTHING,
                     id="over, ends are not told"),
        pytest.param(SILENT, [overdue("10:00", "10:20")], {}, "10:20", NOTHING,
                     id="was and is over, ends are not told"),
        pytest.param(PAST, [overdue("10:00", "10:20")], {}, "10:20", WAS,
                     id="of a kind that is known only afterwards"),
        pytest.param(PAST, [overdue("10:00", "10:09")], {}, "10:20", NOTHING,
                     id="of such a kind, too short"),
        # --- the least gap --------------------------------------------------------------------
        pytest.param(AT_ONCE, [overdue("10:00")], {"overdue": "10:30"}, "10:29", NOTHING,
                     id="the kind rests"),
        pytest.param(AT_ONCE, [overdue("10:00")], {"overdue": "10:30"}, "10:30", BEGUN,
                     id="the kind has rested"),
        pytest.param(AT_ONCE, [overdue("10:00")], {"away": "10:30"}, "10:15", BEGUN,
                     id="another kind rests"),
        pytest.param(AT_ONCE, [overdue("10:00", "10:20")], {"overdue": "10:30"}, "10:25", HELD,
                     id="was, while the kind rests: not forgotten"),
        pytest.param(AT_ONCE, [overdue("10:00", "10:20")], {"overdue": "10:30"}, "10:30", WAS,
                     id="was, once the kind has rested"),
        pytest.param(AT_ONCE, [overdue("10:00", "10:20", told=True)], {"overdue": "10:30"},
                     "10:25", NOTHING, id="over, while the kind rests"),
        # --- quiet hours ----------------------------------------------------------------------
        pytest.param(BY_DAY, [overdue("07:00")], {}, "07:59", NOTHING, id="before the hours"),
        pytest.param(BY_DAY, [overdue("07:00")], {}, "08:00", BEGUN,
                     id="as the hours begin, it still holds"),
        pytest.param(BY_DAY, [overdue("02:00", "03:00")], {}, "07:59", HELD,
                     id="was at night, before the hours"),
        pytest.param(BY_DAY, [overdue("02:00", "03:00")], {}, "08:00", WAS,
                     id="was at night, as the hours begin"),
        pytest.param(BY_DAY, [overdue("02:00", "02:09")], {}, "08:00", NOTHING,
                     id="was at night, for 9 of 10 minutes"),
        pytest.param(BY_DAY, [overdue("17:55")], {}, "18:05", NOTHING,
                     id="began in the hours, is to be told after them"),
        pytest.param(BY_DAY, [overdue("17:40", "18:10", told=True)], {}, "18:10", NOTHING,
                     id="over after the hours"),
        pytest.param(BY_DAY, [overdue("24 17:40", "24 18:10", told=True)], {}, "08:00", OVER,
                     id="over after the hours, told as they begin"),
        # --- hours past midnight ----------------------------------------------------------------
        pytest.param(BY_NIGHT, [overdue("21:00")], {}, "21:59", NOTHING, id="before the night"),
        pytest.param(BY_NIGHT, [overdue("21:00")], {}, "22:00", BEGUN, id="as the night begins"),
        pytest.param(BY_NIGHT, [overdue("26 00:30")], {}, "26 00:40", BEGUN, id="past midnight"),
        pytest.param(BY_NIGHT, [overdue("26 05:55")], {}, "26 06:05", NOTHING,
                     id="after the night"),
        # --- N together -------------------------------------------------------------------------
        pytest.param(PILED, [overdue("10:00", pk=n) for n in (1, 2)], {}, "11:00", NOTHING,
                     id="2 of 3"),
        pytest.param(PILED, [overdue(f"10:0{n}", pk=n) for n in (1, 2, 3)], {}, "10:02", NOTHING,
                     id="the third is still to come"),
        pytest.param(PILED, [overdue(f"10:0{n}", pk=n) for n in (1, 2, 3)], {}, "10:03",
                     Plan(begun=frozenset({1, 2, 3})), id="3 of 3"),
        pytest.param(
            PILED,
            [*(overdue("10:00", told=True, pk=n) for n in (2, 3)), overdue("10:05")],
            {}, "10:05", BEGUN, id="one more beside those that were told",
        ),
        pytest.param(PILED, [overdue("10:00", "10:30", pk=n) for n in (1, 2, 3)], {}, "11:00",
                     NOTHING, id="were 3, are over"),
        # --- digests ----------------------------------------------------------------------------
        pytest.param(HOURLY, [overdue("10:05")], {}, "10:40", NOTHING, id="hourly, gathering"),
        pytest.param(HOURLY, [overdue("10:05")], {}, "11:00", BEGUN, id="hourly, on the hour"),
        pytest.param(HOURLY, [overdue("10:05"), overdue("10:51", pk=2)], {}, "11:00",
                     Plan(begun=frozenset({1})), id="hourly, the second has not lasted"),
        pytest.param(HOURLY, [overdue("10:05"), overdue("10:52", pk=2)], {}, "11:02",
                     Plan(begun=frozenset({1, 2})), id="hourly, the look comes late: all of it"),
        pytest.param(HOURLY, [overdue("10:05", "10:30")], {}, "10:40", HELD,
                     id="hourly, was: not forgotten"),
        pytest.param(HOURLY, [overdue("10:05", "10:30")], {}, "11:00", WAS, id="hourly, was"),
        pytest.param(HOURLY, [overdue("10:05")], {"overdue": "11:10"}, "11:10", NOTHING,
                     id="hourly, the gap ends between two digests"),
        pytest.param(HOURLY, [overdue("10:05")], {"overdue": "11:10"}, "12:00", BEGUN,
                     id="hourly, the digest after the gap"),
        pytest.param(HOURLY_BY_DAY, [overdue("02:00")], {}, "08:09", NOTHING,
                     id="hourly, before the hours"),
        pytest.param(HOURLY_BY_DAY, [overdue("07:58")], {}, "08:10", BEGUN,
                     id="hourly, all that was before the hours is told as they begin"),
        pytest.param(HOURLY_BY_DAY, [overdue("08:01")], {}, "08:30", NOTHING,
                     id="hourly, what came after they began waits for the hour"),
        pytest.param(DAILY, [overdue("24 09:00")], {}, "08:59", NOTHING, id="daily, before"),
        pytest.param(DAILY, [overdue("24 09:00")], {}, "09:00", BEGUN, id="daily, at its hour"),
        pytest.param(DAILY, [overdue("08:55")], {}, "09:30", NOTHING,
                     id="daily, too late for today's"),
        pytest.param(DAILY, [overdue("08:45")], {}, "23:00", BEGUN,
                     id="daily, after an hour in which nothing ran"),
        pytest.param(DAILY_BY_DAY, [overdue("24 20:00", "24 21:00")], {}, "08:00", HELD,
                     id="daily by day, the hours begin before its hour"),
        pytest.param(DAILY_BY_DAY, [overdue("24 20:00", "24 21:00")], {}, "09:00", WAS,
                     id="daily by day, at its hour"),
        # --- the clocks change on 27 March: 02:00 to 03:00 ----------------------------------------
        pytest.param(replace(AT_ONCE, hours=week(Hours(time(2, 30), time(18)))),
                     [overdue("27 00:30")], {}, "27 01:59", NOTHING,
                     id="spring, before hours that begin at a time that is left out"),
        pytest.param(replace(AT_ONCE, hours=week(Hours(time(2, 30), time(18)))),
                     [overdue("27 00:30")], {}, "27 03:00", BEGUN,
                     id="spring, they begin as the clock has passed it"),
        pytest.param(replace(AT_ONCE, digest=Digest(at=time(2, 30))),
                     [overdue("27 00:30")], {}, "27 03:00", BEGUN,
                     id="spring, a digest at a time that is left out goes at the change"),
    ],
)  # fmt: skip
def test_what_is_told(
    wishes: Wishes, alerts: list[Seen], rests: Mapping[str, str], now: str, expected: Plan
) -> None:
    assert plan(wishes, alerts, {kind: at(it) for kind, it in rests.items()}, at(now)) == expected


AUTUMN = [
    # The clocks go back on 25 October 2026, from 02:00 to 01:00.
    (Hours(time(1, 30), time(18)), "01:29", 0, NOTHING, "before the first 01:30"),
    (Hours(time(1, 30), time(18)), "01:30", 0, BEGUN, "at the first 01:30"),
    (Hours(time(1, 30), time(18)), "01:10", 1, BEGUN, "the second 01:10 is after the first 01:30"),
    (Hours(time(20), time(1, 30)), "01:10", 0, BEGUN, "a night, before its end"),
    (Hours(time(20), time(1, 30)), "01:10", 1, NOTHING, "a night ends at the first 01:30"),
]


@pytest.mark.parametrize(
    ("hours", "clock", "fold", "expected"),
    [pytest.param(*row[:4], id=row[4]) for row in AUTUMN],
)
def test_hours_when_the_clock_shows_a_time_twice(
    hours: Hours, clock: str, fold: int, expected: Plan
) -> None:
    local = datetime.combine(date(2026, 10, 25), time.fromisoformat(clock), JERUSALEM)
    now = local.replace(fold=fold).astimezone(UTC)
    alert = Seen(1, "overdue", datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert plan(replace(AT_ONCE, hours=week(hours)), [alert], {}, now) == expected


def test_a_daily_digest_goes_once_when_the_clock_shows_its_hour_twice() -> None:
    wishes = replace(AT_ONCE, digest=Digest(at=time(1, 30)))
    first = datetime(2026, 10, 25, 1, 30, tzinfo=JERUSALEM).astimezone(UTC)
    again = first + timedelta(hours=1)
    early = Seen(1, "away", first - timedelta(minutes=5))
    late = Seen(2, "away", first + timedelta(minutes=5))
    assert plan(wishes, [early], {}, first) == BEGUN
    assert plan(wishes, [late], {}, again) == NOTHING
    assert plan(wishes, [late], {}, first + timedelta(hours=25)).begun == {2}


@pytest.mark.parametrize("minutes", [5, 30, 60, 90, 240, 1440])
def test_digests_are_never_closer_than_they_may_be_nor_later(minutes: int) -> None:
    """Something new happens every minute, for three days that include a change of the clocks."""
    wishes = replace(AT_ONCE, digest=Digest(every=timedelta(minutes=minutes)))
    start, sent, waiting = at("26 00:00"), [], list[Seen]()
    for minute in range(3 * 24 * 60):
        now = start + timedelta(minutes=minute)
        waiting.append(Seen(minute, "away", now))
        due = plan(wishes, waiting, {}, now)
        if not due.is_empty:
            assert due.begun == {it.pk for it in waiting}
            sent.append(now)
            waiting = []
    gaps = {(b - a) // timedelta(minutes=1) for a, b in pairwise(sent)}
    # The day of the change has 23 hours, and each day's digests begin anew at its midnight.
    assert max(gaps) <= minutes
    assert len(sent) in range(3 * 24 * 60 // minutes - 1, 3 * 24 * 60 // minutes + 3)
