"""An analyst sees figures and nobody: no name, number, e-mail, message or recording."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callbacks.access.roles import Role
from callbacks.models import ReportSubscription, SavedView
from callbacks.reports.people import Person
from callbacks.subscriptions import compose
from tests.access.test_table import address, addresses, rows_of
from tests.access.test_teams import text_of, unpacked
from tests.access.world import World

# In every name, message, address and recording of leads and salespeople, and in no figure.
CANARIES = ("lead ownside", "message ownside", "ownside@example.com", "97250555011",
            "050-555 011", "ownside.mp3", "phone ownside", "the-salesperson", "seller",
            "call-ownside")  # fmt: skip


@pytest.fixture
def world(world: World) -> World:
    User.objects.filter(username="the-salesperson").update(last_name=F("username"))
    return world


@pytest.fixture
def reading(world: World) -> Client:
    return world.as_(Role.ANALYST)


def canaries_in(text: str) -> list[str]:
    return [it for it in CANARIES if it in text.casefold()]


def test_no_page_that_opens_tells_of_anybody(world: World, reading: Client) -> None:
    rows = rows_of(world, Role.ANALYST)
    seen = 0
    for route in addresses():
        if route.startswith(("/contact", "/api", "/wallboard", "/webhooks", "/desk")):
            continue  # the same for everybody: tests/access/test_table.py
        page = address(route, world, rows)
        answer = reading.get(page)
        seen += answer.status_code == 200
        assert not canaries_in(text_of(answer).replace(page, "")), page
    assert seen > 10


QUERIES = (
    "period=today", "period=today&by=team&show=talk", "period=today&by=hour&compare=yes",
    "period=today&by=salesperson", "period=today&salesperson={person}",
    "period=today&show=provider&status=connected",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_no_report_and_no_file_of_it_tells_of_anybody(
    query: str, world: World, reading: Client
) -> None:
    query = query.format(person=Person(world.own.salesperson.pk))
    page = f"{reverse('callback-times')}?{query}"
    answer = reading.get(page)
    assert answer.status_code == 200
    assert not canaries_in(text_of(answer))
    for kind in ("csv", "xlsx"):
        export = f"{reverse('callback-times-export')}?{query}"
        assert not canaries_in(unpacked(reading.post(export, {"format": kind}, follow=True)))


def test_no_figure_leads_to_leads(world: World, reading: Client) -> None:
    page = text_of(reading.get(f"{reverse('callback-times')}?period=today"))
    assert "2" in page
    assert "/admin/leads/lead/" not in page
    manager = text_of(world.as_(Role.MANAGER).get(f"{reverse('callback-times')}?period=today"))
    assert "/admin/leads/lead/?report=" in manager


def test_the_figures_are_those_of_the_manager(world: World, reading: Client) -> None:
    page = f"{reverse('callback-times')}?period=today"
    own = [line.cells[0].measure.key for line in reading.get(page).context["rows"]]
    theirs = [
        line.cells[0].measure.key for line in world.as_(Role.MANAGER).get(page).context["rows"]
    ]
    assert own == theirs


def test_a_crafted_address_of_a_new_view_names_nobody(world: World, reading: Client) -> None:
    query = f"period=today%26salesperson={Person(world.own.salesperson.pk)}"
    for report in ("callback_times", "people"):
        page = reading.get(f"/admin/callbacks/savedview/add/?report={report}&query={query}")
        assert not canaries_in(text_of(page))


def test_a_mail_tells_of_nobody(world: World) -> None:
    analyst = world.people[Role.ANALYST]
    assert analyst
    view = SavedView.objects.create(
        name="Sources", owner=analyst, query="period=today&by=source&show=main"
    )
    now = timezone.now()
    subscription = ReportSubscription.objects.create(
        view=view, user=analyst, zone=settings.TIME_ZONE, decided_until=now
    )
    mail = compose.post(subscription, now, now, "key")
    assert mail
    assert "Source ownside" in mail.text
    assert not canaries_in(mail.text + mail.html)
    assert "/admin/leads/lead/" not in mail.html
    for file in mail.attachments.all():
        assert not canaries_in(bytes(file.data).decode("latin-1"))
