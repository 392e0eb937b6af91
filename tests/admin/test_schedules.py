"""Schedules in the admin: what is entered, what is refused, and what they come to."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from callbacks.admin import week
from callbacks.models import Extension, OpeningHours, Schedule, ScheduleException, Team
from callbacks.schedule import Calendar, Hours
from tests.admin.posting import rows
from tests.queue import queued

ADD = "/admin/callbacks/schedule/add/"
MORNING = {"weekday": 0, "opens_at": "09:00", "closes_at": "13:00"}
CLOSED = {"date": "2026-12-01"}


def form(
    hours: list[dict[str, Any]], exceptions: list[dict[str, Any]] | None = None, **values: Any
) -> dict[str, Any]:
    data: dict[str, Any] = {"name": "Office", "time_zone": "Asia/Jerusalem", **values}
    return data | rows("hours", *hours) | rows("exceptions", *(exceptions or []))


def test_a_schedule_is_entered_with_its_week_holidays_and_exceptions(managing: Client) -> None:
    night = {"weekday": 3, "opens_at": "22:00", "closes_at": "02:00"}
    short = {"date": "2026-12-02", "opens_at": "10:00", "closes_at": "12:00", "note": "stocktaking"}
    answer = managing.post(
        ADD, form([MORNING, night], [CLOSED, short], holidays_of="IL", eve_closes_at="13:00")
    )
    assert answer.status_code == 302
    assert Schedule.objects.get().calendar() == Calendar(
        "Asia/Jerusalem",
        {0: [Hours(time(9), time(13))], 3: [Hours(time(22), time(2))]},
        {date(2026, 12, 1): [], date(2026, 12, 2): [Hours(time(10), time(12))]},
        "IL",
        time(13),
    )


@pytest.mark.parametrize(
    ("hours", "exceptions", "values", "words"),
    [
        ([MORNING], [], {"time_zone": "Mars/Olympus"}, "is not a time zone"),
        ([MORNING], [], {"holidays_of": "ZZ"}, "The holidays of ZZ are not known"),
        ([MORNING | {"closes_at": "09:00"}], [], {}, "It closes as it opens"),
        (
            [MORNING, MORNING | {"opens_at": "12:00", "closes_at": "18:00"}],
            [],
            {},
            "Monday 09:00-13:00 and Monday 12:00-18:00 overlap. Change one of them.",
        ),
        (
            [MORNING | {"weekday": 6, "opens_at": "22:00", "closes_at": "10:00"}, MORNING],
            [],
            {},
            "Sunday 22:00-10:00 and Monday 09:00-13:00 overlap",
        ),
        ([], [{"date": "2026-12-01", "opens_at": "09:00"}], {}, "Enter both times, or none"),
        (
            [],
            [CLOSED, CLOSED | {"opens_at": "09:00", "closes_at": "12:00"}],
            {},
            "01 Dec 2026 is there as closed. Keep that row, or the others.",
        ),
        ([], [CLOSED, CLOSED], {}, "01 Dec 2026 is there as closed"),
        (
            [],
            [
                CLOSED | {"opens_at": "09:00", "closes_at": "12:00"},
                CLOSED | {"opens_at": "11:00", "closes_at": "14:00"},
            ],
            {},
            "01 Dec 2026: 09:00-12:00 and 11:00-14:00 overlap",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_words(
    hours: list[dict[str, Any]],
    exceptions: list[dict[str, Any]],
    values: dict[str, str],
    words: str,
    managing: Client,
) -> None:
    answer = managing.post(ADD, form(hours, exceptions, **values))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Schedule.objects.exists()


def test_an_extension_is_given_hours_of_its_own(managing: Client, extension: Extension) -> None:
    schedule = Schedule.objects.create(name="Mornings")
    page = f"/admin/callbacks/extension/{extension.pk}/change/"
    assert "Mornings" in managing.get(page).content.decode()
    data = {"number": "101", "kind": "sip", "name": "Dana", "team": extension.team_id}
    data |= {"is_active": "on", "schedule": schedule.pk, **rows("call_parameters")}
    managing.post(page, data)
    extension.refresh_from_db()
    assert extension.schedule == schedule
    listed = managing.get("/admin/callbacks/extension/").content.decode()
    assert "by its own hours" in listed


@pytest.mark.django_db(transaction=True)
def test_other_hours_wake_the_teams_that_keep_them_or_whose_phones_do(
    managing: Client, extension: Extension
) -> None:
    schedule = Schedule.objects.create(name="Office")
    Team.objects.update(schedule=schedule)
    other = Team.objects.create(name="Support")
    Extension.objects.create(number="201", team=other, schedule=schedule)
    Team.objects.create(name="Elsewhere")
    queued(empty=True)
    managing.post(f"/admin/callbacks/schedule/{schedule.pk}/change/", form([MORNING]))
    woken = {("callbacks.work_team", extension.team_id), ("callbacks.work_team", other.pk)}
    assert set(queued()) == woken


# --- the picture ----------------------------------------------------------------------------------

# Monday, 23 November 2026, 10:00 in Jerusalem.
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ALL_DAY = Hours(time(0), time(0))
OFFICE = {day: [Hours(time(9), time(18))] for day in (6, 0, 1, 2, 3)}


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        (Calendar("Asia/Jerusalem", OFFICE), "Open until 18:00."),
        (Calendar("UTC", {6: [Hours(time(9), time(18))]}), "Closed until Sun 29 Nov 09:00."),
        (Calendar("America/New_York", OFFICE), "Closed until 09:00."),
        (Calendar("UTC", {day: [ALL_DAY] for day in range(7)}), "Open round the clock."),
        (Calendar("UTC", {}), "Never opens. It has no hours that are still to come."),
        (
            Calendar("UTC", {}, {date(2027, 1, 4): [Hours(time(9), time(10))]}),
            "Closed until Mon 04 Jan 2027 09:00.",
        ),
    ],
)
def test_now_in_words(calendar: Calendar, words: str) -> None:
    assert week.in_words(calendar, NOW) == words


def test_the_picture_shows_seven_days_with_holidays_and_exceptions() -> None:
    # From Thursday, 10 September 2026; Rosh Hashanah is on 12 and 13 September.
    at = datetime(2026, 9, 10, 8, 0, tzinfo=UTC)
    night = {3: [Hours(time(22), time(2))], 4: [Hours(time(9), time(16))]}
    calendar = Calendar(
        "Asia/Jerusalem", OFFICE | night, {date(2026, 9, 14): []}, "IL", eve_closes_at=time(12)
    )
    days = week.picture(calendar, at).days
    assert [(day.name, day.note, day.hours) for day in days] == [
        ("Thu 10 Sep", "", "22:00-24:00"),
        ("Fri 11 Sep", "eve of Rosh Hashanah", "00:00-02:00, 09:00-12:00"),
        ("Sat 12 Sep", "Rosh Hashanah", "closed"),
        ("Sun 13 Sep", "Rosh Hashanah", "closed"),
        ("Mon 14 Sep", "exception", "closed"),
        ("Tue 15 Sep", "", "09:00-18:00"),
        ("Wed 16 Sep", "", "09:00-18:00"),
    ]
    assert [day.now for day in days] == [11 * 60, *[None] * 6]
    assert (days[0].bars[0].start, days[0].bars[0].length) == (22 * 60, 120)


def test_the_page_of_a_schedule_shows_its_week(managing: Client) -> None:
    schedule = Schedule.objects.create(name="Office", holidays_of="IL")
    OpeningHours.objects.create(schedule=schedule, weekday=0, opens_at=time(9), closes_at=time(13))
    ScheduleException.objects.create(schedule=schedule, date=date(2026, 12, 1))
    page = managing.get(f"/admin/callbacks/schedule/{schedule.pk}/change/").content.decode()
    assert "Opening hours of the next seven days" in page
    assert "in Asia/Jerusalem." in page
    assert 'value="09:00"' in page
