"""When a lead may be called: tables, and minute by minute compared with a clock on the wall."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from callbacks.opening_hours import calendar as opening_hours
from callbacks.opening_hours.calendar import Calendar, next_opening
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads import phones
from tests.scheduling.routing_configs import (
    DAYTIME,
    ISRAEL,
    LONDON,
    MINUTE,
    NEW_YORK,
    at,
    config,
    office,
    times,
)

AUSTRALIA = "+61412345678"  # a mobile: anywhere from the Cocos Islands to Lord Howe
RUSSIA = "+79161234567"  # a mobile: from Bucharest's time to Kamchatka's


@pytest.mark.parametrize(
    ("phone", "asked", "opens"),
    [
        # Monday, 23 November 2026. The team is open round the clock.
        pytest.param(ISRAEL, "2026-11-23 08:59", "2026-11-23 09:00", id="before it opens"),
        pytest.param(ISRAEL, "2026-11-23 09:00", "2026-11-23 09:00", id="as it opens"),
        pytest.param(ISRAEL, "2026-11-23 19:59", "2026-11-23 19:59", id="in its last minute"),
        pytest.param(ISRAEL, "2026-11-23 20:00", "2026-11-24 09:00", id="as it closes"),
        pytest.param(LONDON, "2026-11-23 09:00", "2026-11-23 11:00", id="two hours to the west"),
        pytest.param(NEW_YORK, "2026-11-23 09:00", "2026-11-23 16:00", id="seven hours west"),
        # Jerusalem is at UTC+2. Lord Howe (+11) closes at 9:00 UTC, Cocos (+6:30) opens at 2:30.
        pytest.param(AUSTRALIA, "2026-11-23 04:00", "2026-11-23 04:30", id="all zones are up"),
        pytest.param(AUSTRALIA, "2026-11-23 10:59", "2026-11-23 10:59", id="none is asleep yet"),
        pytest.param(AUSTRALIA, "2026-11-23 11:00", "2026-11-24 04:30", id="one is asleep"),
        # Kamchatka closes (20:00 is 8:00 UTC) an hour after the west opens, at 7:00 UTC.
        pytest.param(RUSSIA, "2026-11-23 08:00", "2026-11-23 09:00", id="one hour in common"),
        pytest.param(RUSSIA, "2026-11-23 10:00", "2026-11-24 09:00", id="past that hour"),
        pytest.param("", "2026-11-23 08:00", "2026-11-23 09:00", id="no number: the team's zone"),
        pytest.param("+99912345", "2026-11-23 08:00", "2026-11-23 09:00", id="no such country"),
    ],
)
def test_a_lead_is_called_while_its_own_clock_shows_a_time_in_the_window(
    phone: str, asked: str, opens: str
) -> None:
    always = config(None, window=DAYTIME)
    assert calling_hours.next_time(always, 1, phone, at(asked)) == at(opens)
    assert calling_hours.may_be_called(always, 1, phone, at(asked)) is (asked == opens)


SANE = (time(8), time(21))
# An Idaho number may be in Boise's or Los Angeles's zone; a South Dakota number in Denver's or in
# that of Center, North Dakota.
IDAHO, DAKOTA, HAWAII = "+12085550101", "+16055550101", "+18085550101"
UNKNOWN = "+8821612345"  # a satellite: it may be anywhere


@pytest.mark.parametrize(
    ("phone", "begins", "ends"),
    [
        # In UTC, on Monday, 23 November 2026; the window is 8:00 to 21:00 of the number's clock.
        pytest.param(ISRAEL, "06:00", "19:00", id="Israel"),
        pytest.param(LONDON, "08:00", "21:00", id="Britain"),
        pytest.param(NEW_YORK, "13:00", "02:00", id="New York"),
        pytest.param(HAWAII, "18:00", "07:00", id="Hawaii"),
        # The eastern clock ends the day, the western begins it.
        pytest.param(IDAHO, "16:00", "04:00", id="two zones of one area"),
        pytest.param(DAKOTA, "15:00", "03:00", id="two zones of another"),
        pytest.param(AUSTRALIA, "01:30", "10:00", id="a mobile of four zones"),
        pytest.param(UNKNOWN, "06:00", "19:00", id="unknown: the team's, Israel's"),
    ],
)
@pytest.mark.parametrize(
    ("of_source", "of_team"),
    [
        pytest.param(SANE, None, id="the source says so"),
        pytest.param(None, SANE, id="the team"),
        pytest.param(SANE, SANE, id="both"),
        pytest.param((time(8), time(23)), (time(5), time(21)), id="each one end of it"),
        pytest.param((time(5), time(21)), (time(8), time(23)), id="each the other end"),
    ],
)
def test_whoever_narrows_the_hours_they_are_by_the_numbers_own_clock(
    phone: str,
    begins: str,
    ends: str,
    of_source: tuple[time, time] | None,
    of_team: tuple[time, time] | None,
) -> None:
    known = config(None, None, window=of_source, teams_window=of_team)
    utc = ZoneInfo("UTC")
    opening, closing = at(f"2026-11-23 {begins}", utc), at(f"2026-11-23 {ends}", utc)
    if closing < opening:
        closing += timedelta(days=1)
    moment = at("2026-11-23 00:00", utc)
    while moment < at("2026-11-24 00:00", utc):
        may = opening <= moment < closing or moment < closing - timedelta(days=1)
        assert calling_hours.may_be_called(known, 1, phone, moment) is may, moment
        assert calling_hours.in_window(known, 1, phone, moment) is may
        moment += timedelta(minutes=30)
    assert calling_hours.next_time(known, 1, phone, closing) == opening + timedelta(days=1)
    assert calling_hours.next_in_window(known, 1, phone, closing) == opening + timedelta(days=1)
    assert calling_hours.closes_at(known, 1, phone, opening) == closing


def test_windows_of_a_source_and_its_team_that_have_no_time_in_common() -> None:
    never = config(None, window=(time(8), time(12)), teams_window=(time(12), time(20)))
    asked = at("2026-11-23 12:00")
    assert calling_hours.next_time(never, 1, ISRAEL, asked) is None
    assert not calling_hours.has_an_hour(never, 1, ISRAEL, asked)
    assert not calling_hours.every_number_has_an_hour(never, 1, asked)
    assert not calling_hours.all_may_be_called(never, 1, asked)
    assert calling_hours.never_opens(never, 1, asked)
    assert times(never, "2026-11-23 08:00", "2026-11-24 10:00") == []


def test_a_number_whose_zones_have_no_hour_in_common_is_never_called_by_itself() -> None:
    short = config(office(), window=(time(9), time(15)))
    for hour in range(24):
        asked = at("2026-11-23 00:00") + timedelta(hours=hour)
        assert calling_hours.next_time(short, 1, RUSSIA, asked) is None
        assert calling_hours.next_in_window(short, 1, RUSSIA, asked) is None
        assert not calling_hours.may_be_called(short, 1, RUSSIA, asked)
        assert not calling_hours.has_an_hour(short, 1, RUSSIA, asked)
        assert calling_hours.has_an_hour(short, 1, ISRAEL, asked)


def test_that_zones_have_no_hour_in_common_is_found_out_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def counted(calendar: Calendar, after: datetime) -> datetime | None:
        asked.append(after)
        return next_opening(calendar, after)

    monkeypatch.setattr(opening_hours, "next_opening", counted)
    narrow = config(office(), window=(time(9, 1), time(15)))  # unlike in other tests, so not cached
    calling_hours.next_time(narrow, 1, RUSSIA, at("2026-11-23 08:00"))
    # A few dozen days in eleven zones, each asked a few times; not a whole year after each of them.
    assert 300 < len(asked) < 5_000


def test_a_team_has_to_be_open_as_well() -> None:
    both = config(office(), window=DAYTIME)
    # Thursday night to Sunday; New York's morning is the office's last hour.
    assert calling_hours.next_time(both, 1, ISRAEL, at("2026-11-26 17:00")) == at(
        "2026-11-29 09:00"
    )
    assert calling_hours.next_time(both, 1, NEW_YORK, at("2026-11-23 09:00")) == at(
        "2026-11-23 16:00"
    )
    assert not calling_hours.may_be_called(both, 1, NEW_YORK, at("2026-11-23 15:59"))
    assert calling_hours.may_be_called(both, 1, NEW_YORK, at("2026-11-23 16:59"))
    assert not calling_hours.may_be_called(both, 1, NEW_YORK, at("2026-11-23 17:00"))


def test_the_first_of_several_teams_counts() -> None:
    two = config(office(opens=12), office(opens=8, closes=10))
    assert calling_hours.next_time(two, 1, ISRAEL, at("2026-11-23 07:00")) == at("2026-11-23 08:00")
    assert calling_hours.next_time(two, 1, ISRAEL, at("2026-11-23 10:00")) == at("2026-11-23 12:00")
    assert [it.pk for it in calling_hours.open_teams(two, 1, ISRAEL, at("2026-11-23 12:00"))] == [0]


@pytest.mark.parametrize(
    "never",
    [
        pytest.param(config(), id="nobody answers"),
        pytest.param(config(Calendar("UTC", {})), id="no hours"),
        pytest.param(
            config(office(opens=22, closes=23), window=DAYTIME), id="the window and the team"
        ),
        pytest.param(config(Calendar("Nowhere/At_all", {})), id="no such zone"),
    ],
)
def test_who_is_never_called_is_known(never: RoutingConfig) -> None:
    now = at("2026-11-23 12:00")
    for asked in (now, now + timedelta(hours=1), now + timedelta(days=30)):
        assert calling_hours.next_time(never, 1, ISRAEL, asked) is None
        assert calling_hours.never_opens(never, 1, asked)
        assert not calling_hours.may_be_called(never, 1, ISRAEL, asked)
    assert list(calling_hours.half_hours(never, 1, now, now + timedelta(days=14))) == []
    assert not calling_hours.never_opens(config(office()), 1, now)


@pytest.mark.parametrize(
    ("night", "asked", "opens"),
    [
        # At 2:00 the clock goes to 3:00: there is no half past two, and the window opens at three.
        pytest.param("2026-03-27", "01:59", "2026-03-27 03:00", id="an hour that does not exist"),
        # At 2:00 the clock goes back to 1:00: a window from 1:30 opens only once.
        pytest.param("2026-10-25", "01:00", "2026-10-25 01:30", id="an hour that exists twice"),
    ],
)
def test_in_the_nights_the_clocks_change(night: str, asked: str, opens: str) -> None:
    opens_at = time(2, 30) if night == "2026-03-27" else time(1, 30)
    always = config(None, window=(opens_at, time(6)))
    opening, closing = at(opens).astimezone(UTC), at(f"{night} 06:00").astimezone(UTC)
    assert (
        calling_hours.next_time(always, 1, ISRAEL, at(f"{night} {asked}").astimezone(UTC))
        == opening
    )
    # It is open from then to six by the wall, without a break.
    while opening < closing:
        assert calling_hours.may_be_called(always, 1, ISRAEL, opening)
        opening += MINUTE
    assert not calling_hours.may_be_called(always, 1, ISRAEL, closing)


# --- compared with a clock on the wall ------------------------------------------------------------

ZONES = {
    ISRAEL: ["Asia/Jerusalem"],
    LONDON: ["Europe/London"],
    NEW_YORK: ["America/New_York"],
    AUSTRALIA: ["Indian/Cocos", "Australia/Perth", "Australia/Sydney", "Australia/Lord_Howe"],
}
# Weeks in which the clocks change in Israel, Britain, the United States or Australia; and one
# without a change.
WEEKS = ["2026-03-25", "2026-03-07", "2026-10-03", "2026-10-23", "2026-10-30", "2026-07-06"]
# Outside the hours that are skipped or repeated, which have tests of their own.
TIMES = st.integers(4 * 60, 23 * 60 + 59).map(lambda it: time(it // 60, it % 60))


def by_the_wall(
    moment: datetime, phone: str, window: tuple[time, time], team: Calendar | None
) -> bool:
    def is_within(zone: str, opens: time, closes: time) -> bool:
        return opens <= moment.astimezone(ZoneInfo(zone)).time() < closes

    if team:
        local = moment.astimezone(ZoneInfo(team.time_zone))
        [opened] = team.week.get(local.weekday()) or [None]
        if opened is None or not is_within(team.time_zone, opened.opens_at, opened.closes_at):
            return False
    return all(is_within(zone, *window) for zone in ZONES[phone])


@hypothesis_settings(max_examples=40)
@given(
    phone=st.sampled_from(list(ZONES)),
    week=st.sampled_from(WEEKS),
    minutes=st.integers(0, 6 * 24 * 60),
    window=st.tuples(TIMES, TIMES).filter(lambda it: it[0] < it[1]),
    team=st.sampled_from([None, office(), office("America/New_York", 8, 18)]),
)
def test_it_agrees_with_every_minute_on_the_wall(
    phone: str, week: str, minutes: int, window: tuple[time, time], team: Calendar | None
) -> None:
    # Without a common hour of all possible zones, the team's zone would count.
    if phone == AUSTRALIA and (window[1].hour - window[0].hour) < 7:
        window = (time(8), time(21))
    start = at(week, ZoneInfo("UTC")) + timedelta(minutes=minutes)
    found = calling_hours.next_time(config(team, window=window), 1, phone, start)
    known = config(team, window=window)
    moment = start
    while moment < start + timedelta(days=3):
        may = by_the_wall(moment, phone, window, team)
        assert calling_hours.may_be_called(known, 1, phone, moment) is may
        if may:
            assert found == moment
            return
        moment += 7 * MINUTE if found is None or moment + 7 * MINUTE < found else MINUTE
    assert found is None or found >= moment


def test_what_was_found_out_is_the_same_as_asking_again() -> None:
    known = config(office(), office("Europe/London", 6, 8), window=DAYTIME)
    moment = at("2026-11-23 00:00").astimezone(UTC)
    for n in range(0, 8 * 24 * 60, 101):
        asked = moment + n * MINUTE
        fresh = config(office(), office("Europe/London", 6, 8), window=DAYTIME)
        for phone in (ISRAEL, NEW_YORK):
            assert calling_hours.next_time(known, 1, phone, asked) == calling_hours.next_time(
                fresh, 1, phone, asked
            )


# --- other questions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("countries", "asked", "known"),
    [
        (("IL",), "2026-11-23 12:00", True),
        (("IL",), "2026-11-23 20:00", False),
        (("IL", "US"), "2026-11-23 12:00", False),
        (("IL", "GB"), "2026-11-23 12:00", True),
    ],
)
def test_whether_everybody_may_be_called_is_known_without_looking_at_leads(
    countries: tuple[str, ...], asked: str, known: bool
) -> None:
    always = config(None, window=DAYTIME, countries=countries)
    assert calling_hours.all_may_be_called(always, 1, at(asked)) is known


def test_an_open_source_without_a_window_is_asked_nothing_about_the_number() -> None:
    phones.time_zones.cache_clear()
    assert calling_hours.may_be_called(config(None), 1, ISRAEL, at("2026-11-23 12:00"))
    assert phones.time_zones.cache_info().misses == 0
