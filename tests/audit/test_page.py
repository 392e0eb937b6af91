"""The audit's page: who may see it, what it says, and that nothing can be changed on it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from callbacks.admin import html
from callbacks.admin.audit import described
from callbacks.audit.acting import telling
from callbacks.models import AuditEntry, Team
from callbacks.models.audit import Act
from leads.models import LeadSource
from tests.support.logins import somebody_with

pytestmark = pytest.mark.django_db
LIST = "/admin/callbacks/auditentry/"


@pytest.fixture
def reader() -> Client:
    client = Client()
    client.force_login(somebody_with("callbacks.view_auditentry", name="auditor"))
    return client


def test_only_who_may_see_it_does() -> None:
    client = Client()
    client.force_login(somebody_with("leads.view_lead", "callbacks.view_team"))
    entry = AuditEntry.objects.create(act=Act.ADDED, kind="callbacks_team")
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{entry.pk}/change/").status_code == 403
    assert Client().get(LIST).status_code == 302


@pytest.mark.parametrize("address", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_nothing_can_be_done_on_it(address: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    entry = AuditEntry.objects.create(act=Act.ADDED, kind="callbacks_team", thing_name="as it was")
    answer = client.post(
        LIST + address.format(pk=entry.pk), {"thing_name": "changed", "post": "yes"}
    )
    assert answer.status_code == 403
    entry.refresh_from_db()
    assert entry.thing_name == "as it was"


def test_an_entry_shows_what_stood_there_before(reader: Client, team: Team) -> None:
    anna = User.objects.create_user("anna")
    acting = {"user": anna.pk, "address": "192.0.2.7", "way": "admin"}
    with telling(acting):
        Team.objects.filter(pk=team.pk).update(wrap_up=33, is_active=False)
    entry = AuditEntry.objects.get(kind="callbacks_team", act="changed")
    page = reader.get(LIST).content.decode()
    assert "Sales" in page
    assert "192.0.2.7 · admin" in page
    page = reader.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert [part for part in ("anna", "Wrap-up", ">33<", ">yes<", ">no<") if part not in page] == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("?user=0", {"by the program"}),
        ("?user={anna}", {"by anna"}),
        ("?act__exact=done", {"by anna", "by the program"}),
        ("?kind=callbacks_team", {"by anna"}),
        ("?q=anna", {"by anna"}),
        ("?user=nobody", {"by anna", "by the program"}),
        ("?user=99999999999999999999", {"by anna", "by the program"}),
        ("?at_from=2001-01-01&at_to=2001-12-31", set()),
    ],
)
def test_the_filters(asked: str, found: set[str], reader: Client) -> None:
    anna = User.objects.create_user("anna")
    AuditEntry.objects.create(
        act="done", kind="callbacks_team", thing_name="by anna", user_id=anna.pk, username="anna"
    )
    AuditEntry.objects.create(act="done", kind="leads_lead", thing_name="by the program")
    page = reader.get(LIST + asked.format(anna=anna.pk)).content.decode()
    assert {words for words in ("by anna", "by the program") if words in page} == found


def _in(table: str, **columns: Any) -> AuditEntry:
    return AuditEntry(kind=table, act="changed", before={}, after=columns)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (_in("callbacks_team", is_active=False), ("Is active", "no")),
        (_in("callbacks_team", strategy="round_robin"), ("Strategy", "round robin")),
        (_in("callbacks_extension", languages=["he", "ru"]), ("Languages", "he, ru")),
        (_in("auth_user", password={"hidden": True}), ("Password", "(not kept)")),
        (_in("auth_user_groups", group_id=99_999), ("Group", "number 99999")),
        (_in("gone_table", some_column=5), ("some_column", "5")),
        (
            _in("leads_blockentry", until="2026-11-29T10:26:32.403519+00:00"),
            ("Until", html.written(datetime(2026, 11, 29, 10, 26, 32, tzinfo=UTC))),
        ),
        (_in("leads_blockentry", until="some day"), ("Until", "some day")),
        (_in("callbacks_team", dropped_column="x"), ("dropped_column", "x")),
        (_in("callbacks_team", wrap_up=0), ("Wrap-up after a call (seconds)", "0")),
    ],
)
def test_a_column_in_words(entry: AuditEntry, said: tuple[str, str]) -> None:
    (found,) = described.differences(entry)
    assert (found.name, found.after) == said


def test_what_has_no_name_says_what_it_was(reader: Client) -> None:
    user, group = User.objects.create_user("anna"), Group.objects.create(name="Night shift")
    user.groups.add(group)
    page = reader.get(LIST + "?kind=auth_user_groups").content.decode()
    assert f"Group: Night shift ({group.pk}), User: anna ({user.pk})" in page


def test_what_a_column_points_to_is_named(team: Team, source: LeadSource) -> None:
    (found,) = described.differences(_in("callbacks_extension", team_id=team.pk))
    assert found.after == f"Sales ({team.pk})"


def test_what_it_says_is_escaped(reader: Client) -> None:
    Team.objects.create(name="<script>alert(1)</script>")
    page = reader.get(LIST).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
