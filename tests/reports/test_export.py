"""The screen, the CSV and the XLSX show equal figures, and they are those of the raw rows."""

from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.http import QueryDict
from django.test import Client
from django.utils.formats import number_format

from callbacks.common.formatting import in_words, percent
from callbacks.models import ExportRecord
from callbacks.reports import selection
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES, Unit
from tests.exports.reading import Book, body, csv_rows
from tests.reports import plainly, random_leads
from tests.reports.plainly import Known

PAGE = "/admin/reports/callback-times/"
EXPORT = "/admin/reports/callback-times/export/"
DAYS = {"period": "days", "first": "2026-10-20", "last": "2026-11-30"}


@pytest.fixture
def exporter(db: None, client: Client) -> Client:
    user = User.objects.create_user("dana-m", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_lead", "export_leads"]))
    client.force_login(user)
    return client


class Screen(HTMLParser):
    """The page's table: for each label the figures as they are shown, without their notes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self._in_table = False
        self._in: list[str] = []
        self._row: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._in_table = "by-group" in (dict(attrs).get("class") or "")
        if tag in ("th", "td", "small"):
            self._in.append(tag)
            if tag != "small":
                self._row.append("")
        if tag == "tr":
            self._row = []

    def handle_endtag(self, tag: str) -> None:
        if self._in and tag == self._in[-1]:
            self._in.pop()
        if tag == "tr" and self._in_table and len(self._row) > 1:
            label, *figures = [it.strip() for it in self._row]
            self.rows[label] = figures
        if tag == "table":
            self._in_table = False

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] != "small":
            self._row[-1] += data


def shown(key: str, value: float | None) -> str:
    """A figure as the page writes it."""
    return written(MEASURES[key].unit, value)


def written(unit: Unit, value: float | None) -> str:
    """A value of this unit as the page writes it."""
    if value is None:
        return "-"
    match unit:
        case Unit.LEADS:
            return number_format(int(value), force_grouping=True)
        case Unit.SHARE:
            return percent(value)
        case Unit.SECONDS:
            return in_words(value)
        case _:
            return number_format(value, decimal_pos=1)


def figures_of(row: list[Any], keys: list[str], number: Any) -> list[float | None]:
    """The values of a row of a file, without the counts beside them."""
    found, at = [], 1
    for key in keys:
        cell = row[at] if at < len(row) else None
        found.append(None if cell in (None, "") else number(key, cell))
        at += {Unit.LEADS: 1, Unit.SHARE: 3}.get(MEASURES[key].unit, 2)
    return found


def from_xlsx(key: str, cell: Any) -> float:
    return float(cell) * (86_400 if MEASURES[key].unit is Unit.SECONDS else 1)


def there(known: list[Known]) -> list[Known]:
    days = [it.lead.submitted_at.astimezone(random_leads.ZONE).date().isoformat() for it in known]
    return [it for it, day in zip(known, days, strict=True) if "2026-10-20" <= day <= "2026-11-30"]


@pytest.mark.parametrize(
    ("by", "show"),
    [
        ("day", "main"), ("month", "ring"), ("hour", "talk"), ("source", "main"),
        ("source", "soon"), ("team", "provider"), ("salesperson", "main"),
    ],
)  # fmt: skip
def test_screen_csv_and_xlsx_show_the_figures_of_the_raw_rows(
    exporter: Client, by: str, show: str
) -> None:
    known = there(random_leads.rows(5, count=60))
    query = QueryDict(mutable=True)
    query.update({**DAYS, "by": by, "show": show})
    with time_machine.travel(random_leads.NOW, tick=False):
        keys = [it.key for it in selection.read(query, random_leads.NOW).measures()]
        page = exporter.get(f"{PAGE}?{query.urlencode()}").text
        address = f"{EXPORT}?{query.urlencode()}"
        in_csv = csv_rows(body(exporter.post(address, {"format": "csv"})))
        book = Book(body(exporter.post(address, {"format": "xlsx"})))
    in_xlsx = book.sheets["Callback times"]
    screen = [*Screen(page).rows.items()][1:]  # without the header
    groups = plainly.grouped(known, by, random_leads.ZONE, 0)
    assert len(screen) == len(in_csv) - 1 == len(in_xlsx) - 1
    assert len(in_csv[0]) == len(in_xlsx[0])
    labels = {label: key for key, label in GROUPINGS[by].labels(list(groups)).items()}
    met = 0
    for (label, on_screen), csv_row, xlsx_row in zip(screen, in_csv[1:], in_xlsx[1:], strict=True):
        if not GROUPINGS[by].days:
            assert csv_row[0].removeprefix("'") == xlsx_row[0] == label
        leads = known if label == "All" else groups.get(labels.get(label), [])
        met += bool(leads) and label != "All"
        plain = plainly.figures(leads, random_leads.NOW)
        wanted = [plain[key][0] for key in keys]
        close = [None if it is None else pytest.approx(it, abs=1e-3) for it in wanted]
        assert figures_of(csv_row, keys, lambda _key, cell: float(cell)) == close, label
        assert figures_of(xlsx_row, keys, from_xlsx) == close, label
        assert on_screen == [shown(key, it) for key, it in zip(keys, wanted, strict=True)], label
    assert met == len(groups)


def test_the_period_before_stands_beside_each_figure(exporter: Client) -> None:
    random_leads.rows(5, count=60)
    query = "period=days&first=2026-11-15&last=2026-11-30&by=day&compare=yes"
    before = "period=days&first=2026-10-30&last=2026-11-14&by=day"
    with time_machine.travel(random_leads.NOW, tick=False):
        both = csv_rows(body(exporter.post(f"{EXPORT}?{query}", {"format": "csv"})))
        alone = csv_rows(body(exporter.post(f"{EXPORT}?{before}", {"format": "csv"})))
    head = both[0]
    assert [row[head.index("Leads before")] for row in both[1:]] == [row[1] for row in alone[1:]]


def test_the_workbook_has_the_chart_and_says_what_was_asked(exporter: Client) -> None:
    random_leads.rows(5, count=60)
    with time_machine.travel(random_leads.NOW, tick=False):
        query = "period=days&first=2026-11-01&last=2026-11-30&by=source"
        answer = exporter.post(f"{EXPORT}?{query}", {"format": "xlsx"})
        data = body(answer)
    book = Book(data)
    assert list(book.sheets) == ["Callback times", "Trend", "About"]
    assert len(book.charts) == 1
    assert len(book.sheets["Trend"]) == 31
    assert all(book.is_frozen(name) for name in book.sheets)
    about = dict(row[:2] for row in book.sheets["About"])
    assert about["Time zone"] == "Asia/Jerusalem"
    assert about["Figures as of"] == "2026-12-01 12:00:00"
    assert 'filename="callback-times_2026-11-01_2026-11-30.xlsx"' in answer["Content-Disposition"]
    assert int(answer["Content-Length"]) == len(data)


def test_what_cannot_be_understood_is_said_on_the_page(exporter: Client) -> None:
    query = "period=days&first=2026-11-30&last=2026-11-01"
    answer = exporter.post(f"{EXPORT}?{query}", {"format": "csv"}, follow=True)
    assert "Nothing was exported" in answer.text
    assert "Choose a day" in answer.text
    assert not ExportRecord.objects.exists()


def test_it_is_exported_by_post_alone(exporter: Client) -> None:
    answer = exporter.get(f"{EXPORT}?period=today")
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?period=today")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="dana-m"))
    assert strict.post(EXPORT, {"format": "csv"}).status_code == 403
    assert not ExportRecord.objects.exists()
