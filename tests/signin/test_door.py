"""Password attempts: slowed down for each name, a few at a time, and nobody is locked out."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from callbacks.models import NameTries
from callbacks.signin import door, tries
from tests.support.authenticator import PASSWORD
from tests.support.simulator import eventually

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
ALLOWED = tries.PASSWORDS.at_once


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def try_password(
    client: Client, password: str, number: int = 0, name: str = "root", page: str = "/admin/login/"
) -> HttpResponse:
    sender = f"198.51.{100 + number // 250}.{number % 250}"
    typed = {"username": name, "password": password}
    return client.post(page, typed, REMOTE_ADDR=sender)  # type: ignore[return-value]


def use_up(name: str = "root") -> None:
    tried = 0
    while tries.take(tries.PASSWORDS, name, datetime.now(UTC)) == 0:
        tried += 1
    assert tried in (ALLOWED, ALLOWED - 1)


@pytest.mark.parametrize("page", ["/admin/login/", "/desk/login/"])
def test_many_addresses_are_slowed_down_together(
    page: str, root: User, clock: time_machine.Traveller
) -> None:
    use_up()
    answer = try_password(Client(), "wrong", 1, page=page)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "30"
    assert "new browsers take turns" in answer.text
    # Even the right password is not checked.
    assert try_password(Client(), PASSWORD, 2, page=page).status_code == 429
    clock.shift(timedelta(seconds=31))
    assert try_password(Client(), PASSWORD, 3, page=page).status_code == 302
    assert try_password(Client(), PASSWORD, 4, page=page).status_code == 429


def test_a_known_browser_is_never_slowed_down(root: User, clock: time_machine.Traveller) -> None:
    known = Client()
    assert try_password(known, PASSWORD).status_code == 302
    known.post("/admin/logout/")
    use_up()
    assert try_password(Client(), PASSWORD, 1).status_code == 429
    assert try_password(known, PASSWORD, 2).status_code == 302


def test_other_names_are_not_slowed_down(root: User, clock: time_machine.Traveller) -> None:
    use_up("dana")
    assert try_password(Client(), PASSWORD).status_code == 302


@pytest.mark.parametrize("spelling", [" root", "root ", "\uff52\uff4f\uff4f\uff54", "root\t"])
def test_another_spelling_of_a_name_is_that_name(
    spelling: str, root: User, clock: time_machine.Traveller
) -> None:
    use_up()
    assert try_password(Client(), PASSWORD, name=spelling).status_code == 429


def test_after_a_quiet_while_it_begins_anew(root: User, clock: time_machine.Traveller) -> None:
    use_up()
    clock.shift(timedelta(minutes=16))
    use_up()


def test_what_is_typed_as_a_name_is_not_kept(root: User) -> None:
    try_password(Client(), "wrong", name="my-secret-password")
    assert "my-secret-password" not in str(NameTries.objects.values_list())


def test_what_is_old_is_not_kept(root: User, clock: time_machine.Traveller) -> None:
    use_up()
    clock.shift(timedelta(days=2))
    tries.forget_old(datetime.now(UTC))
    assert not NameTries.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_one_moment_no_more_are_let_through() -> None:
    def one(_: int) -> int:
        try:
            return tries.take(tries.PASSWORDS, "root", NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        let_through = list(pool.map(one, range(ALLOWED * 3))).count(0)
    assert let_through == ALLOWED


def post() -> HttpRequest:
    return RequestFactory().post("/admin/login/", {"username": "root"})


def test_two_passwords_are_checked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LONGEST_WAIT", 60.0)  # a busy machine may need longer than usual
    go_on, both_in = threading.Event(), threading.Semaphore(0)

    def slow() -> HttpResponse:
        both_in.release()
        go_on.wait()
        return HttpResponse("checked")

    with ThreadPoolExecutor(door.AT_A_TIME + door.WAITING) as pool:
        inside = [
            pool.submit(door.few_at_a_time, post(), slow)
            for _ in range(door.AT_A_TIME + door.WAITING)
        ]
        for _ in range(door.AT_A_TIME):
            both_in.acquire()
        assert not both_in.acquire(blocking=False), "a third one is checked"
        # Reads the number of places without taking one, because a taken place would turn others
        # away.
        eventually(lambda: door._inside._value == 0)
        answer = door.few_at_a_time(post(), slow)
        go_on.set()
        assert [it.result().content for it in inside] == [b"checked"] * len(inside)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert b"Too many people are signing in just now" in answer.content
    assert door.few_at_a_time(post(), lambda: HttpResponse("next")).content == b"next"


def test_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LONGEST_WAIT", 0.01)
    for _ in range(door.AT_A_TIME):
        door._hashing.acquire()
    try:
        assert door.few_at_a_time(post(), HttpResponse).status_code == 503
    finally:
        for _ in range(door.AT_A_TIME):
            door._hashing.release()


def test_a_page_that_breaks_leaves_its_place() -> None:
    def broken() -> HttpResponse:
        raise RuntimeError

    for _ in range(door.AT_A_TIME + door.WAITING + 1):
        with pytest.raises(RuntimeError):
            door.few_at_a_time(post(), broken)
