"""A team leader reaches nothing of another team: by numbers, filters, actions, search or files."""

import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callbacks.access import scope
from callbacks.access.roles import Role
from callbacks.models import Extension, SavedList, SavedView, Team
from callbacks.reports.people import Person
from leads.models import Lead
from tests.access import test_table
from tests.access.world import QUERY, World

MARK = "zzother"  # in everything that belongs to the other team


@pytest.fixture
def managing(world: World) -> Client:
    return world.as_(Role.MANAGER)


def text_of(answer: Any) -> str:
    if getattr(answer, "streaming", False):
        return b"".join(answer).decode("utf-8", "replace")
    return answer.content.decode("utf-8", "replace")


def test_no_page_of_another_teams_row_is_there(world: World, leading: Client) -> None:
    opened = 0
    for model, row in world.other.rows.items():
        its = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        for page in ("change", "history", "delete"):
            answer = leading.get(reverse(f"{its}{page}", args=[row.pk]), follow=True)
            assert answer.status_code in (200, 403, 404)
            assert MARK not in text_of(answer).casefold(), f"{model.__name__} {page}"
        mine = world.own.rows[model]
        page = reverse(f"{its}change", args=[mine.pk])
        opened += leading.get(page, follow=True).status_code == 200
    assert opened == 8  # all but the lead source's, which team leaders may not open


def its_pages() -> list[tuple[str, str]]:
    """(model, the rest of the address) of every page of one row that belongs to a team."""
    found = []
    for route in test_table.addresses():
        parts = route.strip("/").split("/")
        if parts[3:4] == ["<path:object_id>"] and parts[1] != "r":  # not Django's "view on site"
            rest = "/".join(parts[4:]).replace("<int:version>", "1")
            found.append((f"{parts[1]}.{parts[2]}", rest))
    return found


def stored(world: World) -> list[dict[str, Any]]:
    """All that is stored of the other team's rows, and of the leads that its calls belong to."""
    models = [*world.other.rows, LogEntry]
    return [row for model in models for row in model._default_manager.order_by("pk").values()]


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_is_done_to_another_teams_row(method: str, world: World, leading: Client) -> None:
    before, tried = stored(world), set()
    for label, rest in its_pages():
        if (row := world.other.rows.get(apps.get_model(label))) is None:
            continue
        address = f"/admin/{label.replace('.', '/')}/{row.pk}/{rest}".rstrip("/") + "/"
        answer = getattr(leading, method)(address, {"confirmed": "yes"}, follow=True)
        assert answer.status_code in (200, 403, 404, 405), address
        assert MARK not in text_of(answer).casefold(), address
        assert stored(world) == before, address
        tried.add(address.split("/")[3] + " " + rest)
    assert {"lead call-now", "unknownoutcome call-again", "extension pause"} < tried


def test_ticked_rows_of_another_team_are_left_out(world: World, leading: Client) -> None:
    before, tried = stored(world), set()
    for page, action in (it.split(" action=") for it in test_table.actions()):
        row = world.other.rows.get(apps.get_model(*page.strip("/").split("/")[1:]))
        if row is None:
            continue
        for sure in ({}, {"confirmed": "yes", "reason": "x"}):
            posted = {"action": action, "_selected_action": [row.pk], **sure}
            answer = leading.post(page, posted, follow=True)
            assert MARK not in text_of(answer).casefold(), f"{page} {action}"
            assert stored(world) == before, f"{page} {action}"
        tried.add(action)
    assert {"call_selected", "cancel_selected", "assign_selected", "pause_selected"} < tried


LISTS = ("leads_lead", "leads_heldlead", "callbacks_callattempt", "callbacks_callrecord",
         "callbacks_unknownoutcome", "callbacks_extension", "callbacks_team", "callbacks_pause",
         "callbacks_savedview", "callbacks_savedlist")  # fmt: skip


def asked(world: World) -> list[str]:
    """Query strings that ask for the other team's rows."""
    other = world.other
    return [
        "", f"q={MARK}", f"q={other.lead.phone}", f"q=lead {other.lead.pk}",
        f"q={other.attempt.call_id}", f"q={other.lead.public_id}",
        f"source__id__exact={other.source.pk}", f"team__id__exact={other.team.pk}",
        f"person=user-{other.salesperson.pk}", f"lead__source={other.source.pk}",
        f"report={drilldown_of(world)}",
    ]  # fmt: skip


def drilldown_of(world: World) -> str:
    return quote(f"period=today&team={world.other.team.pk}&measure=leads")


@pytest.mark.parametrize("name", LISTS)
def test_no_list_shows_anything_of_another_team(name: str, world: World, leading: Client) -> None:
    page = reverse(f"admin:{name}_changelist")
    for query in asked(world):
        found = text_of(leading.get(f"{page}?{query}", follow=True))
        # The page repeats the search in its field and in its links.
        found = re.sub(rf'q(=|%3D)[^"&]*|value="{query[2:] or "-"}"', "", found)
        assert MARK not in found.casefold(), f"{name}?{query}"


def test_the_lists_show_their_own(world: World, leading: Client) -> None:
    for name in ("leads_lead", "callbacks_callattempt", "callbacks_extension", "callbacks_pause"):
        assert "ownside" in text_of(leading.get(reverse(f"admin:{name}_changelist"))), name


@pytest.mark.parametrize("report", ["callback-times", "people-report"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_report_or_file_counts_another_team(
    report: str, kind: str, world: World, leading: Client, managing: Client
) -> None:
    other = world.other
    for query in (
        "period=today", "period=today&by=team", "period=today&by=salesperson",
        f"period=today&team={other.team.pk}", f"period=today&source={other.source.pk}",
        f"period=today&salesperson={Person(other.salesperson.pk)}",
    ):  # fmt: skip
        page = f"{reverse(report)}?{query}"
        assert MARK not in text_of(leading.get(page)).casefold(), page
        export = f"{reverse(f'{report}-export')}?{query}"
        file = leading.post(export, {"format": kind}, follow=True)
        assert MARK not in unpacked(file).casefold(), export
    # A manager's page does have the name, so the check above can fail.
    assert (
        MARK in text_of(managing.get(f"{reverse(report)}?period=today&by=salesperson")).casefold()
    )


def unpacked(answer: Any) -> str:
    body = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
    if body[:2] != b"PK":
        return bytes(body).decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(it).decode("utf-8", "replace") for it in book.namelist())


def test_a_figure_is_of_their_own_teams(world: World, leading: Client, managing: Client) -> None:
    page = f"{reverse('callback-times')}?period=today"
    own, all_of_them = leading.get(page), managing.get(page)
    assert own.context["tiles"][0].shown != all_of_them.context["tiles"][0].shown


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_leads_file_is_of_their_own_teams(kind: str, world: World, leading: Client) -> None:
    for query in ("", f"q={world.other.lead.phone}", f"source__id__exact={world.other.source.pk}"):
        answer = leading.post(f"/admin/leads/lead/export/?{query}", {"format": kind})
        assert answer.status_code == 200
        found = unpacked(answer).casefold()
        assert MARK not in found
        assert "ownside" in found or query


def test_a_number_of_another_team_has_no_page(world: World, leading: Client) -> None:
    page = reverse("number", args=[world.other.lead.phone.lstrip("+")])
    assert leading.get(page).status_code == 404
    own = text_of(leading.get(reverse("number", args=[world.own.lead.phone.lstrip("+")])))
    assert "ownside" in own
    assert MARK not in own


def test_what_is_offered_while_typing_is_their_own(world: World, leading: Client) -> None:
    for field in ("team", "user"):
        asked_for = {"app_label": "callbacks", "model_name": "extension", "field_name": field}
        answer = leading.get("/admin/autocomplete/", asked_for | {"term": ""})
        assert MARK not in text_of(answer).casefold()
    asked_for = {"app_label": "callbacks", "model_name": "extension", "field_name": "team"}
    found = json.loads(text_of(leading.get("/admin/autocomplete/", asked_for | {"term": ""})))
    assert [it["text"] for it in found["results"]] == ["Team ownside"]


def test_the_overview_counts_their_own(world: World, leading: Client) -> None:
    Lead.objects.filter(source=world.other.source).update(status="failed", closed_at=timezone.now())
    page = leading.get("/admin/")
    counts = {it.title: it.count for it in page.context["tiles"]}
    assert counts["Failed today"] == 1  # the team's own
    assert counts["Unknown outcomes"] == 1
    assert MARK not in text_of(page).casefold()


@pytest.mark.parametrize("model", [SavedView, SavedList])
def test_saved_filters_of_others_are_not_theirs(
    model: type[SavedView] | type[SavedList], world: World, leading: Client
) -> None:
    manager = world.people[Role.MANAGER]
    saved = model.objects.create(name=f"Of {MARK}", owner=manager, is_shared=True, query=QUERY)
    name = model._meta.model_name
    assert leading.get(f"/admin/callbacks/{name}/{saved.pk}/change/").status_code != 200
    for page in (f"/admin/callbacks/{name}/", reverse("callback-times"), "/admin/leads/lead/"):
        assert MARK not in text_of(leading.get(page)).casefold()


def test_a_shared_source_is_both_teams(world: World) -> None:
    """Both teams see a shared source's leads; otherwise a team sees the leads that it called."""
    world.own.team.sources.add(world.other.source)
    leader = User.objects.get(username="the-team_leader")
    assert scope.rows(leader, Lead.objects.all()).count() == Lead.objects.count()
    world.own.team.sources.clear()
    leader = User.objects.get(pk=leader.pk)
    seen = set(scope.rows(leader, Lead.objects.all()).values_list("by_team", flat=True))
    assert seen == {world.own.team.pk}


def test_who_leads_no_team_sees_nothing(world: World, leading: Client) -> None:
    Team.leaders.through.objects.all().delete()
    page = text_of(leading.get("/admin/leads/lead/"))
    assert "ownside" not in page
    assert leading.get("/admin/").context["tiles"][0].count == 0


def test_every_model_of_the_admin_has_a_rule_or_shows_nothing(world: World) -> None:
    leader = world.people[Role.TEAM_LEADER]
    for model in admin.site._registry:
        found = scope.rows(leader, model._default_manager.all())
        of_others = {row.pk for of, row in world.other.rows.items() if of is model}
        assert not of_others & set(found.values_list("pk", flat=True)), model


# --- the desk -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", ["{phone}/pause", "{phone}/available", "calls/{call}", "calls/{call}/no-call"]
)
def test_a_salesperson_reaches_only_their_own_desk(page: str, world: World) -> None:
    client = world.as_(Role.SALESPERSON)
    path = page.format(phone=world.other.extension.pk, call=world.other.attempt.pk)
    answer = client.post(f"/desk/{path}/", {"for": "60", "reason": "x"})
    assert answer.status_code in (302, 403, 404, 405)
    assert MARK not in text_of(client.get("/desk/")).casefold()
    assert not Extension.objects.get(pk=world.other.extension.pk).is_paused
    assert not world.other.attempt.notes.exists()
