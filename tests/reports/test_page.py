"""The page of the report."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from callbacks.reports.forms import PeriodForm
from callbacks.reports.time_breakdown import STAGES
from callbacks.reports.views import percent
from leads.models import Lead

ADDRESS = "/admin/reports/callback-times/"
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem
TODAY = date(2026, 3, 25)


@pytest.fixture
def reader(db: None, client: Client) -> Client:
    user = User.objects.create_user("dana", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_lead"))
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_it_shows_the_figures_by_source_and_in_total(
    reader: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        for seconds in (2, 200):
            at = NOON - timedelta(minutes=10)
            make_lead(
                submitted_at=at, clock_started_at=at, due_at=at + timedelta(seconds=60),
                rang_at=at + timedelta(seconds=seconds),
                time_to_ring=timedelta(seconds=seconds),
            )  # fmt: skip
        page = text(reader.get(ADDRESS, {"period": "today"}))
    for words in (
        "25 Mar 2026",
        "Asia/Jerusalem",
        "Website",
        "All sources",
        "1 min 41 s",
        "round the clock",
    ):
        assert words in page
    assert "50 %" in page
    assert "1 of 2" in page


def test_no_data_is_said_in_words(reader: Client) -> None:
    page = text(reader.get(ADDRESS, {"period": "30"}))
    assert "there is no data" in page
    assert "Within target" in page
    assert "no data" in page.split("Time to ring, p50")[0]


def test_every_figure_is_defined_on_the_page(reader: Client) -> None:
    page = text(reader.get(ADDRESS)).split("What the figures mean")[1]
    for term in (
        "Leads",
        "Phone rang",
        "Talked",
        "Time to ring",
        "Within target",
        "Missed",
        "Accepted",
    ):
        assert term in page


def test_it_shows_where_the_time_goes(reader: Client, make_lead: Callable[..., Lead]) -> None:
    at = NOON - timedelta(minutes=10)
    with time_machine.travel(NOON, tick=False):
        make_lead(
            status="connected", submitted_at=at, connected_at=NOON, closed_at=NOON,
            waited_closed=timedelta(minutes=9), waited_extension=timedelta(seconds=60),
        )  # fmt: skip
        make_lead(submitted_at=at, waiting_since=at)
        page = reader.get(ADDRESS, {"period": "today"})
    connected, others = (
        text(page).split("Leads they talked with")[1].split("All other leads, so far")
    )
    assert "Website 1 10 min" in connected
    assert "Chosen later 0 s Off hours 9 min 90 % Retry gap 0 s" in connected
    assert "No free extension 1 min 10 % Provider 0 s" in connected
    assert "Website 1 10 min" in others
    assert "No free extension 10 min 100 %" in others
    bar = page.content.decode().split('class="stage-bar"')[1].split("</svg>")[0]
    assert 'class="stage-closed" x="0" width="900.0"' in bar
    assert 'class="stage-extension" x="900.0" width="100.0"' in bar


def test_where_the_time_goes_is_said_to_be_unknown(reader: Client) -> None:
    page = text(reader.get(ADDRESS))
    assert "With no lead of these days has anybody talked yet: there is no data." in page
    assert "There are no others: there is no data." in page


def test_every_stage_is_defined_on_the_page(reader: Client) -> None:
    page = text(reader.get(ADDRESS)).split("What the figures mean")[1]
    for stage in STAGES:
        assert f"{stage.name[0].upper()}{stage.name[1:]} {stage.meaning}" in unescape(page)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"first": "2026-02-31", "last": "2026-03-01"}, "first", "Enter a day like 2026-03-27."),
        ({"first": "x", "last": "2026-03-01"}, "first", "Enter a day like"),
        ({"first": "2026-03-01", "last": ""}, "last", "Choose a day."),
        ({"first": "2026-03-05", "last": "2026-03-01"}, "last", "on or after the first"),
        ({"first": "2026-03-01", "last": "2026-03-26"}, "last", "Choose a day up to today."),
        ({"first": "2026-03-01", "last": "9999-12-31"}, "last", "Choose a day up to today."),
        ({"first": "0001-01-01", "last": "2026-03-01"}, "first", "Choose a day after 2000"),
        ({"first": "\x00", "last": "2026-03-01"}, "first", "Enter a day like"),
    ],
)
def test_a_bad_day_is_answered_beside_its_field(
    query: dict[str, str], field: str, words: str, reader: Client
) -> None:
    with time_machine.travel(NOON, tick=False):
        answer = reader.get(ADDRESS, {"period": "days", **query})
    page = answer.content.decode()
    beside = page.split(f'id="id_{field}_error"')[1].split("</div>")[0]
    assert words in beside
    assert f'aria-describedby="id_{field}_error"' in page
    assert "All sources" not in page


def test_an_unknown_period_is_refused(reader: Client) -> None:
    assert "Choose one of the periods." in text(reader.get(ADDRESS, {"period": "century"}))


@pytest.mark.parametrize(
    ("data", "days"),
    [
        ({}, (TODAY, TODAY)),
        ({"period": "today"}, (TODAY, TODAY)),
        ({"period": "7"}, (date(2026, 3, 19), TODAY)),
        ({"period": "30"}, (date(2026, 2, 24), TODAY)),
        (
            {"period": "days", "first": "2026-01-01", "last": "31.01.2026"},
            (date(2026, 1, 1), date(2026, 1, 31)),
        ),
        # What is typed below counts only when it was asked for.
        ({"period": "7", "first": "nonsense"}, None),
    ],
)
def test_the_chosen_days(data: dict[str, str], days: tuple[date, date] | None) -> None:
    form = PeriodForm(data, TODAY)
    assert form.is_valid() == (days is not None)
    if days:
        assert (form.days().first, form.days().last) == days


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.987, "98.7 %"),
        (0.99999, "99.9 %"),
        (1e-6, "0.1 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, words: str) -> None:
    assert percent(share) == words


def test_strangers_are_asked_to_log_in(db: None, client: Client) -> None:
    assert client.get(ADDRESS).status_code == 302


def test_staff_without_the_permission_are_refused(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("omer", is_staff=True))
    assert client.get(ADDRESS).status_code == 403


def test_it_only_answers_questions(reader: Client) -> None:
    assert reader.post(ADDRESS).status_code == 405
