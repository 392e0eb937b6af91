"""A mail's HTML, plain text and workbook show the figures of the page, and of the raw rows."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client

from callbacks.models import OutgoingMail, ReportSubscription
from callbacks.reports import selection
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES
from callbacks.subscriptions import compose
from callbacks.subscriptions.mailed import MOST_ROWS
from tests.exports.reading import Book, body, csv_rows
from tests.reports import plainly, random_leads
from tests.reports.test_export import (
    DAYS,
    EXPORT,
    PAGE,
    Screen,
    figures_of,
    from_xlsx,
    shown,
    there,
)

pytestmark = pytest.mark.django_db

ISOLATED = re.compile(r"^\u2068(.*)\u2069$")


def in_text(text: str) -> dict[str, dict[str, str]]:
    """For each label its figures by name, without notes."""
    found: dict[str, dict[str, str]] = {}
    label = ""
    for line in text.splitlines():
        if isolated := ISOLATED.match(line):
            label = isolated[1]
        elif line == "All":
            label = line
        elif line.startswith("  "):
            name, _, value = line.strip().partition(": ")
            found.setdefault(label, {})[name] = value.partition(" (")[0]
    return found


class InHtml(HTMLParser):
    """The tables with a header: for each label, its figures by name. Also collects all links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self._heads: list[str] = []
        self._label = ""
        self._cells: list[str] = []
        self._at = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a":
            self.links.append(said["href"] or "")
        if tag == "table" and "role" not in said:
            self._heads = []
        if tag == "th":
            self._at = said["scope"] or ""
            if self._at == "col":
                self._heads.append("")
            else:
                self._label, self._cells = "", []
        if tag == "td" and self._label:
            self._at = "cell"
            self._cells.append("")
        if tag == "div":
            self._at = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self._at = ""
        if tag == "tr" and self._cells:
            figures = zip(self._heads[1:], self._cells, strict=True)
            self.found.setdefault(self._label, {}).update(figures)
            self._label, self._cells = "", []

    def handle_data(self, data: str) -> None:
        if self._at == "col":
            self._heads[-1] += data.strip()
        elif self._at == "row":
            self._label += data.strip()
        elif self._at == "cell":
            self._cells[-1] += data.strip()


def mails(subscribe, query: QueryDict) -> Iterator[OutgoingMail]:
    subscription: ReportSubscription = subscribe(query.urlencode())
    now = random_leads.NOW
    compose.post(subscription, now, now, key="")
    yield from OutgoingMail.objects.all()


@pytest.mark.parametrize(
    ("by", "show"),
    [("day", "main"), ("hour", "talk"), ("source", "soon"), ("team", "provider"),
     ("salesperson", "main")],
)  # fmt: skip
def test_screen_files_and_mail_show_the_figures_of_the_raw_rows(
    subscribe, reader, client: Client, by: str, show: str
) -> None:
    known = there(random_leads.rows(5, count=60))
    query = QueryDict(mutable=True)
    query.update({**DAYS, "by": by, "show": show})
    client.force_login(reader)
    with time_machine.travel(random_leads.NOW, tick=False):
        measures = selection.read(query, random_leads.NOW).measures()
        keys = [it.key for it in measures]
        screen = dict([*Screen(client.get(f"{PAGE}?{query.urlencode()}").text).rows.items()][1:])
        answer = client.post(f"{EXPORT}?{query.urlencode()}", {"format": "csv"})
        in_csv = csv_rows(body(answer))[1:]
        (mail,) = mails(subscribe, query)
    text, html = in_text(mail.text), InHtml(mail.html).found
    in_xlsx = Book(bytes(mail.attachments.get().data)).sheets["Callback times"][1:]
    groups = plainly.grouped(known, by, random_leads.ZONE, 0)
    labels = {label: key for key, label in GROUPINGS[by].labels(list(groups)).items()}
    every = [label for label in screen if label != "All"]
    assert list(text) == ["All", *every[:MOST_ROWS]]
    assert list(html) == every[:MOST_ROWS]
    for place, label in enumerate(screen):
        leads = known if label == "All" else groups.get(labels.get(label), [])
        plain = plainly.figures(leads, random_leads.NOW)
        wanted = [plain[key][0] for key in keys]
        named = {
            str(it.name): shown(it.key, value) for it, value in zip(measures, wanted, strict=True)
        }
        close = [None if it is None else pytest.approx(it, abs=1e-3) for it in wanted]
        assert screen[label] == [*named.values()], label
        assert figures_of(in_csv[place], keys, lambda _key, cell: float(cell)) == close, label
        assert figures_of(in_xlsx[place], keys, from_xlsx) == close, label
        if label in text:
            assert text[label] == named, label
        if label in html:
            assert html[label] == named, label


def test_every_link_leads_to_this_site_and_to_these_days(subscribe, source) -> None:
    random_leads.rows(5, count=60)
    query = QueryDict("period=last_week&by=source&show=main&compare=yes")
    (mail,) = mails(subscribe, query)
    links = InHtml(mail.html).links
    assert len(links) > 10
    assert all(it.startswith("https://callbacks.example.com/") for it in links)
    reports = [it for it in links if "/reports/" in it or "/leads/lead/" in it]
    assert reports
    assert not [it for it in reports if "last_week" in it]


def test_a_number_in_the_mail_leads_to_as_many_leads(subscribe, reader, client: Client) -> None:
    random_leads.rows(5, count=60)
    query = QueryDict(mutable=True)
    query.update({**DAYS, "by": "source", "show": "main"})
    client.force_login(reader)
    with time_machine.travel(random_leads.NOW, tick=False):
        (mail,) = mails(subscribe, query)
        total = in_text(mail.text)["All"]["Leads"]
        address = next(it for it in InHtml(mail.html).links if "/leads/lead/" in it)
        listed = client.get(address.removeprefix("https://callbacks.example.com"))
    assert f"{listed.context['cl'].result_count}" == total


def test_names_of_strangers_are_escaped_and_kept_apart_from_figures(subscribe, source) -> None:
    source.name = "נועה <b>& בנים</b>"
    source.save()
    random_leads.rows(5, count=20)
    (mail,) = mails(subscribe, QueryDict(f"period=30&source={source.pk}&by=source&show=main"))
    assert "נועה &lt;b&gt;&amp; בנים&lt;/b&gt;" in mail.html
    assert '<span dir="auto" style="unicode-bidi:isolate;">' in mail.html
    assert "\u2068Sources: נועה <b>& בנים</b>\u2069" in mail.text


def test_no_measure_has_a_name_that_the_text_could_not_show() -> None:
    assert not [it.key for it in MEASURES.values() if ": " in str(it.name)]
