"""A new source or team begins with hours for calls, and with few calls a day to one number."""

from collections.abc import Callable
from datetime import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.models import Team
from leads.models import LeadSource

pytestmark = pytest.mark.django_db

ADD_SOURCE, ADD_TEAM = "/admin/leads/leadsource/add/", "/admin/callbacks/team/add/"
HOURS = time(8), time(21)


@pytest.fixture(autouse=True)
def _as_it_is_where_nothing_is_set(settings: SettingsWrapper) -> None:
    settings.NEW_CALLING_HOURS, settings.NEW_CALLS_A_DAY = HOURS, 3


def form(client: Client, address: str) -> Any:
    return client.get(address).context["adminform"].form


def by_the_admin(client: Client) -> None:
    for address, values in (
        (ADD_SOURCE, {"slug": "new", "name": "New"}),
        (ADD_TEAM, {"name": "New"}),
    ):
        page = client.get(address)
        shown = page.context["adminform"].form
        posted = {name: shown[name].value() for name in shown.fields}
        for formset in page.context["inline_admin_formsets"]:
            management = formset.formset.management_form
            posted |= {management.add_prefix(name): management[name].value()
                       for name in management.fields}  # fmt: skip
            for row in formset.formset.forms:
                posted |= {row.add_prefix(name): row[name].value() for name in row.fields}
        posted = {
            name: value for name, value in (posted | values).items() if value not in (None, "")
        }
        posted |= {"allowed_countries": "IL", "allowed_origins": ""}
        answer = client.post(address, posted)
        assert answer.status_code == 302, answer.context["adminform"].form.errors


def by_a_program(client: Client) -> None:
    LeadSource.objects.create(slug="new", name="New")
    Team.objects.create(name="New")


@pytest.mark.parametrize("made", [by_the_admin, by_a_program])
def test_whoever_makes_it(admin_client: Client, made: Callable[[Client], None]) -> None:
    made(admin_client)
    source, team = LeadSource.objects.get(), Team.objects.get()
    assert (source.call_from, source.call_until, source.calls_a_day) == (*HOURS, 3)
    assert (team.call_from, team.call_until, team.calls_a_day) == (*HOURS, 3)


def test_the_demos_rings_at_any_time() -> None:
    call_command("demo", stdout=StringIO())
    source, team = LeadSource.objects.get(), Team.objects.get()
    assert (source.call_from, source.call_until, source.calls_a_day) == (None, None, None)
    assert (team.call_from, team.call_until, team.calls_a_day) == (None, None, None)
    LeadSource.objects.update(call_from=HOURS[0], call_until=HOURS[1])
    said = StringIO()
    call_command("demo", stdout=said)
    assert "called from 08:00 to 21:00 where their number is" in said.getvalue()
    LeadSource.objects.update(call_from=None, call_until=None)
    Team.objects.update(call_from=time(9), call_until=time(18))
    said = StringIO()
    call_command("demo", stdout=said)
    assert "called from 09:00 to 18:00 where their number is" in said.getvalue()


def test_the_form_shows_them(admin_client: Client) -> None:
    source, team = form(admin_client, ADD_SOURCE), form(admin_client, ADD_TEAM)
    for shown in (source, team):
        assert (shown["call_from"].value(), shown["call_until"].value()) == HOURS
    assert source["calls_a_day"].value() == team["calls_a_day"].value() == 3


def test_one_that_is_there_keeps_what_it_has(admin_client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(call_from=None, call_until=None, calls_a_day=None)
    its = form(admin_client, f"/admin/leads/leadsource/{source.pk}/change/")
    assert [its[name].value() for name in ("call_from", "call_until", "calls_a_day")] == [None] * 3


@pytest.mark.parametrize("page", [ADD_SOURCE, ADD_TEAM])
@pytest.mark.parametrize(
    ("begins", "ends", "beside"),
    [("08:00", "", "call_until"), ("", "21:00", "call_from"), ("21:00", "08:00", None)],
)
def test_hours_have_a_beginning_and_a_later_end(
    admin_client: Client, page: str, begins: str, ends: str, beside: str | None
) -> None:
    answer = admin_client.post(page, {"name": "New", "call_from": begins, "call_until": ends})
    errors = answer.context["adminform"].form.errors
    if beside:
        assert "Enter this time too, or leave both empty to call at any hour." in errors[beside]
    else:
        both = "Enter both times of the calling window, the earlier one first, or leave both empty."
        assert both in errors["__all__"]


def test_the_settings_may_say_something_else(settings: SettingsWrapper) -> None:
    settings.NEW_CALLING_HOURS, settings.NEW_CALLS_A_DAY = None, 0
    source, team = (
        LeadSource.objects.create(slug="new", name="New"),
        Team.objects.create(name="New"),
    )
    assert (source.call_from, source.call_until, source.calls_a_day) == (None, None, None)
    assert (team.call_from, team.call_until, team.calls_a_day) == (None, None, None)
