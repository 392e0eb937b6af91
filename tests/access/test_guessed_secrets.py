"""No list of the admin is filtered by a secret, which could be guessed character by character."""

import pytest
from django.contrib import admin
from django.db.models import BinaryField, UUIDField

from callbacks.access.roles import Role
from leads.models import Lead
from tests.access.world import World

pytestmark = pytest.mark.django_db

HASHES = {"auth_hash", "digests", "number_hash", "password", "sealed_key", "submission_fingerprint"}
MAILS = {"headers", "html", "text"}


@pytest.mark.parametrize("asked", ["", "__startswith", "__gt", "__in"])
def test_no_list_asks_for_one(asked: str) -> None:
    secrets = [
        (pages, field)
        for model, pages in admin.site._registry.items()
        for field in model._meta.concrete_fields
        if field.name in HASHES | MAILS or isinstance(field, (UUIDField, BinaryField))
    ]
    assert {field.name for _pages, field in secrets} > {"public_id", "link_id", *HASHES, *MAILS}
    told = [
        str(field)
        for pages, field in secrets
        if pages.lookup_allowed(f"{field.name}{asked}", "a", None)  # type: ignore[arg-type]
    ]
    assert told == []


@pytest.mark.parametrize("role", [Role.OWNER, Role.TEAM_LEADER])
@pytest.mark.parametrize("page", ["lead", "heldlead"])
def test_the_address_of_a_visitors_page_is_not_guessed(page: str, role: Role, world: World) -> None:
    its = world.own.rows[Lead].public_id
    asking = world.as_(role)
    for column in ("public_id", "submitter", "submission_key"):
        answer = asking.get(f"/admin/leads/{page}/", {f"{column}__startswith": str(its)[:1]})
        assert answer.status_code == 400
    # Whoever knows the whole address can search for it.
    found = asking.get("/admin/leads/lead/", {"q": str(its)}).context["cl"].result_list
    assert [it.public_id for it in found] == [its]
