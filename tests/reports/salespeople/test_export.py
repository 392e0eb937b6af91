"""Screen, CSV and XLSX of the people report show equal figures, and the export is recorded."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from callbacks.models import ExportRecord
from callbacks.reports.date_ranges import Days
from callbacks.reports.measures import Unit
from callbacks.reports.salespeople.measures import ALL
from callbacks.reports.salespeople.selection import COLUMNS
from tests.exports.reading import Book, body, csv_rows
from tests.reports.salespeople import random_calls
from tests.reports.salespeople.plainly import Plain, whose
from tests.reports.salespeople.random_calls import NOW, ZONE
from tests.reports.salespeople.test_page import RIGHTS, allowed
from tests.reports.test_export import Screen, written

PAGE = "/admin/reports/people/"
EXPORT = "/admin/reports/people/export/"
DAYS = "period=days&first=2026-11-10&last=2026-11-30"
pytestmark = pytest.mark.django_db


@pytest.fixture
def exporter(client: Client) -> Client:
    return allowed(client, *RIGHTS, "export_leads")


def values(row: list[Any], keys: tuple[str, ...], *, days: bool = False) -> list[float | None]:
    """The values in a file's row, without the counts beside them; `days`: times are in days."""
    found, at = [], 1
    for key in keys:
        cell = row[at] if at < len(row) else None
        number = None if cell in (None, "") else float(cell)
        if number is not None and days and ALL[key].unit is Unit.SECONDS:
            number *= 86_400
        found.append(number)
        at += 1
        if ALL[key].out_of:
            at += 2
        elif ALL[key].unit is not Unit.LEADS and ALL[key].listed:
            at += 1
    return found


@pytest.mark.parametrize(
    ("by", "show"), [("salesperson", "main"), ("day", "talks"), ("week", "pauses")]
)
def test_screen_csv_and_xlsx_show_equal_figures(exporter: Client, by: str, show: str) -> None:
    drawn = random_calls.rows(2, count=60)
    keys = COLUMNS[show].measures
    query = f"{DAYS}&by={by}&show={show}"
    with time_machine.travel(NOW, tick=False):
        screen = [*Screen(exporter.get(f"{PAGE}?{query}").text).rows.items()][1:]
        in_csv = csv_rows(body(exporter.post(f"{EXPORT}?{query}", {"format": "csv"})))
        book = Book(body(exporter.post(f"{EXPORT}?{query}", {"format": "xlsx"})))
    in_xlsx = book.sheets["People"]
    assert list(book.sheets) == ["People", "Pauses by reason", "About"]
    assert len(screen) == len(in_csv) - 1 == len(in_xlsx) - 1
    for (label, on_screen), csv_row, xlsx_row in zip(screen, in_csv[1:], in_xlsx[1:], strict=True):
        close = [
            None if it is None else pytest.approx(it, abs=1e-3) for it in values(csv_row, keys)
        ]
        assert values(xlsx_row, keys, days=True) == close, label
        shown = [written(ALL[key].unit, it) for key, it in
                 zip(keys, values(csv_row, keys), strict=True)]  # fmt: skip
        assert on_screen == shown, label
    if by == "salesperson":
        everybody = {*map(whose, drawn.calls), *map(whose, drawn.pauses)}
        bounds = Days(date(2026, 11, 10), date(2026, 11, 30)).bounds(ZONE)
        plain = Plain(drawn, ZONE, NOW).figures(sorted(everybody), bounds)
        close = [None if it is None else pytest.approx(it, abs=2e-3) for it in
                 (plain[key][0] for key in keys)]  # fmt: skip
        assert values(in_csv[-1], keys) == close


def test_who_exported_what_is_recorded(exporter: Client) -> None:
    random_calls.rows(2, count=5)
    with time_machine.travel(NOW, tick=False):
        answer = exporter.post(f"{EXPORT}?{DAYS}&by=day", {"format": "csv"})
        body(answer)
    assert 'filename="people_2026-11-10_2026-11-30.csv"' in answer["Content-Disposition"]
    record = ExportRecord.objects.get()
    assert (record.what, record.username, record.rows) == ("people", "reader", 22)
    assert (record.state, record.asked) == ("complete", f"{DAYS}&by=day")


def test_one_right_alone_is_not_enough(client: Client) -> None:
    allowed(client, "view_lead", "view_callattempt", "export_leads")
    assert client.post(EXPORT, {"format": "csv"}).status_code == 403
    User.objects.get().user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    assert client.post(EXPORT, {"format": "csv"}).status_code == 403
    assert not ExportRecord.objects.exists()


def test_what_cannot_be_understood_is_said_on_the_page(exporter: Client) -> None:
    query = "period=days&first=2026-11-30&last=2026-11-01"
    answer = exporter.post(f"{EXPORT}?{query}", {"format": "csv"}, follow=True)
    assert "Nothing was exported" in answer.text
    assert not ExportRecord.objects.exists()
