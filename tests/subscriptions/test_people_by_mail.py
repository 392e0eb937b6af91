"""A saved view of the people report: sent by mail, with the figures of its page."""

from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from callbacks.models import ExportRecord, OutgoingMail, ReportSubscription, SavedView
from callbacks.models.exports import ExportWhat
from callbacks.models.subscriptions import NotSent
from callbacks.reports.salespeople.measures import ALL
from callbacks.reports.salespeople.selection import COLUMNS
from callbacks.subscriptions import compose, sending
from tests.exports.reading import Book
from tests.reports.salespeople import random_calls
from tests.reports.salespeople.random_calls import NOW
from tests.reports.salespeople.test_export import DAYS, PAGE
from tests.reports.test_export import Screen
from tests.subscriptions.test_equal_figures import InHtml, in_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead_of_people(reader: User) -> User:
    """The reader, who may also see the people report and save views."""
    rights = ["view_callattempt", "view_people_report", "add_savedview", "view_savedview"]
    reader.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return User.objects.get(pk=reader.pk)


def subscribed(user: User, query: str) -> ReportSubscription:
    view = SavedView.objects.create(report="people", name="People", owner=user, query=query)
    return ReportSubscription.objects.create(
        view=view, user=user, rhythm="daily", zone="UTC", next_at=NOW, hour=NOW.hour,
        decided_until=NOW - (NOW - NOW.replace(hour=0)) * 3,
    )  # fmt: skip


@pytest.mark.parametrize(("by", "show"), [("salesperson", "main"), ("day", "calls")])
def test_the_mail_shows_the_figures_of_the_page(
    client: Client, lead_of_people: User, by: str, show: str
) -> None:
    random_calls.rows(2, count=60)
    client.force_login(lead_of_people)
    query = f"{DAYS}&by={by}&show={show}&compare=yes"
    with time_machine.travel(NOW, tick=False):
        screen = dict([*Screen(client.get(f"{PAGE}?{query}").text).rows.items()][1:])
        compose.post(subscribed(lead_of_people, query), NOW, NOW, key="")
    mail = OutgoingMail.objects.get()
    names = [str(ALL[key].name) for key in COLUMNS[show].measures]
    text, html = in_text(mail.text), InHtml(mail.html).found
    assert text.keys() == screen.keys()
    for label, figures in screen.items():
        assert text[label] == dict(zip(names, figures, strict=True)), label
        assert label == "All" or html[label] == text[label], label
    workbook = Book(bytes(mail.attachments.get().data))
    assert len(workbook.sheets["People"]) == len(screen) + 1
    assert ExportRecord.objects.get().what == ExportWhat.PEOPLE


def test_it_is_saved_on_its_page(client: Client, lead_of_people: User) -> None:
    client.force_login(lead_of_people)
    to_save = client.get(f"{PAGE}?period=last_week&by=day&show=calls").context["view_to_save"]
    asked = {name: value[0] for name, value in parse_qs(urlsplit(to_save).query).items()}
    sent = {"name": "Calls", "version": "1", **asked}
    shown = client.post("/admin/callbacks/savedview/add/", sent, follow=True)
    assert shown.redirect_chain[-1][0] == f"{PAGE}?period=last_week&by=day&show=calls"
    assert [it.name for it in shown.context["saved_views"]] == ["Calls"]
    other = client.get("/admin/reports/callback-times/")
    assert other.context["saved_views"] == []


def test_who_may_not_see_people_gets_nothing_of_them(reader: User, source) -> None:
    subscribed(reader, "period=yesterday&by=salesperson&show=main")
    sending.send_due(NOW)
    assert not OutgoingMail.objects.exists()
    assert ReportSubscription.objects.get().not_sent == NotSent.NO_RIGHT


def test_who_may_not_see_people_sees_and_saves_no_view_of_them(
    client: Client, reader: User, lead_of_people: User
) -> None:
    SavedView.objects.create(
        report="people", name="Shared", owner=lead_of_people, is_shared=True,
        query="period=yesterday&by=salesperson&show=main",
    )  # fmt: skip
    omer = User.objects.create_user("omer", is_staff=True)
    rights = ["view_lead", "add_savedview", "view_savedview"]
    omer.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(omer)
    assert "Shared" not in client.get("/admin/callbacks/savedview/").content.decode()
    sent = {"name": "Mine", "version": "1", "report": "people", "query": "period=today"}
    page = client.post("/admin/callbacks/savedview/add/", sent).content.decode()
    assert "Choose what the report shows, then save it." in page
    assert SavedView.objects.count() == 1
