"""Schedules in the admin: what is entered, what is refused, and the hours that follow."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from callbacks.admin.schedules import week_preview
from callbacks.models import Extension, OpeningHours, Schedule, ScheduleException, Team
from callbacks.opening_hours.calendar import Calendar, Hours
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_schedule, an_extension
from tests.support.queue import queued

ADD = "/admin/callbacks/schedule/add/"
MORNING = {"weekday": 0, "opens_at": "09:00", "closes_at": "13:00"}
CLOSED = {"date": "2026-12-01"}


def test_a_schedule_is_entered_with_its_week_holidays_and_exceptions(managing: Client) -> None:
    night = {"weekday": 3, "opens_at": "22:00", "closes_at": "02:00"}
    short = {"date": "2026-12-02", "opens_at": "10:00", "closes_at": "12:00", "note": "stocktaking"}
    typed = a_schedule([MORNING, night], [CLOSED, short], holidays_of="IL", eve_closes_at="13:00")
    assert managing.post(ADD, typed).status_code == 302
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
        ([], [], {}, "This schedule would never open. Add opening hours to the week"),
        ([], [CLOSED], {}, "This schedule would never open"),
        (
            [],
            [{"date": "2020-01-06", "opens_at": "09:00", "closes_at": "12:00"}],
            {},
            "This schedule would never open",
        ),
        ([MORNING], [], {"time_zone": "../UTC"}, "is not a time zone"),
        ([MORNING], [], {"time_zone": "localtime"}, "is not a time zone"),
        ([MORNING], [], {"time_zone": "factory"}, "is not a time zone"),
        ([MORNING], [], {"eve_closes_at": "13:00"}, "Without holidays it has no effect"),
        ([MORNING | {"closes_at": "24:00"}], [], {}, "Enter 00:00 for midnight"),
        ([MORNING | {"closes_at": "5pm"}], [], {}, "Enter a 24-hour time"),
        (
            [],
            [
                CLOSED | {"opens_at": "20:00", "closes_at": "23:59"},
                {"date": "2026-12-02", "opens_at": "00:01", "closes_at": "03:00"},
            ],
            {},
            (
                "There is a gap of one minute between 01 Dec 2026 20:00-00:00 and the "
                "next day&#x27;s 00:01-03:00"
            ),
        ),
        ([MORNING], [], {"holidays_of": "ZZ"}, "The holidays of ZZ are not known"),
        ([MORNING | {"closes_at": "09:00"}], [], {}, "The opening and closing times are the same"),
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
        (
            [
                MORNING | {"closes_at": "12:59"},
                MORNING | {"opens_at": "13:00", "closes_at": "18:00"},
            ],
            [],
            {},
            (
                "There is a gap of one minute between Monday 09:00-12:59 and Monday "
                "13:00-18:00. Make the first close"
            ),
        ),
        (
            [],
            [
                CLOSED | {"opens_at": "09:00", "closes_at": "11:59"},
                CLOSED | {"opens_at": "12:00", "closes_at": "14:00"},
            ],
            {},
            "01 Dec 2026: there is a gap of one minute between 09:00-11:59 and 12:00-14:00",
        ),
        (
            [],
            [{"date": "2026-12-01", "opens_at": "09:00"}],
            {},
            "Enter both times, or leave both empty",
        ),
        (
            [],
            [CLOSED, CLOSED | {"opens_at": "09:00", "closes_at": "12:00"}],
            {},
            "01 Dec 2026 is also entered as closed. Keep that row or the others, not both.",
        ),
        ([], [CLOSED, CLOSED], {}, "01 Dec 2026 is also entered as closed"),
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
    answer = managing.post(ADD, a_schedule(hours, exceptions, **values))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Schedule.objects.exists()


def test_an_extension_is_given_hours_of_its_own(managing: Client, extension: Extension) -> None:
    schedule = Schedule.objects.create(name="Mornings")
    OpeningHours.objects.create(schedule=schedule, weekday=0, opens_at=time(9), closes_at=time(10))
    page = f"/admin/callbacks/extension/{extension.pk}/change/"
    assert "Mornings" in managing.get(page).content.decode()
    managing.post(page, an_extension(extension.team, schedule=schedule.pk))
    extension.refresh_from_db()
    assert extension.schedule == schedule
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        listed = managing.get("/admin/callbacks/extension/")
        assert "outside its own hours" in listed.content.decode()


@pytest.mark.parametrize("typed", ["17:30", "17.30", "17:30:00"])
def test_a_time_may_be_written_with_a_dot(managing: Client, typed: str) -> None:
    assert managing.post(ADD, a_schedule([MORNING | {"closes_at": typed}])).status_code == 302
    assert OpeningHours.objects.get().closes_at == time(17, 30)


def test_zone_and_country_may_be_typed_in_any_case(managing: Client) -> None:
    typed = a_schedule([MORNING], time_zone="america/new york", holidays_of="il")
    assert managing.post(ADD, typed).status_code == 302
    schedule = Schedule.objects.get()
    assert (schedule.time_zone, schedule.holidays_of) == ("America/New_York", "IL")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("IL", "IL"),
        ("Israel", "IL"),
        ("iceland", "IS"),
        ("UK", "GB"),
        ("usa", "US"),
        ("United States", "US"),
        ("", ""),
    ],
)
def test_holidays_are_those_of_a_country_by_its_name(
    managing: Client, typed: str, code: str
) -> None:
    page = managing.get(ADD).content.decode()
    assert '<option value="IL">Israel</option>' in page
    assert '<option value="AQ">' not in page  # by name alone
    assert managing.post(ADD, a_schedule([MORNING], holidays_of=typed)).status_code == 302
    assert Schedule.objects.get().holidays_of == code


def test_a_countrys_name_that_is_not_known_is_refused(managing: Client) -> None:
    page = managing.post(ADD, a_schedule([MORNING], holidays_of="Israeli")).content.decode()
    assert "The holidays of Israeli are not known" in page
    assert not Schedule.objects.exists()


def test_the_week_begins_on_sunday(managing: Client) -> None:
    """As weeks do in English and in Hebrew."""
    assert managing.post(ADD, a_schedule([MORNING, MORNING | {"weekday": 6}])).status_code == 302
    page = managing.get(f"/admin/callbacks/schedule/{Schedule.objects.get().pk}/change/")
    [week, _exceptions] = page.context["inline_admin_formsets"]
    assert [form.instance.weekday for form in week.formset.initial_forms] == [6, 0]
    choices = week.formset.empty_form.fields["weekday"].choices
    assert [value for value, _ in choices if value not in ("", None)] == [6, 0, 1, 2, 3, 4, 5]


def test_a_week_as_it_is_kept_in_israel(managing: Client) -> None:
    """Sunday to Thursday with a lunch break, Friday until one, holidays and their eves."""
    week_of_work = [
        {"weekday": day, "opens_at": opens_at, "closes_at": closes_at}
        for day in (6, 0, 1, 2, 3)
        for opens_at, closes_at in (("09:00", "13:00"), ("14:00", "18:00"))
    ]
    friday = {"weekday": 4, "opens_at": "09:00", "closes_at": "13:00"}
    longer = {"date": "2026-12-06", "opens_at": "08:00", "closes_at": "20:00", "note": "campaign"}
    posted = a_schedule([*week_of_work, friday], [longer], holidays_of="IL", eve_closes_at="12:00")
    assert managing.post(ADD, posted).status_code == 302
    # Wednesday, 1 April 2026 is the eve of Pesach.
    picture = week_preview.picture(
        Schedule.objects.get().calendar(), datetime(2026, 3, 31, 6, tzinfo=UTC)
    )
    assert [(day.name, day.note, day.hours) for day in picture.days] == [
        ("Tue 31 Mar", "", "09:00-13:00, 14:00-18:00"),
        ("Wed 01 Apr", "eve of Pesach", "09:00-12:00"),
        ("Thu 02 Apr", "Pesach", "closed"),
        ("Fri 03 Apr", "", "09:00-13:00"),
        ("Sat 04 Apr", "", "closed"),
        ("Sun 05 Apr", "", "09:00-13:00, 14:00-18:00"),
        ("Mon 06 Apr", "", "09:00-13:00, 14:00-18:00"),
    ]
    assert [(each.day, each.what) for each in picture.coming][:2] == [
        ("Thu 02 Apr", "Pesach, closed"),
        ("Wed 08 Apr", "Seventh day of Pesach, closed"),
    ]
    [row] = week_preview.in_a_line({3: [Hours(time(9), time(13))]})
    assert row == "Thu 09:00-13:00"
    listed = managing.get("/admin/callbacks/schedule/").content.decode()
    assert "Sun-Thu 09:00-13:00 14:00-18:00" in listed
    assert "Fri 09:00-13:00" in listed


PREVIEW = "/admin/callbacks/schedule/preview/"


def test_the_picture_shows_what_is_typed_before_it_is_saved(managing: Client) -> None:
    page = managing.post(PREVIEW, a_schedule([MORNING])).content.decode()
    assert "Preview of what you typed, not saved yet" in page
    assert "09:00-13:00" in page
    assert not Schedule.objects.exists()


def test_the_picture_follows_changes_of_what_is_there(managing: Client) -> None:
    schedule = Schedule.objects.create(name="Office")
    row = OpeningHours.objects.create(
        schedule=schedule, weekday=0, opens_at=time(9), closes_at=time(13)
    )
    there = MORNING | {"id": row.pk, "schedule": schedule.pk, "closes_at": "16:30"}
    posted = a_schedule([]) | rows("hours", there, there=1)
    page = managing.post(f"{PREVIEW}?of={schedule.pk}", posted).content.decode()
    assert "09:00-16:30" in page
    row.refresh_from_db()
    assert row.closes_at == time(13)


def test_the_picture_says_why_what_is_typed_cannot_be(managing: Client) -> None:
    page = managing.post(PREVIEW, a_schedule([])).content.decode()
    assert "Never opens. It has no future hours." in page
    assert "This schedule would never open" in page
    page = managing.post(PREVIEW, a_schedule([MORNING], time_zone="Mars")).content.decode()
    assert "This cannot be saved yet" in page
    assert "Mars is not a time zone" in page


def test_only_who_may_change_schedules_is_shown_what_they_type(
    staff_with: Callable[..., Client], managing: Client
) -> None:
    seeing = staff_with("callbacks.view_schedule")
    assert seeing.post(PREVIEW, a_schedule([MORNING])).status_code == 403
    assert managing.get(PREVIEW).status_code == 403
    assert Client().post(PREVIEW, a_schedule([MORNING])).status_code == 302


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
    managing.post(f"/admin/callbacks/schedule/{schedule.pk}/change/", a_schedule([MORNING]))
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
        (Calendar("UTC", {}), "Never opens. It has no future hours."),
        (
            Calendar("UTC", {}, {date(2027, 1, 4): [Hours(time(9), time(10))]}),
            "Closed until Mon 04 Jan 2027 09:00.",
        ),
    ],
)
def test_now_in_words(calendar: Calendar, words: str) -> None:
    assert week_preview.in_words(calendar, NOW) == words


def test_the_picture_shows_seven_days_with_holidays_and_exceptions() -> None:
    # From Thursday, 10 September 2026; Rosh Hashanah is on 12 and 13 September.
    at = datetime(2026, 9, 10, 8, 0, tzinfo=UTC)
    night = {3: [Hours(time(22), time(2))], 4: [Hours(time(9), time(16))]}
    calendar = Calendar(
        "Asia/Jerusalem", OFFICE | night, {date(2026, 9, 14): []}, "IL", eve_closes_at=time(12)
    )
    days = week_preview.picture(calendar, at).days
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
    assert "No team or extension uses these hours." in page
    team = Team.objects.create(name="Sales", schedule=schedule)
    Extension.objects.create(number="101", team=team, schedule=schedule)
    page = managing.get(f"/admin/callbacks/schedule/{schedule.pk}/change/").content.decode()
    assert "team Sales" in page
    assert "extension 101" in page
    assert 'value="09:00"' in page


def test_an_extension_is_shown_the_hours_that_it_has_in_common_with_its_team() -> None:
    team = Calendar("Asia/Jerusalem", OFFICE)
    own = Calendar("Asia/Jerusalem", {day: [Hours(time(14), time(22))] for day in range(7)})
    both = week_preview.picture_of_both(team, own, NOW)
    assert both.now == "Off shift until 14:00."
    assert [day.hours for day in both.days][:6] == [
        *["14:00-18:00"] * 4, "closed", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("team", "own", "words"),
    [
        (None, None, "On shift round the clock."),
        (Calendar("Asia/Jerusalem", OFFICE), None, "On shift until 18:00."),
        (None, Calendar("Asia/Jerusalem", OFFICE), "On shift until 18:00."),
        (
            Calendar("America/New_York", OFFICE),
            None,
            "Off shift until 09:00: its team is closed.",
        ),
        (
            Calendar("UTC", {0: [Hours(time(9), time(12))]}),
            Calendar("UTC", {0: [Hours(time(13), time(14))]}),
            "Gets no calls: its own hours and its team's hours never overlap.",
        ),
        (
            Calendar("Mars/Olympus", OFFICE),
            Calendar("UTC", OFFICE),
            (
                "Gets no calls: its team's hours never open. Its time zone, "
                "Mars/Olympus, is not known."
            ),
        ),
        (
            None,
            Calendar("UTC", {}),
            "Gets no calls: its own hours never open. All days are closed.",
        ),
    ],
)
def test_the_shift_in_words(team: Calendar | None, own: Calendar | None, words: str) -> None:
    assert week_preview.words_for_both(team, own, NOW) == words
