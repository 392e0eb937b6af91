"""A manager finishes the set-up alone: sources, teams with their people, logins. Nothing else."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from callbacks.models import Extension, Team
from leads.models import LeadSource
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source, a_team, an_extension

PASSWORD = "correct horse battery"


def people(*phones: dict[str, Any]) -> dict[str, Any]:
    plain = {"kind": "sip", "name": "", "user": "", "languages": "", "tier": 1, "is_active": "on"}
    return rows("extensions", *(plain | phone for phone in phones))


def test_from_nothing_to_a_team_that_is_rung(managing: Client) -> None:
    """Source, login, team and its people, in the order in which a manager creates them."""
    assert managing.post("/admin/leads/leadsource/add/", a_source()).status_code == 302
    source = LeadSource.objects.get(slug="landing")
    login = {
        "username": "noa", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD,
    }  # fmt: skip
    assert managing.post("/admin/auth/user/add/", login).status_code == 302
    noa = User.objects.get(username="noa")
    assert (noa.is_staff, noa.is_superuser, noa.groups.count()) == (False, False, 0)
    posted = a_team(source) | people(
        {"number": "101", "name": "Noa", "user": noa.pk, "languages": "he, en"},
        {"number": "102", "name": "Omer"},
    )
    answer = managing.post("/admin/callbacks/team/add/", posted)
    assert answer.status_code == 302, answer.context["errors"]
    team = Team.objects.get()
    assert team.is_active
    assert list(team.sources.all()) == [source]
    found = list(team.extensions.order_by("number").values_list("number", "user", "languages"))
    assert found == [("101", noa.pk, ["he", "en"]), ("102", None, [])]


@pytest.mark.parametrize(
    ("phones", "words"),
    [
        ([], "Add one below, or save the team switched off"),
        ([{"number": "101", "is_active": ""}], "Add one below, or save the team switched off"),
        ([{"number": "101"}, {"number": "101"}], "101"),
        ([{"number": "9"}], "An extension with this number already exists"),
        ([{"number": "0505550101", "kind": "phone"}], "number"),
        ([{"number": "101", "languages": "hebrew"}], "is not a language code"),
    ],
)
def test_people_that_cannot_be_added_are_refused_and_nothing_is_saved(
    phones: list[dict[str, Any]], words: str, managing: Client, source: LeadSource
) -> None:
    Extension.objects.create(number="9", team=Team.objects.create(name="Others", is_active=False))
    answer = managing.post("/admin/callbacks/team/add/", a_team(source) | people(*phones))
    assert answer.status_code == 200
    assert words in answer.text
    assert not Team.objects.filter(name="Sales").exists()
    assert Extension.objects.count() == 1


def test_people_join_a_team_that_is_there(managing: Client, extension: Extension) -> None:
    team = extension.team
    source = team.sources.get()
    page = f"/admin/callbacks/team/{team.pk}/change/"
    assert "101" in managing.get(page).text
    posted = a_team(source, there=1) | people({"number": "102", "name": "Omer"})
    posted |= {"teamsource_set-0-id": team.teamsource_set.get().pk}
    posted |= {"teamsource_set-0-team": team.pk}
    assert managing.post(page, posted).status_code == 302
    assert list(team.extensions.values_list("number", "name")) == [("101", "Dana"), ("102", "Omer")]


# --- logins -------------------------------------------------------------------------------------


@pytest.fixture
def others(db: None) -> dict[str, User]:
    """Logins of all kinds; the last three have rights that a manager lacks."""
    made = {
        "salesperson": User.objects.create_user("noa"),
        "superuser": User.objects.create_superuser("root"),
        "with a right": User.objects.create_user("engineer", is_staff=True),
        "in a strong group": User.objects.create_user("head", is_staff=True),
    }
    right = Permission.objects.get(codename="change_group")
    made["with a right"].user_permissions.add(right)
    group = Group.objects.create(name="Heads")
    group.permissions.add(right)
    made["in a strong group"].groups.add(group)
    return made


def test_managers_see_whom_they_may_touch(
    managing: Client, manager: User, others: dict[str, User]
) -> None:
    listed = managing.get("/admin/auth/user/").context["cl"].result_list
    assert {it.username for it in listed} == {"noa", manager.username}


@pytest.mark.parametrize("name", ["superuser", "with a right", "in a strong group"])
@pytest.mark.parametrize("page", ["change", "password"])
def test_nobody_with_more_rights_can_be_changed(
    name: str, page: str, managing: Client, others: dict[str, User]
) -> None:
    user, before = others[name], others[name].password
    address = f"/admin/auth/user/{user.pk}/{page}/"
    posted = {"password1": PASSWORD, "password2": PASSWORD, "username": "taken"}
    assert managing.get(address).status_code in (302, 403, 404)
    assert managing.post(address, posted).status_code in (302, 403, 404)
    user.refresh_from_db()
    assert user.username != "taken"
    assert user.password == before


RIGHTS = ("is_superuser", "is_staff", "groups", "user_permissions")


@pytest.mark.parametrize("whose", ["their own", "a salesperson's", "a new one's"])
def test_rights_that_are_posted_are_not_given(
    whose: str, managing: Client, manager: User, others: dict[str, User]
) -> None:
    rights = {
        "is_superuser": "on", "is_staff": "on", "groups": [Group.objects.get(name="Heads").pk],
        "user_permissions": [Permission.objects.get(codename="change_group").pk],
    }  # fmt: skip
    user = manager if whose == "their own" else others["salesperson"]
    if whose == "a new one's":
        login = {
            "username": "new", "usable_password": "true",
            "password1": PASSWORD, "password2": PASSWORD,
        }  # fmt: skip
        assert managing.post("/admin/auth/user/add/", login | rights).status_code == 302
        user = User.objects.get(username="new")
    before = (user.is_staff, set(user.groups.all()), set(user.user_permissions.all()))
    address = f"/admin/auth/user/{user.pk}/change/"
    page = managing.get(address).text
    assert not [name for name in RIGHTS if f'name="{name}"' in page]
    posted = {"username": user.username, "first_name": "Noa", "is_active": "on"} | rights
    assert managing.post(address, posted).status_code == 302
    user.refresh_from_db()
    assert (user.first_name, user.is_superuser) == ("Noa", False)
    assert (user.is_staff, set(user.groups.all()), set(user.user_permissions.all())) == before


def test_a_manager_sets_a_salespersons_password(managing: Client, others: dict[str, User]) -> None:
    user = others["salesperson"]
    address = f"/admin/auth/user/{user.pk}/password/"
    posted = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert managing.post(address, posted).status_code == 302
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("written", ["{}", "0{}", " {}"])
def test_ones_own_password_is_changed_with_the_old_one_alone(
    written: str, managing: Client, manager: User
) -> None:
    before = manager.password
    address = f"/admin/auth/user/{written.format(manager.pk)}/password/"
    posted = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    for answer in (managing.get(address), managing.post(address, posted)):
        assert answer["Location"] == "/admin/password_change/"
    manager.refresh_from_db()
    assert manager.password == before
    assert "old_password" in managing.get("/admin/password_change/").text


OWN_EMAIL = [
    ({}, False),
    ({"current_password": "another"}, False),
    ({"current_password": PASSWORD}, True),
]


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize(("typed", "is_changed"), OWN_EMAIL)
def test_ones_own_email_address_is_changed_with_the_password(
    typed: dict[str, str], is_changed: bool, is_superuser: bool, managing: Client, manager: User
) -> None:
    """Links for a forgotten password go to this address."""
    manager.is_superuser = is_superuser
    manager.set_password(PASSWORD)
    manager.save()
    managing.force_login(manager)
    page = f"/admin/auth/user/{manager.pk}/change/"
    shown = managing.get(page).context["adminform"].form
    posted = {name: shown[name].value() or "" for name in shown.fields}
    posted |= {"is_active": "on", "is_staff": "on"} | (
        {"is_superuser": "on"} if is_superuser else {}
    )
    posted |= {"last_login_0": "2026-01-01", "last_login_1": "10:00", "groups": []}
    posted |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00", "user_permissions": []}
    answer = managing.post(page, posted | {"email": "found@example.com"} | typed)
    manager.refresh_from_db()
    assert (manager.email == "found@example.com") == is_changed
    assert ("Enter your password to change" in answer.text) == (not is_changed)
    # Other changes to one's own login need no password.
    managing.post(page, posted | {"email": manager.email, "first_name": "Gal"})
    manager.refresh_from_db()
    assert manager.first_name == "Gal"


def test_an_email_address_of_somebody_else_is_changed_as_before(
    managing: Client, others: dict[str, User]
) -> None:
    user = others["salesperson"]
    page = f"/admin/auth/user/{user.pk}/change/"
    assert "current_password" not in managing.get(page).text
    posted = {"username": user.username, "email": "noa@example.com", "is_active": "on"}
    assert managing.post(page, posted).status_code == 302
    user.refresh_from_db()
    assert user.email == "noa@example.com"


def test_no_login_is_deleted_by_a_manager(managing: Client, others: dict[str, User]) -> None:
    user = others["salesperson"]
    address = f"/admin/auth/user/{user.pk}/delete/"
    assert managing.post(address, {"post": "yes"}).status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    managing.post("/admin/auth/user/", ticked)
    assert User.objects.filter(pk=user.pk).exists()


def test_an_upgrade_gives_the_rights_to_the_group_that_was_there(db: None) -> None:
    migration: Any = import_module("callbacks.migrations.0021_managers_set_up")
    group = Group.objects.get(name="Sales managers")
    for _app, codename in migration.RIGHTS:
        group.permissions.remove(*Permission.objects.filter(codename=codename))
    before = group.permissions.count()
    migration.give(apps, None)
    assert group.permissions.count() == before + len(migration.RIGHTS)
    group.delete()
    migration.give(apps, None)  # without the group, there is nobody to give rights to


# --- a source's page ----------------------------------------------------------------------------


def test_a_sources_page_leads_to_its_form_and_has_the_snippet(
    managing: Client, source: LeadSource
) -> None:
    page = managing.get(f"/admin/leads/leadsource/{source.pk}/change/").text
    address = "http://testserver/contact/website/"
    assert f'href="{address}"' in page
    assert f"&lt;a href=&quot;{address}&quot;&gt;Have us call you" in page
    assert Client().get("/contact/website/").status_code == 200
    LeadSource.objects.update(is_active=False)
    page = managing.get(f"/admin/leads/leadsource/{source.pk}/change/").text
    assert address not in page  # an inactive source has no form to link to


@pytest.mark.parametrize("where", ["on its own page", "in its team"])
def test_a_phone_is_not_given_to_somebody_whose_login_is_off(
    where: str, managing: Client, source: LeadSource
) -> None:
    noa = User.objects.create_user("noa", first_name="Noa", is_active=False)
    team = Team.objects.create(name="Others", is_active=False)
    phone = {"number": "101", "user": noa.pk}
    if where == "in its team":
        posted = a_team(source) | people(phone)
        answer = managing.post("/admin/callbacks/team/add/", posted)
    else:
        answer = managing.post("/admin/callbacks/extension/add/", an_extension(team, **phone))
    assert answer.status_code == 200
    assert "The login of Noa is switched off, so their phone gets no calls." in answer.text
    assert not Extension.objects.exists()


def test_a_phone_whose_login_is_off_can_still_be_changed(managing: Client) -> None:
    noa = User.objects.create_user("noa", is_active=False)
    team = Team.objects.create(name="Others", is_active=False)
    phone = Extension.objects.create(number="101", name="Dana", team=team, user=noa)
    page = f"/admin/callbacks/extension/{phone.pk}/change/"
    posted = an_extension(team, user=noa.pk, name="Noa")
    assert managing.post(page, posted).status_code == 302
    phone.refresh_from_db()
    assert phone.name == "Noa"
