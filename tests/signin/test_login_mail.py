"""A login's owner is told by mail what was changed about signing in, by whom and from where."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings

from callbacks.audit.acting import telling
from callbacks.mailing import outbox
from callbacks.models import OutgoingMail, SavedView, chosen_languages
from callbacks.signin import forgotten, second_factor
from tests.support.authenticator import (
    CODE_PAGE,
    PASSWORD,
    SET_UP,
    code_of,
    given_to,
    key_on,
    with_password,
)
from tests.support.mail_server import MailServer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
NEW = "another-word-and-8"
DANA, LEFT = "dana@example.com", "found@example.com"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
FROM = {"REMOTE_ADDR": "198.51.100.7", "HTTP_USER_AGENT": BROWSER}
OWN_PASSWORD = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def server(mail: MailServer, settings: Any) -> MailServer:
    settings.SECOND_FACTOR_GROUPS = []
    settings.TIME_ZONE = "Asia/Jerusalem"
    # These are quick, and the tests do not depend on how passwords are hashed.
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    return mail


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def dana(server: MailServer) -> User:
    return User.objects.create_superuser("dana", DANA, PASSWORD)


def browser(user: User) -> Client:
    client = Client(**FROM)  # type: ignore[arg-type]
    client.force_login(user)
    return client


def manager() -> Client:
    return browser(User.objects.create_superuser("omer", "omer@example.com", PASSWORD))


def login_page(client: Client, user: User, **changed: str) -> None:
    page = f"/admin/auth/user/{user.pk}/change/"
    fields = {
        "username": user.username, "email": user.email, "is_active": "on", "is_staff": "on",
        "is_superuser": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        "current_password": PASSWORD, "role": "none",
    }  # fmt: skip
    answer = client.post(page, fields | changed)
    assert answer.status_code == 302, answer.context["errors"]
    assert answer["Location"] == "/admin/auth/user/"


def own_address(dana: User) -> None:
    login_page(browser(dana), dana, email=LEFT)


def own_address_with_a_report(dana: User) -> None:
    view = SavedView.objects.create(owner=dana, name="Week", report="callback_times", query="")
    fields = {
        "view": view.pk, "email": LEFT, "current_password": PASSWORD, "rhythm": "weekly",
        "weekday": "6", "day_of_month": "1", "hour": "7", "zone": "UTC", "is_on": "on",
    }  # fmt: skip
    answer = browser(dana).post("/admin/callbacks/reportsubscription/add/", fields)
    assert answer.status_code == 302, answer.context["errors"]


def anothers_address(dana: User) -> None:
    login_page(manager(), dana, email=LEFT)


def address_taken_away(dana: User) -> None:
    login_page(manager(), dana, email="")


def own_password(dana: User) -> None:
    assert browser(dana).post("/admin/password_change/", OWN_PASSWORD).status_code == 302


def own_password_at_the_desk(dana: User) -> None:
    assert browser(dana).post("/desk/password/", OWN_PASSWORD).status_code == 302


def anothers_password(dana: User) -> None:
    typed = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = manager().post(f"/admin/auth/user/{dana.pk}/password/", typed)
    assert answer.status_code == 302, answer.context["errors"]


def no_password_any_more(dana: User) -> None:
    typed = {"usable_password": "false", "unset-password": "1"}
    assert manager().post(f"/admin/auth/user/{dana.pk}/password/", typed).status_code == 302


def password_in_a_shell(dana: User) -> None:
    with telling({"way": "manage.py changepassword"}):
        dana.set_password(NEW)
        dana.save()


def set_up(dana: User) -> None:
    client = browser(dana)
    code = code_of(key_on(client.get(SET_UP).text))
    assert client.post(SET_UP, {"code": code, "password": PASSWORD}).status_code == 200


def set_up_at_the_door(dana: User) -> None:
    """Before anything else, because the role requires it."""
    with override_settings(SECOND_FACTOR_GROUPS=["Owners"]):
        client = with_password(dana, Client(**FROM))  # type: ignore[arg-type]
        code = code_of(key_on(client.get(SET_UP).text))
        assert client.post(SET_UP, {"code": code}).status_code == 200


def reset_by_another(dana: User) -> None:
    given_to(dana)
    chosen = {"action": "reset_selected", "_selected_action": dana.authenticators.get().pk}
    manager().post("/admin/callbacks/authenticator/", chosen | {"confirmed": "1"})
    assert second_factor.of(dana) is None


def reset_on_the_command_line(dana: User) -> None:
    given_to(dana)
    with telling({"way": "manage.py signin"}):
        call_command("signin", "reset-second-factor", "dana")


def new_codes(dana: User) -> None:
    key = given_to(dana)
    client = with_password(dana, Client(**FROM))  # type: ignore[arg-type]
    assert client.post(CODE_PAGE, {"code": code_of(key)}).status_code == 302
    assert client.post("/sign-in/recovery-codes/").status_code == 200


def code_used(dana: User) -> None:
    given_to(dana)
    codes = second_factor.new_codes(dana)
    OutgoingMail.objects.all().delete()
    client = with_password(dana, Client(**FROM))  # type: ignore[arg-type]
    assert client.post(CODE_PAGE, {"code": codes[0]}).status_code == 302


HERE, OMER = "from the network address 198.51.100.7 (Firefox, Windows)", "by omer."
SERVER = "on the server's command line"
LINK = "https://callbacks.example.com/sign-in/forgotten/"
OWNER = "Tell an owner of this site at once."
ASK = "If you did not ask for this, tell an owner of this site."
NO_MATTER = "If this is not your login, you can ignore this mail."

# Each change: who gets a mail, its words, who made the change, and the advice.
CHANGES: dict[Callable[[User], None], list[tuple[str, str, str, str]]] = {
    own_address: [
        (DANA, "no longer the email address of your login dana", HERE, OWNER),
        (LEFT, "now the email address of the login dana", "", NO_MATTER),
    ],
    own_address_with_a_report: [
        (DANA, "no longer the email address", HERE, OWNER),
        (LEFT, "now the email address", "", NO_MATTER),
    ],
    anothers_address: [
        (DANA, "no longer the email address", OMER, ASK),
        (LEFT, "now the email address", "", NO_MATTER),  # the address may be a stranger's
    ],
    address_taken_away: [(DANA, "no longer the email address", OMER, ASK)],
    own_password: [(DANA, "The password of your login dana was changed.", HERE, LINK)],
    own_password_at_the_desk: [(DANA, "was changed", HERE, LINK)],
    anothers_password: [(DANA, "was changed", OMER, ASK)],
    no_password_any_more: [(DANA, "was removed. Nobody can sign in with it", OMER, ASK)],
    password_in_a_shell: [(DANA, "was changed", SERVER, ASK)],
    set_up: [(DANA, "An authenticator app was set up", HERE, LINK)],
    set_up_at_the_door: [(DANA, "An authenticator app was set up", HERE, LINK)],
    reset_by_another: [(DANA, "The second factor of your login dana was removed", OMER, ASK)],
    reset_on_the_command_line: [(DANA, "The second factor", SERVER, ASK)],
    new_codes: [(DANA, "New recovery codes were made", HERE, LINK)],
    code_used: [(DANA, "One of the recovery codes of your login dana was used", HERE, LINK)],
}


def told() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("pk"))


def plain(text: str) -> str:
    return re.sub("[\u2068\u2069]", "", text)


@pytest.mark.parametrize("change", CHANGES, ids=lambda it: it.__name__)
def test_the_owner_reads_what_was_changed(change: Callable[[User], None], dana: User) -> None:
    change(dana)
    expected = CHANGES[change]
    assert [it.to for it in told()] == [to for to, *_ in expected]
    for mail, (_to, what, who, advice) in zip(told(), expected, strict=True):
        text = plain(mail.text)
        assert what in text
        assert "It happened on Wed 25 Mar 2026 12:00 (Jerusalem time)" in text
        assert "on this site: https://callbacks.example.com/" in text
        assert advice in text
        said = re.findall(r"It was done (.+?)\.?$", text, re.MULTILINE)
        assert said == ([who.rstrip(".")] if who else [])
        assert (LINK in text) == (advice == LINK)
        addresses = re.findall(r"https?://\S+", text)
        assert {it for it in addresses if it != LINK} == {"https://callbacks.example.com/"}
        assert not [it for it in (PASSWORD, NEW) if it in text]
        # A mail to an address names no other address.
        assert "example.com" not in re.sub(r"https?://\S+", "", text)


def test_a_password_chosen_with_a_link_is_told_of(server: MailServer, dana: User) -> None:
    """The link's mail is not kept where managers can read it."""
    forgotten.send(DANA)
    link = re.search(r"/sign-in/new-password/[\w/-]+", re.sub(r"=\r?\n", "", str(server.kept[-1])))
    assert link
    assert not told()
    client = Client(**FROM)  # type: ignore[arg-type]
    form = client.get(link[0], follow=True).request["PATH_INFO"]
    client.post(form, {"new_password1": NEW, "new_password2": NEW})
    [mail] = told()
    assert HERE in plain(mail.text)
    assert "new-password" not in mail.text


def test_it_arrives(server: MailServer, dana: User) -> None:
    own_password(dana)
    assert outbox.send_next()
    message = server.kept[-1].message()
    assert (message["To"], message["Subject"]) == (DANA, "Your password was changed")
    assert message["Content-Language"] == "en"


def nothing_of_it(dana: User) -> None:
    login_page(browser(dana), dana, first_name="Dana")


def same_mailbox(dana: User) -> None:
    login_page(browser(dana), dana, email="Dana@Example.com")


def sign_in(dana: User) -> None:
    with_password(dana)


def sign_in_with_an_old_hash(dana: User) -> None:
    """Django stores the same password with its newer hash."""
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    User.objects.update(password=old)
    with_password(dana)
    dana.refresh_from_db()
    assert dana.password != old


def new_login(dana: User) -> None:
    User.objects.create_user("new", "new@example.com", PASSWORD)


def wrong_password(dana: User) -> None:
    browser(dana).post("/desk/password/", OWN_PASSWORD | {"old_password": "another"})


def no_factor_to_reset(dana: User) -> None:
    """The page for setting up a second factor was opened and left."""
    second_factor.offer(dana)
    assert not second_factor.reset(dana, dana, "Reset")
    assert not dana.authenticators.exists()


def undone(dana: User) -> None:
    with transaction.atomic():
        password_in_a_shell(dana)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "act",
    [nothing_of_it, same_mailbox, sign_in, sign_in_with_an_old_hash, new_login, wrong_password,
     no_factor_to_reset, undone],
    ids=lambda it: it.__name__,
)  # fmt: skip
def test_nobody_is_told_when_nothing_has_changed(act: Callable[[User], None], dana: User) -> None:
    act(dana)
    assert told() == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda it: it.__name__)
def test_without_mail_the_change_is_made_all_the_same(
    change: Callable[[User], None], dana: User, settings: Any
) -> None:
    settings.EMAIL_HOST = ""
    change(dana)
    assert told() == []


def test_an_address_that_is_none_does_not_stop_the_change(
    dana: User, caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.update(email="no address")
    dana.refresh_from_db()
    own_password(dana)
    dana.refresh_from_db()
    assert dana.check_password(NEW)
    assert told() == []
    assert f"was not written user={dana.pk}" in caplog.text
    assert "no address" not in caplog.text


def test_without_a_password_no_link_for_one_is_offered(dana: User) -> None:
    """For people who sign in through the company's own sign-in."""
    dana.set_unusable_password()
    dana.save()
    OutgoingMail.objects.all().delete()
    second_factor.offer(dana)
    set_up_without_password = browser(dana)
    code = code_of(key_on(set_up_without_password.get(SET_UP).text))
    set_up_without_password.post(SET_UP, {"code": code})
    [mail] = told()
    assert OWNER in mail.text
    assert LINK not in mail.text


@pytest.mark.parametrize(("language", "when"), [
    ("he", "זה קרה ביום ד׳, 25 במרץ 2026 12:00"),  # noqa: RUF001
    ("ar", "حدث ذلك يوم الأربعاء، 25 مارس 2026 12:00"),
    ("ru", "Когда: ср, 25 мар. 2026, 12:00"),  # noqa: RUF001
])  # fmt: skip
def test_it_is_in_the_language_that_the_owner_chose(
    language: str, when: str, server: MailServer, dana: User
) -> None:
    chosen_languages.choose(dana.pk, language)
    for change in (own_address, set_up, anothers_password):
        change(User.objects.get(pk=dana.pk))
    assert len(told()) == 4
    for mail in told():
        assert mail.headers["Content-Language"] == language
        assert when in mail.text
        rest = re.sub(r"https?://\S+|\u2068[^\u2069]*\u2069", "", mail.subject + mail.text)
        assert not re.search("[A-Za-z]", rest), rest
    User.objects.update(email=DANA)
    forgotten.send(DANA)
    assert "Choose a new password" not in server.kept[-1].message()["Subject"]


def test_managers_read_that_there_was_a_mail_but_not_its_text(dana: User) -> None:
    own_password(dana)
    [mail] = told()
    page = manager().get(f"/admin/callbacks/outgoingmail/{mail.pk}/change/").text
    assert "Your password was changed" in page
    assert "Only its recipient can read this mail." in page
    assert "198.51.100.7" not in page
