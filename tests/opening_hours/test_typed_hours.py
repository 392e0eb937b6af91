"""Opening hours and days that are typed into one line."""

from collections.abc import Sequence
from datetime import time

import pytest

from callbacks.opening_hours.calendar import Hours
from callbacks.opening_hours.typed_hours import NotHours, read_days, read_week


def said(hours: Sequence[Hours]) -> str:
    return " ".join(f"{it.opens_at:%H:%M}-{it.closes_at:%H:%M}" for it in hours)


OFFICE = "09:00-13:00 14:00-18:00"
WEEK = {6: [Hours(time(8), time(16))]}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Sun-Thu 09-13, 14-18", dict.fromkeys((6, 0, 1, 2, 3), OFFICE)),
        ("sunday - thursday: 9:00-13:00 14:00-18:00", dict.fromkeys((6, 0, 1, 2, 3), OFFICE)),
        ("Mon 9\u201313 and 14\u201318", {0: OFFICE}),
        ("Fri 09-13\nSat closed", {4: "09:00-13:00", 5: ""}),
        ("Fri 09-13; Sat closed", {4: "09:00-13:00", 5: ""}),
        ("Mon-Wed as Sun", dict.fromkeys((0, 1, 2), "08:00-16:00")),
        ("Sun 10-12\nMon like Sunday", {6: "10:00-12:00", 0: "10:00-12:00"}),
        ("Thu 22-02", {3: "22:00-02:00"}),
        ("Thu 00-24", {3: "00:00-00:00"}),
        ("Mon-Sun 00:00-23:59", dict.fromkeys(range(7), "00:00-00:00")),
        ("Mon 09-13\nMon 10-12", {0: "10:00-12:00"}),
        ("Mon to Wed 09-13", dict.fromkeys((0, 1, 2), "09:00-13:00")),
        ("Sun, Tue, Thu: 09-13", dict.fromkeys((6, 1, 3), "09:00-13:00")),
        ("Sun-Mon and Thu 09-13", dict.fromkeys((6, 0, 3), "09:00-13:00")),
        ("Mon & Tue as Sun", dict.fromkeys((0, 1), "08:00-16:00")),
        ("every day 9.30-17.00", dict.fromkeys(range(7), "09:30-17:00")),
        ("Daily 00-24; Sat closed", {**dict.fromkeys(range(7), "00:00-00:00"), 5: ""}),
        ("Mon 9am-5pm", {0: "09:00-17:00"}),
        ("Mon 9:30 AM to 12 pm & 1pm - 5:45 pm", {0: "09:30-12:00 13:00-17:45"}),
        ("Mon 12am-12pm", {0: "00:00-12:00"}),
        ("Mon 16-08", {0: "16:00-08:00"}),
        ("", {}),
    ],
)
def test_lines_of_a_week(typed: str, found: dict[int, str]) -> None:
    assert {day: said(hours) for day, hours in read_week(typed, WEEK).items()} == found


@pytest.mark.parametrize(
    "typed",
    ["Sunday", "09-13", "Sun 9", "Sun 25-26", "Sun 9:60-10", "Xyz 09-13", "Sun 09-09",
     "Sun 09-13 lunch", "Sun as", "Sun-Thu 09-13, 14-", "Mon 13am-5pm", "Mon 0pm-5pm",
     "Mon, 09-13", "Mon-Tue, Thu"],
)  # fmt: skip
def test_what_is_no_week_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(NotHours, match="Sun-Thu 09-13, 14-18"):
        read_week(typed, WEEK)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-12-06 08-20 campaign", [("2026-12-06", "08:00-20:00", "campaign")]),
        ("06.12.2026 08-12, 14-20", [("2026-12-06", "08:00-12:00 14:00-20:00", "")]),
        ("06/12/2026", [("2026-12-06", "", "")]),
        ("31.12.2026-02.01.2027 closed company holidays",
         [(day, "", "company holidays") for day in ("2026-12-31", "2027-01-01", "2027-01-02")]),
        ("2026-12-31 to 2027-01-01", [("2026-12-31", "", ""), ("2027-01-01", "", "")]),
        ("2026-12-30-2026-12-31: closed", [("2026-12-30", "", ""), ("2026-12-31", "", "")]),
        ("9999-12-31 closed", [("9999-12-31", "", "")]),
        ("2026-12-06 CLOSED: holiday", [("2026-12-06", "", "holiday")]),
        ("2026-12-06 TO 2026-12-06 8.30-12", [("2026-12-06", "08:30-12:00", "")]),
        ("2026-12-30-2026-12-31 closed\n2026-12-31 09-12",
         [("2026-12-30", "", ""), ("2026-12-31", "09:00-12:00", "")]),
    ],
)  # fmt: skip
def test_lines_of_days(typed: str, found: list[tuple[str, str, str]]) -> None:
    assert [(f"{it.day}", said(it.hours), it.note) for it in read_days(typed)] == found


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("tomorrow closed", "names no day"),
        ("30.02.2026 closed", "names no day"),
        ("2026-12-06 campaign", 'neither hours nor "closed"'),
        ("2026-12-06 9-5", "is open all night, until 05:00"),
        ("2027-01-01-2027-12-31 closed\n2028-01-01-2028-12-31 closed", "These are 731 days."),
        ("2026-12-06-2026-12-01 closed", "ends before it begins"),
        ("2026-01-01-2028-01-01 closed", "lasts more than a year"),
    ],
)
def test_what_is_no_day_is_refused(typed: str, words: str) -> None:
    with pytest.raises(NotHours, match=words):
        read_days(typed)


@pytest.mark.parametrize(
    "typed",
    ["Mon-Fri 9-5", "Mon 09:00 - 05:30", "Fri 8-4, 17-18", "Mon 9 am-5", "Sun 10am - 4, 17-18"],
)
def test_an_afternoon_that_would_be_a_night_is_refused(typed: str) -> None:
    with pytest.raises(NotHours, match=r"is open all night, until 0[45]:"):
        read_week(typed, WEEK)


TWO_WAYS = "can be read in two ways"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        # Only one of the two times has "am" or "pm".
        ("Mon 9-5pm", "09:00-17:00"),
        ("Mon 11-2pm", "11:00-14:00"),
        ("Mon 12-5pm", "12:00-17:00"),
        ("Mon 9-11am", "09:00-11:00"),
        ("Mon 22-2am", "22:00-02:00"),
        ("Mon 10pm-2", "22:00-02:00"),
        ("Mon 1pm-17", "13:00-17:00"),
        ("Mon 2pm-24", "14:00-00:00"),
        ("Mon 0-5pm", "00:00-17:00"),
        ("Mon 1-5pm", TWO_WAYS),
        ("Mon 8:30 - 11 PM", TWO_WAYS),
        ("Mon 9-12, 2-6pm", TWO_WAYS),
        ("Mon 10-2am", TWO_WAYS),
        ("Mon 12-2am", TWO_WAYS),
        ("Mon 1pm-5", TWO_WAYS),
        ("Mon 12pm-5", TWO_WAYS),
        ("Mon 8pm-11", TWO_WAYS),
        ("Mon 9pm-12", TWO_WAYS),
    ],
)
def test_half_of_the_day_said_of_one_time_alone(typed: str, found: str) -> None:
    if found is TWO_WAYS:
        with pytest.raises(NotHours, match=TWO_WAYS):
            read_week(typed, WEEK)
    else:
        assert said(read_week(typed, WEEK)[0]) == found
