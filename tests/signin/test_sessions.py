"""Sessions: listed, ended, and how long they last."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, SignIn
from callbacks.signin import sessions
from tests.support.authenticator import PASSWORD
from tests.support.logins import somebody_with

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def dana(extension: Extension) -> User:
    """A salesperson."""
    user = User.objects.create_user("dana", password=PASSWORD)
    Extension.objects.update(user=user)
    return user


def browser(user: User, agent: str = FIREFOX) -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    client.force_login(user)
    client.get("/desk/")
    return client


def is_in(client: Client, **sent: str) -> bool:
    return client.get("/sign-in/", headers=sent).status_code == 200


def test_ones_own_are_listed_with_browser_and_address(dana: User) -> None:
    browser(dana, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    here = browser(dana)
    page = here.get("/sign-in/").text
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    assert page.count("This browser") == 1
    assert "127.0.0.1" in page


def test_one_is_ended(dana: User) -> None:
    lost, here, third = browser(dana), browser(dana), browser(dana)
    first = SignIn.objects.order_by("pk").first()
    here.post("/sign-in/end/", {"sign_in": first.pk})  # type: ignore[union-attr]
    assert [is_in(it) for it in (lost, here, third)] == [False, True, True]


def test_all_others_are_ended(dana: User) -> None:
    lost, here, third = browser(dana), browser(dana), browser(dana)
    here.post("/sign-in/end/")
    assert [is_in(it) for it in (lost, here, third)] == [False, True, False]


@pytest.mark.parametrize("number", ["x", "-1", "9" * 40, "0", "٣"])
def test_what_is_no_session_ends_none(number: str, dana: User) -> None:
    other, here = browser(dana), browser(dana)
    assert here.post("/sign-in/end/", {"sign_in": number}).status_code == 302
    assert is_in(other)


def test_nobody_ends_somebody_elses(dana: User) -> None:
    anna = User.objects.create_user("anna")
    danas, annas = browser(dana), browser(anna)
    annas.post("/sign-in/end/", {"sign_in": SignIn.objects.get(user=dana).pk})
    assert is_in(danas)


def test_another_password_ends_all_others(dana: User) -> None:
    other, here = browser(dana), browser(dana)
    new = "another-word-and-8"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/desk/password/", typed).status_code == 302
    assert [is_in(it) for it in (other, here)] == [False, True]
    dana.refresh_from_db()
    assert len(sessions.open_ones(dana)) == 1


def test_logging_out_leaves_none(dana: User) -> None:
    here = browser(dana)
    here.post("/desk/logout/")
    assert not SignIn.objects.exists()


def test_an_owner_sees_all_and_ends_them(dana: User, admin_client: Client) -> None:
    danas = browser(dana)
    page = "/admin/callbacks/signin/"
    assert "Firefox, Windows" in admin_client.get(page).text
    chosen = {"action": "end_selected", "_selected_action": SignIn.objects.get(user=dana).pk}
    admin_client.post(page, chosen)
    assert not is_in(danas)
    assert LogEntry.objects.get(object_id=str(dana.pk)).change_message == "Ended sessions"


def test_who_may_only_look_ends_none(dana: User) -> None:
    danas = browser(dana)
    looking = Client()
    looking.force_login(somebody_with("callbacks.view_signin"))
    page = "/admin/callbacks/signin/"
    assert looking.get(page).status_code == 200
    number = SignIn.objects.get(user=dana).pk
    looking.post(page, {"action": "end_selected", "_selected_action": number})
    assert is_in(danas)
    assert looking.get(f"{page}{number}/change/").status_code in (302, 403)


@pytest.mark.parametrize(
    ("who", "hours", "holds"),
    [
        ("salesperson", 71, True),
        ("salesperson", 73, False),
        ("spender", 1.9, True),
        ("spender", 2.1, False),
        ("superuser", 2.1, False),
    ],
)
def test_an_unused_session_ends(
    who: str, hours: float, holds: bool, dana: User, clock: time_machine.Traveller
) -> None:
    if who == "spender":
        dana = somebody_with("callbacks.change_spendlimit")
    elif who == "superuser":
        dana = User.objects.create_superuser("root")
    here = browser(dana)
    clock.shift(timedelta(hours=hours))
    assert is_in(here) is holds


def test_a_used_one_ends_too(dana: User, clock: time_machine.Traveller) -> None:
    root = browser(User.objects.create_superuser("root"))
    for _ in range(12):
        clock.shift(timedelta(minutes=59))
        assert is_in(root)
    clock.shift(timedelta(minutes=20))
    assert not is_in(root)
    assert not SignIn.objects.exists()


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(clock: time_machine.Traveller) -> None:
    root = browser(User.objects.create_superuser("root"))
    for _ in range(3):
        clock.shift(timedelta(minutes=50))
        held = is_in(root, **{"Sec-Fetch-Mode": "cors"})
    assert not held


def test_signing_in_anew_begins_anew(dana: User, clock: time_machine.Traveller) -> None:
    root = User.objects.create_superuser("root")
    here = browser(root)
    clock.shift(timedelta(hours=1.5))
    here.force_login(root)
    here.get("/desk/")
    assert SignIn.objects.get().begun_at == timezone.now()


def test_what_is_over_is_not_kept(dana: User, clock: time_machine.Traveller) -> None:
    browser(dana)
    clock.shift(timedelta(days=15))
    sessions.forget_old(timezone.now())
    assert not SignIn.objects.exists()
    assert not Session.objects.exists()


def test_a_session_of_an_older_release_goes_on(dana: User) -> None:
    here = browser(dana)
    SignIn.objects.all().delete()
    session = here.session
    del session[sessions.KEY]
    session.save()
    assert is_in(here)
    assert SignIn.objects.count() == 1
