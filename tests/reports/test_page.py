"""The page of the report: what it shows, and that each number leads to its leads."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.models import Extension, Team
from callbacks.reports import drilldown
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.selection import COLUMNS
from callbacks.reports.time_breakdown import STAGES
from leads.models import Lead, LeadSource
from tests.reports import random_leads

ADDRESS = "/admin/reports/callback-times/"
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


@pytest.fixture
def reader(db: None, client: Client) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_lead"))
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200
    page = re.sub(r"<script.*?</script>", " ", answer.content.decode(), flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


class Numbers(HTMLParser):
    """The links to the list of leads, each as its address and a text in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._address: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        self._address = address if tag == "a" and "report=" in address else None

    def handle_data(self, data: str) -> None:
        if self._address:
            self.found.append((self._address, data))

    def handle_endtag(self, tag: str) -> None:
        self._address = None


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_number_leads_to_the_leads_that_it_counts(reader: Client, by: str) -> None:
    """Checks every link: for one grouping in the list itself, for the others by its filter."""
    random_leads.rows(3, count=30)
    counts = 0
    with time_machine.travel(random_leads.NOW, tick=False):
        query = {"period": "days", "first": "2026-11-10", "last": "2026-11-30", "by": by}
        page = reader.get(ADDRESS, {**query, "compare": "yes"}).content.decode()
        links = dict.fromkeys(Numbers(page).found)
        spread = charts(page)["chart-spread"]["series"]
        bars = [it for one in spread for it in zip(one["links"], one["values"], strict=True)]
        for address, said in [*links, *((address, str(value)) for address, value in bars)]:
            listed = in_list(reader, address) if by == "team" else behind(address)
            if re.fullmatch(r"[0-9,]+", said):
                assert listed == int(said.replace(",", "")), address
                counts += 1
    assert len(links) > 60
    assert counts > 40


def in_list(reader: Client, address: str) -> int:
    count: int = reader.get(address).context["cl"].result_count
    return count


def behind(address: str) -> int:
    """As many leads as the list would have."""
    query = QueryDict(address.partition("?")[2])
    now = random_leads.NOW
    return Lead.objects.filter(drilldown.read(query["report"], now).condition(now)).count()


def test_it_asks_as_much_for_one_salesperson_as_for_many(
    reader: Client, make_lead: Callable[..., Lead], team: Team
) -> None:
    asked = []
    for number in range(8):
        phone = Extension.objects.create(
            number=str(200 + number), team=team, user=User.objects.create_user(f"u{number}")
        )
        make_lead(by_extension=phone.pk, by_user=phone.user_id, by_team=team.pk)
        with CaptureQueriesContext(connection) as captured:
            page = reader.get(ADDRESS, {"by": "salesperson", "compare": "yes"}).content.decode()
        assert f">u{number}<" in page
        asked.append(len(captured))
    assert asked[-1] == asked[1] < 60


def charts(page: str) -> dict[str, Any]:
    """The data of the charts, by id."""
    found = re.findall(r'<script id="(chart-\w+)" type="application/json">(.*?)</script>', page)
    return {name: json.loads(data) for name, data in found}


def two_leads(make_lead: Callable[..., Lead]) -> None:
    for seconds in (2, 200):
        at = NOON - timedelta(minutes=10)
        make_lead(
            submitted_at=at, clock_started_at=at, due_at=at + timedelta(seconds=60),
            rang_at=at + timedelta(seconds=seconds), time_to_ring=timedelta(seconds=seconds),
        )  # fmt: skip


def test_it_shows_the_figures_by_source_and_in_total(
    reader: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        page = text(reader.get(ADDRESS, {"period": "today"}))
    for words in ("25 Mar 2026", "Asia/Jerusalem", "Website", "1 min 41 s", "50 %", "1 of 2",
                  "only 2 leads"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_and_all_columns_can_be_shown(
    reader: Client, make_lead: Callable[..., Lead], by: str, columns: str
) -> None:
    LeadSource.objects.update(sla_clock="open")
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        page = text(reader.get(ADDRESS, {"period": "7", "by": by, "show": columns}))
    assert f"By {str(GROUPINGS[by].name).lower()}" in page
    assert ("Time to ring, wall clock, p90 ?" in page) is (columns == "ring")


def test_no_data_is_said_in_words_and_no_percentile_is_zero(reader: Client) -> None:
    page = text(reader.get(ADDRESS, {"period": "30", "by": "source", "compare": "yes"}))
    assert "No data: no leads were submitted on these days" in page
    assert "- Within target" in page
    assert "- Time to ring, p90" in page


def test_the_list_says_which_number_it_is_of(
    reader: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        page = reader.get(ADDRESS, {"period": "today"}).content.decode()
        address = next(address for address, said in Numbers(page).found if said == "50 %")
        listed = text(reader.get(unescape(address)))
    assert "From the report: Within target, 25 Mar 2026." in listed


def test_what_came_before_stands_beside_it(reader: Client, make_lead: Callable[..., Lead]) -> None:
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        Lead.objects.filter(time_to_ring=timedelta(seconds=2)).update(
            submitted_at=NOON - timedelta(days=1)
        )
        answer = reader.get(ADDRESS, {"period": "today", "compare": "yes"})
    assert "compared with 24 Mar 2026" in text(answer)
    assert "▲ was 2 s" in text(answer)
    trend = charts(answer.content.decode())["chart-trend"]
    assert [one["name"] for one in trend["series"]] == ["p90", "p50", "p90 before", "Target"]
    assert len(trend["labels"]) == 24
    assert [it for it in trend["series"][0]["values"] if it is not None] == [200.0]


def test_a_target_that_sources_do_not_share_is_not_drawn(
    reader: Client, make_lead: Callable[..., Lead]
) -> None:
    LeadSource.objects.create(slug="other", name="Other", sla_target=99)
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        page = reader.get(ADDRESS).content.decode()
    assert [one["name"] for one in charts(page)["chart-trend"]["series"]] == ["p90", "p50"]


def test_every_figure_is_defined_one_click_away(reader: Client) -> None:
    page = reader.get(ADDRESS).content.decode()
    asked = set(re.findall(r'popovertarget="([\w-]+)"', page))
    assert len(asked) > 8
    assert asked <= set(re.findall(r'<div popover id="([\w-]+)"', page))


def test_names_cannot_break_out_of_the_page(reader: Client, make_lead: Callable[..., Lead]) -> None:
    LeadSource.objects.update(name="</script><img src=x>")
    with time_machine.travel(NOON, tick=False):
        two_leads(make_lead)
        page = reader.get(ADDRESS, {"by": "source"}).content.decode()
    assert "<img src=x>" not in page


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
        text(page).split("Leads somebody talked with Source")[1].split("All other leads, so far")
    )
    assert "Website 1 10 min" in connected
    assert "Chosen later 0 s Off hours 9 min 90 % Retry gap 0 s" in connected
    assert "No free extension 1 min 10 % Provider 0 s" in connected
    assert "Website 1 10 min" in others
    assert "No free extension 10 min 100 %" in others
    bar = page.content.decode().split('class="stage-bar"')[1].split("</svg>")[0]
    assert 'class="stage-closed" x="0" width="900.0"' in bar
    assert 'class="stage-extension" x="900.0" width="100.0"' in bar
    (shown,) = (
        one for one in charts(page.content.decode())["chart-stages"]["series"]
        if one["name"] == "off hours"
    )  # fmt: skip
    assert [value for value in shown["values"] if value] == [540.0]


def test_where_the_time_goes_is_said_to_be_unknown(reader: Client) -> None:
    page = text(reader.get(ADDRESS))
    assert ("No data: nobody has talked with a lead from these days yet.") in page
    assert "No data: there are no other leads." in page


def test_every_stage_is_defined_on_the_page(reader: Client) -> None:
    page = text(reader.get(ADDRESS)).split("What the figures mean")[1]
    for stage in STAGES:
        assert f"{stage.name[0].upper()}{stage.name[1:]} {stage.meaning}" in unescape(page)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"period": "century"}, "Choose one of the periods."),
        ({"period": "days", "first": "2026-03-05", "last": "2026-03-01"}, "on or after the first"),
        ({"period": "days", "first": "9999-12-31", "last": "9999-12-31"}, "not after today"),
        ({"period": "days", "first": "2000-01-01", "last": "2026-03-01", "by": "day"}, "400 rows"),
        ({"source": "99"}, "One of these sources does not exist."),
        ({"salesperson": "user-2000000000"}, "There is no such salesperson."),
        ({"by": "colour"}, "The report has no such group."),
        ({"show": "colour"}, "The report has no such columns."),
    ],
)
def test_what_cannot_be_shown_is_said_and_no_other_figure_is_shown_for_it(
    reader: Client, query: dict[str, str], words: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        page = text(reader.get(ADDRESS, query))
    assert words in page
    assert "Where the time goes mean of each lead" not in page


@pytest.mark.parametrize(
    "report", ["x=1&period=century", "measure=gone", "by=day&group=x", "by=x", "%00", "source=99"]
)
def test_a_list_that_nothing_can_be_told_of_is_empty_and_says_so(
    reader: Client, make_lead: Callable[..., Lead], report: str
) -> None:
    make_lead()
    answer = reader.get("/admin/leads/lead/", {"report": report}, follow=True)
    assert answer.status_code == 200
    said = [str(it) for it in answer.context["messages"]]
    assert (answer.context["cl"].result_count, len(said)) in ((0, 1), (1, 0))
    assert ".." not in text(answer)


def test_strangers_are_asked_to_log_in(db: None, client: Client) -> None:
    assert client.get(ADDRESS).status_code == 302


def test_staff_without_the_permission_are_refused(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("omer", is_staff=True))
    assert client.get(ADDRESS).status_code == 403


def test_it_only_answers_questions(reader: Client) -> None:
    assert reader.post(ADDRESS).status_code == 405
