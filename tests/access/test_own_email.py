"""Who may change the e-mail address of their own login, and on which pages."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.access.roles import Role
from callbacks.models import ReportSubscription, SavedView
from tests.access import world as worlds
from tests.access.world import World

PASSWORD = "a long pass phrase"


@pytest.fixture
def with_password(world: World) -> tuple[Client, User]:
    """An analyst who has logged in, and whose password is PASSWORD."""
    user = world.people[Role.ANALYST]
    assert user
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.force_login(user)
    return client, user


@pytest.mark.parametrize(
    ("typed", "is_changed"),
    [({}, False), ({"current_password": "another"}, False), ({"current_password": PASSWORD}, True)],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_subscription_changes_ones_address_with_the_password_alone(
    is_new: bool, typed: dict[str, str], is_changed: bool, with_password: tuple[Client, User]
) -> None:
    """Links for a forgotten password go to this address."""
    client, user = with_password
    mine = worlds.theirs(user)
    page = f"/admin/callbacks/reportsubscription/{mine[ReportSubscription].pk}/change/"
    if is_new:
        mine[ReportSubscription].delete()
        page = "/admin/callbacks/reportsubscription/add/"
    fields = {
        "view": mine[SavedView].pk, "email": "found@example.com", "rhythm": "weekly",
        "weekday": "6", "day_of_month": "1", "hour": "7", "zone": "UTC", "is_on": "on",
    }  # fmt: skip
    answer = client.post(page, fields | typed)
    user.refresh_from_db()
    assert (user.email == "found@example.com") == is_changed
    assert ("Enter your password to change" in answer.text) == (not is_changed)
    # If the address does not change, no password is asked for.
    ReportSubscription.objects.all().delete()
    page = "/admin/callbacks/reportsubscription/add/"
    assert client.post(page, fields | {"email": user.email}).status_code == 302


@pytest.mark.parametrize("page", ["subscription", "login"])
def test_the_address_of_a_login_without_a_password_is_others_to_change(
    page: str, world: World
) -> None:
    """Single sign-on finds the login by its address, and there is no password to ask for."""
    user = world.people[Role.OWNER]
    assert user
    user.set_unusable_password()
    user.save()
    client, before = Client(), user.email
    client.force_login(user)
    addresses = {
        "subscription": "/admin/callbacks/reportsubscription/add/",
        "login": f"/admin/auth/user/{user.pk}/change/",
    }
    fields = {
        "view": worlds.theirs(user)[SavedView].pk, "email": "found@example.com",
        "rhythm": "weekly", "weekday": "6", "day_of_month": "1", "hour": "7", "zone": "UTC",
        "is_on": "on", "username": user.username, "is_active": "on", "first_name": "Changed",
    }  # fmt: skip
    ReportSubscription.objects.all().delete()
    answer = client.post(addresses[page], fields)
    assert answer.status_code == 302, answer.context["errors"]
    user.refresh_from_db()
    assert user.email == before


def test_the_password_cannot_be_guessed_there(with_password: tuple[Client, User]) -> None:
    client, user = with_password
    fields = {"view": worlds.theirs(user)[SavedView].pk, "email": "found@example.com"}
    page = "/admin/callbacks/reportsubscription/add/"
    said = [client.post(page, fields | {"current_password": f"guess {n}"}).text for n in range(11)]
    assert ["There were too many tries" in it for it in said] == [False] * 10 + [True]
    assert "too many tries" in client.post(page, fields | {"current_password": PASSWORD}).text
    user.refresh_from_db()
    assert user.email != "found@example.com"
