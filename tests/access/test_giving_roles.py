"""Who gives whom which role: nobody gives a right that they lack, and one owner always remains."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from callbacks.access import groups
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.models import RoleGroup, Team
from tests.access.world import World


def posted(user: User, **more: Any) -> dict[str, Any]:
    return {"username": user.username, "is_active": "on", **more}


def save(client: Client, user: User, **more: Any) -> Any:
    return client.post(f"/admin/auth/user/{user.pk}/change/", posted(user, **more))


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


# Which roles each role can give to a login that has none.
GIVES = {
    Role.OWNER: set(Role),
    Role.MANAGER: {Role.TEAM_LEADER, Role.ANALYST, Role.SALESPERSON},
    Role.INTEGRATOR: set(),
    Role.TEAM_LEADER: set(),
    Role.ANALYST: set(),
    Role.SALESPERSON: set(),
}


@pytest.mark.parametrize("giver", list(Role))
def test_each_role_gives_what_is_theirs_to_give(giver: Role, world: World) -> None:
    client, given = world.as_(giver), set()
    for role in Role:
        user = User.objects.create_user(f"new-{role}")
        save(client, user, role=role.value)
        if (now := groups.role_of(fresh(user))) is not None:
            assert now == role
            given.add(now)
            assert fresh(user).is_staff == DEFINITIONS[role].uses_admin
    assert given == GIVES[giver]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_their_own_role(role: Role, world: World) -> None:
    user = world.people[role]
    assert user
    save(world.as_(role), user, role=Role.OWNER.value)
    assert groups.role_of(fresh(user)) == role
    save(world.as_(role), user, role=Role.SALESPERSON.value)
    assert groups.role_of(fresh(user)) == role
    assert not fresh(user).is_superuser


def test_a_manager_does_not_reach_an_owner(world: World) -> None:
    user = world.people[Role.OWNER]
    assert user
    client = world.as_(Role.MANAGER)
    for page in ("change", "password", "history", "delete"):
        answer = client.get(f"/admin/auth/user/{user.pk}/{page}/")
        assert answer.status_code in (302, 403, 404), page
    save(client, user, role=Role.SALESPERSON.value, is_active="")
    assert groups.role_of(fresh(user)) == Role.OWNER
    assert fresh(user).is_active


def test_a_manager_does_not_take_another_managers_role(world: World) -> None:
    other = User.objects.create_user("omer", is_staff=True)
    groups.give(other, Role.MANAGER)
    assert save(world.as_(Role.MANAGER), other, role=Role.SALESPERSON.value).status_code == 302
    assert groups.role_of(fresh(other)) == Role.MANAGER


def test_a_role_whose_group_was_given_more_is_not_the_managers_to_give(world: World) -> None:
    analysts = Group.objects.get(role_group__role=Role.ANALYST)
    analysts.permissions.add(Permission.objects.get(codename="change_group"))
    user = User.objects.create_user("new")
    save(world.as_(Role.MANAGER), user, role=Role.ANALYST.value)
    assert groups.role_of(fresh(user)) is None


def test_the_teams_of_a_leader_are_chosen_with_the_role(world: World) -> None:
    user = User.objects.create_user("new")
    chosen = {"role": Role.TEAM_LEADER.value, "led_teams": [world.own.team.pk]}
    assert save(world.as_(Role.MANAGER), user, **chosen).status_code == 302
    assert list(Team.objects.filter(leaders=user)) == [world.own.team]


def test_the_page_says_in_plain_words_what_each_role_may(world: World) -> None:
    user = User.objects.create_user("new")
    page = world.as_(Role.OWNER).get(f"/admin/auth/user/{user.pk}/change/").text
    for role in Role:
        assert escape(str(DEFINITIONS[role].says)) in page
    own = world.as_(Role.MANAGER).get(f"/admin/auth/user/{world.people[Role.MANAGER].pk}/change/")  # type: ignore[union-attr]
    assert escape(str(DEFINITIONS[Role.MANAGER].says)) in own.text
    assert 'name="role"' not in own.text


# --- the last owner -------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"role": "manager"}, {"is_active": ""}, {"role": "none"}])
def test_an_owner_goes_while_another_stays(change: dict[str, str], world: World) -> None:
    second = User.objects.create_user("second", is_staff=True)
    groups.give(second, Role.OWNER)
    assert save(world.as_(Role.OWNER), second, **change).status_code == 302
    assert groups.owners().get() == world.people[Role.OWNER]


def test_the_only_owner_is_not_demoted_switched_off_or_deleted(world: World) -> None:
    owner = world.people[Role.OWNER]
    assert owner
    # A user who may change logins but is not an owner.
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.exclude(codename="only_own_teams"))
    client = Client()
    client.force_login(clerk)
    answer = save(client, owner, is_active="")
    assert "This is the last owner" in answer.text
    client.post(f"/admin/auth/user/{owner.pk}/delete/", {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
    client.post("/admin/auth/user/", ticked)
    assert fresh(owner).is_active
    assert groups.owners().get() == owner


def test_the_owners_group_keeps_its_rights_and_stays(world: World) -> None:
    group = Group.objects.get(role_group__role=Role.OWNER)
    before = group.permissions.count()
    client = world.as_(Role.OWNER)
    client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "x", "permissions": []})
    client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    client.post("/admin/auth/group/", ticked)
    group = Group.objects.get(role_group__role=Role.OWNER)
    assert (group.name, group.permissions.count()) == ("Owners", before)


def test_who_may_change_groups_gives_no_right_they_lack(world: World) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    for codename in ("view_group", "change_group", "view_lead"):
        clerk.user_permissions.add(Permission.objects.get(codename=codename))
    clerk.groups.add(group := Group.objects.get(name="Night shift"))
    client = Client()
    client.force_login(clerk)
    page = f"/admin/auth/group/{group.pk}/change/"
    dear = Permission.objects.get(codename="export_leads")
    answer = client.post(page, {"name": "Night shift", "permissions": [dear.pk]})
    assert answer.status_code == 200  # not offered as a choice
    own = Permission.objects.get(codename="view_lead")
    assert client.post(page, {"name": "Night shift", "permissions": [own.pk]}).status_code == 302
    assert list(group.permissions.all()) == [own]
    owners = Group.objects.get(role_group__role=Role.OWNER)
    assert client.get(f"/admin/auth/group/{owners.pk}/change/").status_code != 200


# --- upgrades -------------------------------------------------------------------------------------


def test_the_managers_of_an_older_release_keep_their_group_and_what_it_may(db: None) -> None:
    RoleGroup.objects.all().delete()
    Group.objects.exclude(name="Sales managers").delete()
    group = Group.objects.get(name="Sales managers")
    dana = User.objects.create_user("dana", is_staff=True)
    dana.groups.add(group)
    group.permissions.remove(Permission.objects.get(codename="call_lead"))
    before = set(group.permissions.values_list("pk", flat=True))
    call_command("migrate", verbosity=0)
    assert groups.role_of(dana) == Role.MANAGER
    assert set(group.permissions.values_list("pk", flat=True)) == before


def test_a_group_that_is_called_like_a_role_gets_nothing(db: None) -> None:
    RoleGroup.objects.all().delete()
    Group.objects.all().delete()
    theirs = Group.objects.create(name="Owners")
    dana = User.objects.create_user("dana", is_staff=True)
    dana.groups.add(theirs)
    call_command("migrate", verbosity=0)
    assert theirs.permissions.count() == 0
    assert groups.role_of(dana) is None
    assert Group.objects.get(role_group__role=Role.OWNER).name == "Owners (2)"


def test_dear_rights_that_are_new_go_to_owners_alone(db: None) -> None:
    for it in RoleGroup.objects.all():
        it.group.permissions.remove(*Permission.objects.filter(codename="delete_user"))
    Permission.objects.filter(codename__in=["delete_user", "run_replay"]).delete()
    call_command("migrate", verbosity=0)
    have = {
        codename: set(
            RoleGroup.objects.filter(group__permissions__codename=codename).values_list(
                "role", flat=True
            )
        )
        for codename in ("delete_user", "run_replay")
    }
    assert have == {"delete_user": {"owner"}, "run_replay": {"owner", "manager"}}
