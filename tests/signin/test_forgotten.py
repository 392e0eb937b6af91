"""A forgotten password: a link by mail, and the same answer for everybody."""

import queue
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from callbacks.common.aside import Aside
from callbacks.models import OutgoingMail
from callbacks.signin import forgotten
from tests.support.authenticator import PASSWORD, given_to
from tests.support.mail_server import MailServer
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts

pytestmark = pytest.mark.django_db
PAGE = "/sign-in/forgotten/"
NEW = "another-word-and-8"


@pytest.fixture
def dana() -> User:
    return User.objects.create_user("dana", "dana@example.com", PASSWORD, is_staff=True)


def link_in(mail: MailServer) -> str:
    found = re.search(
        r"https://callbacks\.example\.com(/sign-in/new-password/[\w/-]+)", mailed(mail)
    )
    assert found is not None
    return found[1]


def mailed(mail: MailServer) -> str:
    return re.sub(r"=\r?\n", "", str(mail.kept[-1])).replace("=3D", "=")


def choose(client: Client, link: str, password: str = NEW) -> Any:
    page = client.get(link, follow=True)
    typed = {"new_password1": password, "new_password2": password}
    return client.post(page.request["PATH_INFO"], typed)


@pytest.mark.parametrize("typed", ["dana@example.com", "nobody@example.com", "DANA@EXAMPLE.COM"])
def test_everybody_reads_the_same(typed: str, mail: MailServer, dana: User) -> None:
    answer = Client().post(PAGE, {"email": typed}, HTTP_HOST="localhost")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/forgotten/sent/")
    assert "If a login has this address" in Client().get(answer["Location"]).text
    eventually(lambda: not forgotten._aside._is_busy)


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_gets_a_link(mail: MailServer, dana: User) -> None:
    Client().post(PAGE, {"email": "dana@example.com"})
    eventually(lambda: mail.kept)
    assert choose(Client(), link_in(mail))["Location"] == "/desk/login/"


def test_where_no_thread_can_be_started_everybody_reads_the_same(
    mail: MailServer, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(forgotten, "send", sent.append)
    monkeypatch.setattr(forgotten, "_aside", Aside("fresh", forgotten._send_waiting))
    with no_thread_starts(monkeypatch):
        for number in range(forgotten._MOST_WAITING + 5):
            asked = {"email": f"dana{number}@example.com"}
            answer = Client().post(PAGE, asked, REMOTE_ADDR=f"198.51.100.{number}")
            assert (answer.status_code, answer["Location"]) == (302, "/sign-in/forgotten/sent/")
    Client().post(PAGE, {"email": "dana@example.com"}, REMOTE_ADDR="203.0.113.1")
    eventually(lambda: len(sent) >= forgotten._MOST_WAITING and not forgotten._aside._is_busy)
    Client().post(PAGE, {"email": "noa@example.com"}, REMOTE_ADDR="203.0.113.2")
    eventually(lambda: sent[-1] == "noa@example.com")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_breaks_fails_one_mail_and_not_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []

    def send(typed: str) -> None:
        User.objects.exists()
        if typed == "dana@example.com":
            connection.connection.close()  # as a restart of PostgreSQL does
            User.objects.exists()
        sent.append(typed)

    monkeypatch.setattr(forgotten, "send", send)
    for typed in ("dana@example.com", "noa@example.com"):
        forgotten._waiting.put(typed)
    forgotten._send_waiting()
    assert sent == ["noa@example.com"]


def test_the_link_leads_to_a_new_password_once(mail: MailServer, dana: User) -> None:
    assert forgotten.send("dana@example.com") == 1
    link = link_in(mail)
    client = Client()
    assert choose(client, link)["Location"] == "/desk/login/"
    dana.refresh_from_db()
    assert dana.check_password(NEW)
    assert "This link no longer works" in client.get(link, follow=True).text
    assert LogEntry.objects.get(user=dana).change_message.startswith("Set a new password")
    assert client.get("/sign-in/").status_code == 302, "it signs nobody in"
    kept = OutgoingMail.objects.values_list("text", flat=True)
    assert not [it for it in kept if "new-password" in it], "managers read what is kept"


def test_it_asks_for_the_second_factor_all_the_same(mail: MailServer, dana: User) -> None:
    given_to(dana)
    forgotten.send("dana@example.com")
    client = Client()
    choose(client, link_in(mail))
    client.post("/desk/login/", {"username": "dana", "password": NEW})
    assert client.get("/sign-in/").status_code == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/code/")


@pytest.mark.parametrize("password", ["short", "Password1234!", "dana@example.com"])
def test_a_weak_one_is_refused(password: str, mail: MailServer, dana: User) -> None:
    forgotten.send("dana@example.com")
    assert choose(Client(), link_in(mail), password).status_code == 200
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


def test_other_sessions_end(mail: MailServer, dana: User) -> None:
    thief = Client()
    thief.force_login(dana)
    assert thief.get("/sign-in/").status_code == 200
    forgotten.send("dana@example.com")
    choose(Client(), link_in(mail))
    assert thief.get("/sign-in/").status_code == 302


def test_a_link_holds_for_an_hour(mail: MailServer, dana: User) -> None:
    with time_machine.travel(datetime(2026, 3, 25, tzinfo=UTC), tick=False) as clock:
        forgotten.send("dana@example.com")
        clock.shift(timedelta(minutes=61))
        assert "This link no longer works" in Client().get(link_in(mail), follow=True).text


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"password": "!"}], ids=["switched off", "no password"]
)
def test_who_cannot_log_in_by_password_gets_none(
    change: dict[str, Any], mail: MailServer, dana: User
) -> None:
    User.objects.update(**change)
    assert forgotten.send("dana@example.com") == 0
    assert mail.kept == []


def test_a_mailbox_is_not_filled(
    mail: MailServer, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(forgotten, "_waiting", asked)
    monkeypatch.setattr(forgotten._aside, "wake", lambda: None)
    for number in range(5):
        typed = {"email": ["dana@example.com", "Dana@Example.com"][number % 2]}
        Client().post(PAGE, typed, REMOTE_ADDR=f"198.51.100.{number}")
    assert asked.qsize() == 1
    for number in range(30):
        typed = {"email": f"somebody{number}@example.com"}
        Client().post(PAGE, typed, REMOTE_ADDR="203.0.113.9")
    assert asked.qsize() == 11


def test_without_mail_there_is_no_such_page(client: Client) -> None:
    assert client.get(PAGE).status_code == 404
    assert PAGE not in client.get("/desk/login/").text


@pytest.mark.parametrize("page", ["/admin/login/", "/desk/login/"])
def test_the_login_pages_lead_there(page: str, mail: MailServer, client: Client) -> None:
    assert PAGE in client.get(page).text
