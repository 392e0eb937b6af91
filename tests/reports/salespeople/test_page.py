"""The people report's page: who sees it, and that each number leads to what it counts."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.http import QueryDict
from django.test import Client

from callbacks.access.groups import ensure_roles
from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import Extension
from callbacks.models.pauses import HistoryStart
from callbacks.reports import drilldown
from callbacks.reports.date_ranges import Days
from callbacks.reports.drilldown import Behind
from callbacks.reports.filters import Asked
from callbacks.reports.people import Person
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.selection import COLUMNS
from callbacks.reports.salespeople.table import people
from tests.reports.salespeople import random_calls
from tests.reports.test_page import Numbers, charts, text

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/reports/people/"
DAYS = {"period": "days", "first": "2026-11-10", "last": "2026-11-30"}
RIGHTS = ("view_lead", "view_callattempt", "view_people_report")


def allowed(client: Client, *rights: str) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return client


@pytest.fixture
def reader(db: None, client: Client) -> Client:
    return allowed(client, *RIGHTS)


SEES_IT = {
    "all three": (RIGHTS, 200),
    "not the right itself": (RIGHTS[:2], 403),
    "no leads": (RIGHTS[1:], 403),
    "no attempts": (("view_lead", "view_people_report"), 403),
    "nothing": ((), 403),
}


@pytest.mark.parametrize("name", SEES_IT)
def test_who_sees_the_page_the_list_of_pauses_and_the_link(client: Client, name: str) -> None:
    rights, status = SEES_IT[name]
    allowed(client, *rights)
    assert client.get(ADDRESS).status_code == status
    assert client.get("/admin/callbacks/pause/").status_code == status
    assert (ADDRESS in client.get("/admin/").text) is (status == 200)
    export = client.post(f"{ADDRESS}export/", {"format": "csv"})
    assert export.status_code == 403  # exporting needs a separate right
    assert client.post(ADDRESS).status_code == 405


def test_managers_have_the_right_and_strangers_log_in(client: Client) -> None:
    ensure_roles()
    user = User.objects.create_user("gal", is_staff=True)
    user.groups.add(user.groups.model.objects.get(name=SALES_MANAGERS))
    assert client.get(ADDRESS).status_code == 302
    client.force_login(user)
    assert client.get(ADDRESS).status_code == 200


@pytest.mark.parametrize(("by", "show"), [*zip(CALL_GROUPINGS, COLUMNS, strict=True)])
def test_every_number_leads_to_the_rows_that_it_counts(reader: Client, by: str, show: str) -> None:
    """Checks every link: for one grouping in the list itself, for the others by its filter."""
    random_calls.rows(3, count=40)
    counts = 0
    with time_machine.travel(random_calls.NOW, tick=False):
        page = reader.get(ADDRESS, {**DAYS, "by": by, "show": show}).content.decode()
        for address, said in dict.fromkeys(Numbers(page).found):
            if re.fullmatch(r"[0-9,]+", said):
                listed = in_list(reader, address) if by == "salesperson" else behind(address)
                assert listed == int(said.replace(",", "")), address
                counts += 1
    assert counts > 10


def in_list(reader: Client, address: str) -> int:
    answer = reader.get(address)
    assert "From the report" in text(answer)
    count: int = answer.context["cl"].result_count
    return count


def behind(address: str) -> int:
    """As many rows as the list would have."""
    report = QueryDict(address.partition("?")[2])["report"]
    found = drilldown.read(report, random_calls.NOW)
    rows = found.model._default_manager.filter(found.condition(random_calls.NOW))
    return rows.count()


def test_times_lead_to_the_calls_and_pauses_that_they_are_of(db: None) -> None:
    random_calls.rows(6)
    asked = Asked(Days(date(2026, 11, 10), date(2026, 11, 30)))
    met = 0
    for by, grouping in CALL_GROUPINGS.items():
        table = people(asked, grouping, random_calls.NOW).table
        for row in [table.total, *table.rows[:: 4 if by == "day" else 1]]:
            for measure in (it for it in table.measures if it.listed):
                its = Behind(asked, measure, grouping if row.key is not None else None, row.key)
                assert drilldown.read(its.query(), random_calls.NOW) == its
                rows = its.model._default_manager.filter(its.condition(random_calls.NOW))
                assert rows.count() == row[measure.key].leads, (by, row.label, measure.key)
                met += bool(row[measure.key].leads)
    assert met > 200


def test_the_pictures_say_what_the_table_says(reader: Client) -> None:
    random_calls.rows(3, count=60)
    with time_machine.travel(random_calls.NOW, tick=False):
        page = reader.get(ADDRESS, {**DAYS, "show": "calls"}).content.decode()
    drawn = charts(page)["chart-calls"]
    assert "Dana Levi" in drawn["labels"]
    assert [one["name"] for one in drawn["series"]] == [
        "Answered", "Missed", "Refused by the device", "Not reached", "Not known",
    ]  # fmt: skip
    at = drawn["labels"].index("Dana Levi")
    row = text_of_row(page, "Dana Levi")
    for one in drawn["series"]:
        assert str(one["values"][at]) in row
    assert page.count("As a table") == 2


def text_of_row(page: str, label: str) -> list[str]:
    table = page.split('class="figures by-group"')[1]
    row = table.split(f"<bdi>{label}</bdi>")[1].split("</tr>")[0]
    return re.sub(r"<[^>]+>", " ", row).split()


def test_rows_stand_by_name_or_by_a_figure_most_first(reader: Client) -> None:
    random_calls.rows(4)
    with time_machine.travel(random_calls.NOW, tick=False):
        by_name = labels(reader.get(ADDRESS, DAYS).content.decode())
        page = reader.get(ADDRESS, {**DAYS, "show": "calls", "sort": "calls_missed"})
    assert by_name == sorted(by_name, key=str.casefold)
    counts = [int(it) for it in cells(page.content.decode(), "Missed")]
    assert counts == sorted(counts, reverse=True)
    assert 'aria-sort="descending"' in page.content.decode()


def body(page: str) -> str:
    return (
        page.split('class="figures by-group"')[1]
        .split("<tbody>")[1]
        .split("</tbody>", maxsplit=1)[0]
    )


def labels(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', body(page))


def cells(page: str, column: str) -> list[str]:
    return re.findall(rf'<td data-label="{column}"><a [^>]*>([0-9,]+)</a>', body(page))


def test_one_person_by_day(reader: Client) -> None:
    drawn = random_calls.rows(4)
    dana = next(it.user_id for it in drawn.phones if it.user_id)
    with time_machine.travel(random_calls.NOW, tick=False):
        query = {**DAYS, "by": "day", "salesperson": str(Person(dana))}
        page = reader.get(ADDRESS, query).content.decode()
    assert len(labels(page)) == 21
    assert "Sun 15 Nov 2026" in labels(page)


def test_it_says_since_when_pauses_are_kept_and_knows_of_none_before(reader: Client) -> None:
    random_calls.rows(3, count=10)
    HistoryStart.objects.create(
        what=HistoryStart.PAUSES, since=datetime(2026, 11, 20, 6, tzinfo=UTC)
    )
    with time_machine.travel(random_calls.NOW, tick=False):
        page = reader.get(ADDRESS, {**DAYS, "by": "day", "show": "pauses"}).content.decode()
    assert "Pauses have been recorded since" in page
    days = dict(zip(labels(page), re.findall(r'data-label="Pauses">(.*?)</td>', body(page)),
                    strict=True))  # fmt: skip
    assert days["Thu 19 Nov 2026"] == "-"
    assert days["Fri 20 Nov 2026"] != "-"


def test_nobody_has_been_called_for(reader: Client, extension: Extension) -> None:
    page = text(reader.get(ADDRESS, {"period": "7"}))
    assert "there were no calls and no pauses on these days" in page
    assert "- Time to pick up, p50" in page
    assert extension.name in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"by": "hour"}, "The report has no such group."),
        ({"show": "ring"}, "The report has no such columns."),
        ({"sort": "colour"}, ""),
        ({"period": "days", "first": "2026-03-05", "last": "2026-03-01"}, "on or after the first"),
        ({"salesperson": "user-2000000000"}, "There is no such salesperson."),
        ({"salesperson": "nobody"}, ""),
        ({"team": "0"}, ""),
    ],
)
def test_what_cannot_be_shown_is_said(reader: Client, query: dict[str, str], words: str) -> None:
    answer: Any = reader.get(ADDRESS, query)
    assert answer.status_code == 200
    assert words in text(answer)


@pytest.mark.parametrize("path", ["leads/lead", "callbacks/callattempt", "callbacks/pause"])
@pytest.mark.parametrize(
    "report", ["measure=pauses", "measure=offered", "measure=leads", "measure=shift", "measure=x"]
)
def test_a_list_of_other_rows_says_that_it_has_no_such_figure(
    reader: Client, path: str, report: str
) -> None:
    random_calls.rows(3, count=3)
    answer = reader.get(f"/admin/{path}/", {"report": report}, follow=True)
    assert answer.status_code == 200
