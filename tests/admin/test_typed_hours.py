"""A schedule's page takes hours in a line, a range of days, and a calendar file."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from callbacks.admin.schedules import week_preview
from callbacks.models import OpeningHours, Schedule, ScheduleException
from tests.opening_hours.test_calendar_file import FILE
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_schedule

pytestmark = pytest.mark.django_db

ADD = "/admin/callbacks/schedule/add/"
PREVIEW = "/admin/callbacks/schedule/preview/"


def week() -> list[str]:
    return week_preview.in_a_line(Schedule.objects.get().calendar().week)


def exceptions() -> list[tuple[str, str, str]]:
    return [
        (f"{it.date}", f"{it.opens_at:%H:%M}" if it.opens_at else "closed", it.note)
        for it in ScheduleException.objects.order_by("date", "opens_at")
    ]


@pytest.fixture
def office() -> dict[str, Any]:
    """What a schedule's page posts: open on Sundays, and for two hours on a day in December."""
    schedule = Schedule.objects.create(name="Office")
    sunday = OpeningHours.objects.create(
        schedule=schedule, weekday=6, opens_at=time(8), closes_at=time(16)
    )
    day = ScheduleException.objects.create(
        schedule=schedule, date=date(2026, 12, 8), opens_at=time(10), closes_at=time(12)
    )
    hours = {"weekday": 6, "opens_at": "08:00", "closes_at": "16:00"}
    there = {"date": "2026-12-08", "opens_at": "10:00", "closes_at": "12:00"}
    posted = a_schedule([])
    posted |= rows("hours", hours | {"id": sunday.pk, "schedule": schedule.pk}, there=1)
    posted |= rows("exceptions", there | {"id": day.pk, "schedule": schedule.pk}, there=1)
    return posted


def page() -> str:
    return f"/admin/callbacks/schedule/{Schedule.objects.get().pk}/change/"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Mon-Thu 09-13, 14-18", ["Sun 08:00-16:00", "Mon-Thu 09:00-13:00 14:00-18:00"]),
        ("Sun-Thu 09-13, 14-18", ["Sun-Thu 09:00-13:00 14:00-18:00"]),
        ("Mon-Thu as Sun", ["Sun-Thu 08:00-16:00"]),
        ("Sun closed\nMon 09-13", ["Mon 09:00-13:00"]),
        ("", ["Sun 08:00-16:00"]),
    ],
)
def test_a_line_of_the_week_takes_the_place_of_rows(
    managing: Client, office: dict[str, Any], typed: str, found: list[str]
) -> None:
    assert managing.post(page(), office | {"week_typed": typed}).status_code == 302
    assert sorted(week()) == sorted(found)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("06.12.2026 08-20 campaign",
         [("2026-12-06", "08:00", "campaign"), ("2026-12-08", "10:00", "")]),
        ("2026-12-07-2026-12-09 closed trip",
         [(f"2026-12-0{n}", "closed", "trip") for n in (7, 8, 9)]),
        ("08/12/2026 09-10, 11-12", [("2026-12-08", "09:00", ""), ("2026-12-08", "11:00", "")]),
    ],
)  # fmt: skip
def test_a_range_of_days_is_one_line(
    managing: Client, office: dict[str, Any], typed: str, found: list[tuple[str, str, str]]
) -> None:
    assert managing.post(page(), office | {"days_typed": typed}).status_code == 302
    assert exceptions() == found


@time_machine.travel("2026-12-01T10:00:00Z", tick=False)
def test_the_days_of_a_calendar_file_are_closed_and_exceptions_stay(
    managing: Client, office: dict[str, Any]
) -> None:
    file = SimpleUploadedFile("holidays.ics", FILE.encode())
    assert managing.post(page(), office | {"holidays_file": file}).status_code == 302
    assert exceptions() == [
        ("2026-12-08", "10:00", ""),
        ("2026-12-09", "closed", "Company, outings"),
        ("2026-12-25", "closed", "Christmas"),
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"week_typed": "Sun 9"}, "names no days with hours"),
        ({"days_typed": "tomorrow"}, "names no day."),
        ({"holidays_file": SimpleUploadedFile("a.ics", b"<html>")}, "This is not a calendar file"),
        ({"holidays_file": SimpleUploadedFile("a.ics", FILE.encode() + b" " * 2**20)}, "is larger"),
        ({"week_typed": "Sun 09-13, 12-14"}, "overlap. Change one of them."),
        ({"days_typed": "2027-01-01-2027-12-31\n2028-01-01-2028-12-31"}, "These are 731 days."),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(
    managing: Client, office: dict[str, Any], typed: dict[str, Any], words: str
) -> None:
    answer = managing.post(page(), office | typed)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert week() == ["Sun 08:00-16:00"]
    assert exceptions() == [("2026-12-08", "10:00", "")]


def test_lines_that_are_refused_for_something_else_come_back_as_rows(managing: Client) -> None:
    posted = a_schedule([], name="", week_typed="Sun-Thu 09-13, 14-18")
    answer = managing.post(ADD, posted)
    assert answer.status_code == 200
    [hours, _exceptions] = answer.context["inline_admin_formsets"]
    assert len(hours.formset.forms) == 10
    assert "Sun-Thu 09-13" not in answer.content.decode().replace("Sun-Thu 09-13, 14-18. Or", "")


def test_the_picture_shows_what_is_typed_in_lines(managing: Client) -> None:
    answer = managing.post(PREVIEW, a_schedule([], week_typed="Mon-Sun 09-13, 14-18"))
    assert "09:00-13:00, 14:00-18:00" in answer.content.decode()
    assert not Schedule.objects.exists()
    answer = managing.post(PREVIEW, a_schedule([], week_typed="Mon 9"))
    assert "names no days with hours" in answer.content.decode()


def test_a_date_is_read_as_the_report_reads_it(managing: Client) -> None:
    rows_of_days = [{"date": "05/12/2026"}, {"date": "06.12.2026"}, {"date": "2026-12-07"}]
    posted = a_schedule([{"weekday": 0, "opens_at": "09:00", "closes_at": "13:00"}], rows_of_days)
    assert managing.post(ADD, posted).status_code == 302
    assert [day for day, *_ in exceptions()] == ["2026-12-05", "2026-12-06", "2026-12-07"]


def test_who_may_only_look_is_offered_no_lines(
    staff_with: Callable[..., Client], office: dict[str, Any]
) -> None:
    seen = staff_with("callbacks.view_schedule").get(page())
    assert seen.status_code == 200
    assert "week_typed" not in seen.content.decode()
