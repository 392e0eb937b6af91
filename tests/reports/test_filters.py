"""What a report is asked for: to an address and back, and the answer to impossible questions."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from callbacks.models import Extension, Team
from callbacks.reports import choices, filters
from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked, NotUnderstood, remarks
from callbacks.reports.groupings import GROUPINGS, Grouping
from callbacks.reports.people import Person
from callbacks.reports.periods import CHOSEN, PERIODS, days_before
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from leads.models import LeadSource

# Thursday 26 March 2026, 12:00 in Jerusalem.
NOW = datetime(2026, 3, 26, 10, 0, tzinfo=UTC)
TODAY = date(2026, 3, 26)


def read(address: str, now: datetime = NOW) -> Asked:
    return filters.read(QueryDict(address), now)


def march(first: int, last: int) -> Days:
    return Days(date(2026, 3, first), date(2026, 3, last))


@pytest.mark.parametrize(
    ("period", "first_weekday", "days", "before"),
    [
        ("today", 0, march(26, 26), march(25, 25)),
        ("yesterday", 0, march(25, 25), march(24, 24)),
        ("this_week", 0, march(22, 26), march(15, 19)),
        ("this_week", 1, march(23, 26), march(16, 19)),
        ("this_week", 6, march(21, 26), march(14, 19)),
        ("this_week", 4, march(26, 26), march(19, 19)),
        ("last_week", 0, march(15, 21), march(8, 14)),
        ("last_week", 1, march(16, 22), march(9, 15)),
        ("7", 0, march(20, 26), march(13, 19)),
        ("30", 0, Days(date(2026, 2, 25), TODAY), Days(date(2026, 1, 26), date(2026, 2, 24))),
        ("this_month", 0, march(1, 26), Days(date(2026, 2, 1), date(2026, 2, 26))),
        (
            "last_month", 0, Days(date(2026, 2, 1), date(2026, 2, 28)),
            Days(date(2026, 1, 1), date(2026, 1, 31)),
        ),
        (
            "this_quarter", 0, Days(date(2026, 1, 1), TODAY),
            Days(date(2025, 10, 1), date(2025, 12, 26)),
        ),
        (
            "last_quarter", 0, Days(date(2025, 10, 1), date(2025, 12, 31)),
            Days(date(2025, 7, 1), date(2025, 9, 30)),
        ),
    ],
)  # fmt: skip
def test_the_days_of_a_name_and_those_before(
    period: str, first_weekday: int, days: Days, before: Days
) -> None:
    assert PERIODS[period].days(TODAY, first_weekday) == days
    assert days_before(period, days) == before


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        pytest.param("2026-03-10", "2026-03-12", march(7, 9), id="as many days"),
        pytest.param(
            "2026-02-01", "2026-02-28", Days(date(2026, 1, 1), date(2026, 1, 31)), id="a month"
        ),
        pytest.param(
            "2025-01-01", "2025-12-31", Days(date(2024, 1, 1), date(2024, 12, 31)), id="a year"
        ),
        pytest.param(
            "2000-01-01", "2000-01-02", Days(date(1999, 12, 30), date(1999, 12, 31)), id="the first"
        ),
    ],
)
def test_what_chosen_days_are_compared_with(first: str, last: str, before: Days) -> None:
    days = Days(date.fromisoformat(first), date.fromisoformat(last))
    assert days_before(CHOSEN, days) == before


@pytest.mark.parametrize(
    ("today", "before"),
    [(date(2026, 3, 31), date(2026, 2, 28)), (date(2026, 5, 31), date(2026, 4, 30))],
)
def test_a_month_so_far_is_compared_with_no_day_of_its_own(today: date, before: date) -> None:
    assert days_before("this_month", PERIODS["this_month"].days(today, 0)).last == before


@given(st.dates(date(2000, 1, 1), date(2999, 12, 31)), st.integers(0, 6))
def test_a_named_period_ends_by_today_and_what_came_before_it_before_it(
    today: date, first_weekday: int
) -> None:
    for key, period in PERIODS.items():
        days = period.days(today, first_weekday)
        before = days_before(key, days)
        assert days.first <= days.last <= today
        assert before.first <= before.last < days.first


@pytest.mark.parametrize(
    ("language", "first"), [("en", date(2026, 3, 15)), ("de", date(2026, 3, 16))]
)
def test_a_week_begins_as_the_locale_has_it(db: None, language: str, first: date) -> None:
    with translation.override(language):
        assert read("period=last_week").days.first == first


def test_what_is_asked_is_the_same_after_a_trip_through_an_address(db: None) -> None:
    sources = [LeadSource.objects.create(slug=f"s{number}", name="S") for number in range(2)]
    team = Team.objects.create(name="Sales")
    user = User.objects.create_user("dana")
    phone = Extension.objects.create(number="101", team=team)
    for salesperson in (Person(user.pk), Person(-phone.pk), Person(0), None):
        for period, days in [
            (CHOSEN, march(1, 5)),
            *((key, it.days(TODAY, 0)) for key, it in PERIODS.items()),
        ]:
            asked = Asked(
                days, period, "Europe/London", tuple(it.pk for it in sources), team.pk,
                salesperson, "he", "failed", "Spring & מבצע", "", None,
            )  # fmt: skip
            assert read(asked.query().urlencode()) == asked
            assert read(asked.fixed().query().urlencode()) == asked.fixed()
    nothing_said = Asked(march(26, 26), "today")
    assert read("") == read(nothing_said.query().urlencode()) == nothing_said


@pytest.mark.parametrize(
    ("address", "field", "words"),
    [
        ("first=2026-02-31&last=2026-03-01", "first", "Enter a day like 2026-03-27"),
        ("first=x&last=2026-03-01", "first", "Enter a day like"),
        ("first=%00&last=2026-03-01", "first", "Enter a day like"),
        ("first=0001-01-01&last=2026-03-01", "first", "not before 2000-01-01"),
        ("first=2026-03-01", "last", "Choose a day."),
        ("period=days&last=2026-03-01", "first", "Choose a day."),
        ("first=2026-03-05&last=2026-03-01", "last", "on or after the first"),
        ("first=2026-03-01&last=2026-03-27", "last", "Choose a day up to today."),
        ("first=2026-03-01&last=2999-12-31", "last", "Choose a day up to today."),
        ("first=2026-03-01&last=9999-12-31", "last", "not after today"),
        ("period=century", "period", "Choose one of the periods."),
        ("source=99", "source", "does not exist"),
        ("source=website", "source", "does not exist"),
        ("source=%00", "source", "does not exist"),
        ("source=" + "9" * 40, "source", "does not exist"),
        ("source=-1", "source", "does not exist"),
        ("source=%D9%A3", "source", "does not exist"),
        ("team=99", "team", "There is no such team."),
        ("team=x", "team", "There is no such team."),
        ("salesperson=user-99", "salesperson", "There is no such salesperson."),
        ("salesperson=phone-0", "salesperson", "There is no such salesperson."),
        ("salesperson=dana", "salesperson", "There is no such salesperson."),
        ("language=%3Cscript%3E", "language", "Choose a language"),
        ("status=gone", "status", "Choose a status"),
        ("zone=Mars/Olympus", "zone", "no time zone"),
        ("zone=..%2F..%2Fetc", "zone", "no time zone"),
        ("zone=%27", "zone", "no time zone"),
    ],
)
def test_what_does_not_exist_is_said_beside_its_field(
    db: None, address: str, field: str, words: str
) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(address)
    assert list(refused.value.problems) == [field]
    assert words in refused.value.problems[field]


def test_everything_that_is_wrong_is_said_at_once(db: None) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read("period=century&source=99&team=99&salesperson=x&status=gone&zone=x")
    assert set(refused.value.problems) == {
        "period", "source", "team", "salesperson", "status", "zone"
    }  # fmt: skip


def test_days_are_those_of_the_zone_that_is_asked_for(db: None) -> None:
    late = datetime(2026, 3, 26, 22, 30, tzinfo=UTC)  # 00:30 on Friday in Jerusalem
    assert read("", late).days == march(27, 27)
    assert read("zone=UTC", late).days == march(26, 26)


def test_who_left_is_still_reported_on_and_said_to_have_left(db: None) -> None:
    team = Team.objects.create(name="Sales")
    user = User.objects.create_user("dana", first_name="Dana", is_active=False)
    phone = Extension.objects.create(number="101", name="Shop floor", team=team, is_active=False)
    source = LeadSource.objects.create(slug="old", name="Old form", is_active=False)
    for address, words in {
        f"salesperson=user-{user.pk}": "Dana is no longer listed",
        f"salesperson=phone-{phone.pk}": "Shop floor (101) is no longer listed",
        f"source={source.pk}": "Old form: switched off now.",
    }.items():
        (said,) = remarks(read(address))
        assert words in said
    assert remarks(read("salesperson=nobody&team=0")) == []


@pytest.mark.parametrize("groupings", [GROUPINGS, CALL_GROUPINGS], ids=["leads", "calls"])
def test_what_is_chosen_stays_chosen_in_the_form(db: None, groupings: dict[str, Grouping]) -> None:
    """This includes a person without a phone and a language that nobody speaks. Otherwise the form
    and the workbook would say that all were meant.
    """
    user = User.objects.create_user("dana", first_name="Dana", is_active=False)
    chosen = {"salesperson": (f"user-{user.pk}", "Dana"), "language": ("ja", "Japanese")}
    query = QueryDict("&".join(f"{name}={value}" for name, (value, _words) in chosen.items()))
    told = {
        field.name: [(it.value, it.name) for it in field.options if it.is_chosen]
        for field in choices.fields(query, {}, groupings)
    }
    assert {name: told[name] for name in chosen} == {name: [it] for name, it in chosen.items()}


def test_a_call_is_always_somebodys(db: None) -> None:
    def offered(groupings: dict[str, Grouping]) -> set[str]:
        found = choices.fields(QueryDict(), {}, groupings)
        return {str(it.name) for field in found for it in field.options}

    assert "Not called" in offered(GROUPINGS)
    assert "Not called" not in offered(CALL_GROUPINGS)
