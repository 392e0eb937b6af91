"""Requests that no page of the admin sends are answered without a server error or a dead end."""

from contextlib import suppress

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory
from django.urls import reverse

from callbacks.models import Extension, Team
from leads.models import LeadSource

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-word-and-7"

TICKED = {"NUL": "\x00", "letters": "a", "too large": "9" * 30, "nothing": "", "negative": "-1"}


@pytest.mark.parametrize("ticked", TICKED.values(), ids=TICKED)
@pytest.mark.parametrize("table", ["callbacks/team", "leads/leadsource", "auth/user"])
def test_rows_that_there_cannot_be_are_not_ticked(
    table: str, ticked: str, admin_client: Client, team: Team
) -> None:
    sent = {"action": "delete_selected", "_selected_action": ["1", ticked]}
    assert admin_client.post(f"/admin/{table}/", sent).status_code in (200, 302, 400)


FILLED_IN = ["team=x", "team=%00", "team=" + "9" * 30, "tier=x", "user=-1&team=", "nothing=1"]


@pytest.mark.parametrize("query", FILLED_IN)
def test_a_form_is_filled_in_with_what_there_can_be(
    query: str, admin_client: Client, team: Team
) -> None:
    assert admin_client.get(f"/admin/callbacks/extension/add/?{query}").status_code == 200


def test_a_form_is_filled_in_by_its_address(admin_client: Client, team: Team) -> None:
    page = admin_client.get(f"/admin/callbacks/extension/add/?team={team.pk}&number=199").text
    assert f'<option value="{team.pk}" selected' in page
    assert 'value="199"' in page


@pytest.mark.parametrize("term", ["%00", "a%00b", "%FF", "x" * 3000])
@pytest.mark.parametrize(
    ("model", "field"), [("teamsource", "source"), ("extension", "team"), ("extension", "user")]
)
def test_any_text_is_looked_for(
    model: str, field: str, term: str, admin_client: Client, extension: Extension
) -> None:
    query = f"app_label=callbacks&model_name={model}&field_name={field}&term={term}"
    assert admin_client.get(f"/admin/autocomplete/?{query}").status_code == 200


@pytest.mark.parametrize(
    ("pressed", "page"),
    [
        ("/admin/reports/callback-times/export/?period=today", "/admin/reports/callback-times/"),
        ("/admin/reports/people/export/?period=today", "/admin/reports/people/"),
        ("/admin/leads/lead/export/?status=failed", "/admin/leads/lead/"),
        ("/admin/leads/blockentry/export/?kind=number", "/admin/leads/blockentry/"),
        ("/admin/leads/nevercallnumber/export/?q=Dana", "/admin/leads/nevercallnumber/"),
        ("/sign-in/end/", "/sign-in/"),
        ("/sign-in/recovery-codes/", "/sign-in/"),
    ],
)
def test_whose_login_has_ended_comes_back_to_the_page_with_the_button(
    pressed: str, page: str, source: LeadSource
) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    asked = client.post(pressed, {"format": "csv"})
    typed = {"username": "root", "password": PASSWORD}
    answer = client.post(asked["Location"], typed, follow=True)
    assert answer.status_code == 200
    address = answer.redirect_chain[-1][0]
    assert address == page + "".join(pressed.partition("?")[1:])


@pytest.mark.parametrize(
    "page", ["/admin/login/", "/admin/login", "/admin/logout/", "/admin/logout"]
)
def test_whoever_opens_the_door_itself_stands_in_the_admin_after_signing_in(
    page: str, source: LeadSource
) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    door = client.get(page, follow=True)
    address = door.redirect_chain[-1][0] if door.redirect_chain else page
    typed = {"username": "root", "password": PASSWORD}
    answer = client.post(address, typed, follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, "/admin/")


def test_no_link_signs_anybody_out_of_the_admin(admin_client: Client) -> None:
    assert admin_client.get("/admin/logout/")["Location"] == "/admin/"
    assert admin_client.get("/admin/").status_code == 200


# One column of each kind, with each look-up that Django knows for it.
LOOK_UPS = {
    f"{type(column).__name__} {lookup}": (model, f"{column.name}__{lookup}")
    for model in admin.site._registry
    for column in model._meta.fields
    for lookup in column.get_lookups()
}
ABSURD = ["99999999999999999999", "x,%F0%9F%98%80", "2026-13-45"]


@pytest.mark.parametrize("value", ABSURD)
def test_no_look_up_of_any_column_is_an_error_of_ours(value: str, admin_user: User) -> None:
    for model, lookup in LOOK_UPS.values():
        request = RequestFactory().get("/", QueryDict(f"{lookup}={value}").dict())
        request.user = admin_user
        refused = suppress(IncorrectLookupParameters, SuspiciousOperation)  # 302, 400
        with refused, transaction.atomic():
            admin.site.get_model_admin(model).get_changelist_instance(request)


@pytest.mark.parametrize("value", [*ABSURD, "%00", "%5B%5D", "%FF", "", "-1"])
def test_no_address_fills_in_what_a_form_cannot_show(value: str, admin_client: Client) -> None:
    for model in admin.site._registry:
        if admin.site.get_model_admin(model).has_add_permission(staff(admin_client)):
            filled_in = "&".join(f"{column.name}={value}" for column in model._meta.get_fields())
            page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
            assert admin_client.get(f"{page}?{filled_in}").status_code == 200, page


def staff(client: Client) -> HttpRequest:
    return client.get("/admin/").wsgi_request
