"""The second factor: required for every way in, set up, used once, lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from callbacks.common import sealing
from callbacks.models import Authenticator, Extension, RecoveryCode
from callbacks.signin import second_factor
from tests.support.authenticator import (
    CODE_PAGE,
    PASSWORD,
    SET_UP,
    code_of,
    given_to,
    key_on,
    with_password,
    wrong,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def demanded(settings: object) -> None:
    settings.SECOND_FACTOR_GROUPS = ["Owners", "Sales managers"]  # type: ignore[attr-defined]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def enter(client: Client, code: str, page: str = CODE_PAGE) -> int:
    return client.post(page, {"code": code}).status_code


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_whoever_is_asked_for_one_sets_it_up_before_anything_else(root: User) -> None:
    client = with_password(root)
    assert not is_in(client)
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0].startswith(SET_UP)
    assert "<svg" in page.text
    done = client.post(SET_UP, {"code": code_of(key_on(page.text)), "next": "/admin/leads/lead/"})
    codes = done.context["codes"]
    assert len(codes) == len(set(codes)) == 10
    assert done["Cache-Control"].find("no-store") >= 0
    assert 'href="/admin/leads/lead/"' in done.text
    assert is_in(client)
    assert LogEntry.objects.get(user=root).change_message == "Set up a second factor"


@pytest.mark.parametrize(("typed", "is_set_up"), [({}, False), ({"password": "another"}, False),
                                                  ({"password": PASSWORD}, True)])  # fmt: skip
def test_a_session_that_was_found_sets_none_up(
    typed: dict[str, str], is_set_up: bool, settings: object
) -> None:
    settings.SECOND_FACTOR_GROUPS = []  # type: ignore[attr-defined]
    client = with_password(User.objects.create_user("dana", password=PASSWORD, is_staff=True))
    code = code_of(key_on(client.get(SET_UP).text))
    answer = client.post(SET_UP, {"code": code, **typed})
    assert answer.status_code == (200 if is_set_up else 422)
    assert Authenticator.objects.filter(confirmed=True).exists() == is_set_up


def test_without_a_password_none_is_asked_for(settings: object, client: Client) -> None:
    """For people who sign in through the company's own sign-in."""
    settings.SECOND_FACTOR_GROUPS = []  # type: ignore[attr-defined]
    client.force_login(User.objects.create_user("dana", is_staff=True))
    code = code_of(key_on(client.get(SET_UP).text))
    assert client.post(SET_UP, {"code": code}).status_code == 200
    assert Authenticator.objects.get().confirmed


def test_codes_and_key_are_kept_where_nobody_reads_them(root: User) -> None:
    client = with_password(root)
    page = client.get(SET_UP)
    key = key_on(page.text)
    codes = client.post(SET_UP, {"code": code_of(key)}).context["codes"]
    stored = Authenticator.objects.get()
    assert stored.key() == key
    assert key.hex() not in stored.sealed_key
    digests = RecoveryCode.objects.values_list("digest", flat=True)
    assert not any(code.replace("-", "") in digest for code in codes for digest in digests)
    everywhere = client.get("/sign-in/").text + client.get("/admin/callbacks/authenticator/").text
    assert not any(code in everywhere for code in codes)
    assert stored.sealed_key not in everywhere


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every route of the project, including those with parts to fill in."""
    for it in patterns:
        route = before + str(it.pattern).lstrip("^").rstrip("$")
        if isinstance(it, URLResolver):
            yield from addresses(it.url_patterns, route)
        else:
            yield route


EVERYWHERE = sorted(set(addresses(get_resolver().url_patterns)))


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_password_alone_opens_no_address(method: str, root: User, extension: Extension) -> None:
    Extension.objects.update(user=root)
    given_to(root)
    half, stranger = with_password(root), Client()
    plain = [it for it in EVERYWHERE if not any(mark in it for mark in "<(?\\[")]
    inside = [it for it in plain if it.startswith(("/admin/", "/desk/"))]
    assert len(inside) > 50
    let_in = []
    for address in inside:
        if address.startswith(("/admin/login", "/desk/login", "/admin/logout", "/desk/logout")):
            continue
        if address == "/admin/jsi18n/":
            continue  # texts for scripts, for everybody
        answer = getattr(half, method)(address)
        if answer.status_code != getattr(stranger, method)(address).status_code or (
            answer.status_code == 200
        ):
            let_in.append((address, answer.status_code))
    assert let_in == []


@pytest.mark.parametrize(
    "address",
    [
        "/admin/reports/callback-times/",
        "/admin/leads/lead/",
        "/admin/reports/people/",
        "/admin/password_change/",
        "/desk/now/",
        "/desk/password/",
        "/sign-in/",
    ],
)
def test_a_code_opens_what_a_password_did_not(
    address: str, root: User, extension: Extension
) -> None:
    Extension.objects.update(user=root)
    key = given_to(root)
    client = with_password(root)
    assert client.get(address).status_code in (302, 401)
    assert enter(client, code_of(key)) == 302
    assert client.get(address).status_code == 200


def test_who_has_one_is_asked_also_where_none_is_demanded(settings: object, root: User) -> None:
    settings.SECOND_FACTOR_GROUPS = []  # type: ignore[attr-defined]
    key = given_to(root)
    client = with_password(root)
    assert not is_in(client)
    assert enter(client, code_of(key)) == 302
    assert is_in(client)


@pytest.mark.parametrize(
    ("group", "is_asked"), [("Sales managers", True), ("Salespeople", False), ("", False)]
)
def test_it_is_demanded_by_group(group: str, is_asked: bool, extension: Extension) -> None:
    dana = User.objects.create_user("dana", password=PASSWORD)
    Extension.objects.update(user=dana)
    if group:
        dana.groups.add(Group.objects.get_or_create(name=group)[0])
    status = with_password(dana).get("/desk/").status_code
    assert status == (302 if is_asked else 200)


def test_who_has_one_cannot_set_another_up_at_the_door(root: User) -> None:
    given_to(root)
    client = with_password(root)
    assert client.get(SET_UP)["Location"].startswith(CODE_PAGE)
    stranger_has = second_factor.offer(root)
    assert enter(client, code_of(stranger_has.key()), SET_UP) == 302
    assert not is_in(client)


def test_a_code_counts_once(root: User, clock: time_machine.Traveller) -> None:
    key = given_to(root)
    code = code_of(key)
    first = with_password(root)
    assert enter(first, code) == 302
    second = with_password(root)
    assert enter(second, code) == 422
    assert not is_in(second)
    clock.shift(timedelta(seconds=30))
    assert enter(second, code_of(key)) == 302


def test_wrong_codes_make_the_next_one_wait(root: User, clock: time_machine.Traveller) -> None:
    key = given_to(root)
    client = with_password(root)
    for _ in range(4):
        clock.shift(timedelta(seconds=60))
        assert enter(client, wrong(key)) == 422
    # The right code is refused too, for eight seconds.
    assert enter(client, code_of(key)) == 422
    assert "in 8 seconds" in client.post(CODE_PAGE, {"code": code_of(key)}).text
    clock.shift(timedelta(seconds=9))
    assert enter(client, code_of(key)) == 302


def test_the_wait_ends_for_the_real_one(root: User, clock: time_machine.Traveller) -> None:
    key = given_to(root)
    for _ in range(30):
        clock.shift(timedelta(hours=1))
        assert second_factor.passes(root, wrong(key)) is None
    clock.shift(timedelta(minutes=35))
    assert second_factor.passes(root, code_of(key)) is not None


def test_a_recovery_code_counts_once_and_never_waits(root: User) -> None:
    key = given_to(root)
    codes = second_factor.new_codes(root)
    client = with_password(root)
    assert enter(client, wrong(key)) == 422
    assert enter(client, codes[3].lower()) == 302
    assert is_in(client)
    again = with_password(root)
    assert enter(again, codes[3]) == 422
    assert second_factor.codes_left(root) == 9
    assert LogEntry.objects.filter(change_message="Signed in with a recovery code").count() == 1


def test_somebody_elses_code_is_none(root: User) -> None:
    given_to(root)
    dana = User.objects.create_superuser("dana", password=PASSWORD)
    danas = given_to(dana)
    client = with_password(root)
    assert enter(client, code_of(danas)) == 422
    assert enter(client, second_factor.new_codes(dana)[0]) == 422


def test_the_session_gets_another_key_with_the_code(root: User) -> None:
    key = given_to(root)
    client = with_password(root)
    before = client.cookies["sessionid"].value
    enter(client, code_of(key))
    known = Client()
    known.cookies["sessionid"] = before
    assert is_in(client)
    assert not is_in(known)


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00" * 6, "x" * 5000]
)
def test_no_text_is_an_error_of_ours(text: str, root: User) -> None:
    given_to(root)
    assert enter(with_password(root), text) == 422


def test_it_leads_to_no_other_site(root: User) -> None:
    key = given_to(root)
    client = with_password(root)
    answer = client.post(CODE_PAGE, {"code": code_of(key), "next": "https://evil.example/"})
    assert answer["Location"] == "/admin/"


def test_an_owner_resets_a_lost_one(root: User, admin_client: Client) -> None:
    admin_key = given_to(User.objects.get(username="admin"))
    assert enter(admin_client, code_of(admin_key)) == 302
    key = given_to(root)
    second_factor.new_codes(root)
    inside = with_password(root)
    enter(inside, code_of(key))
    chosen = {"action": "reset_selected", "_selected_action": root.authenticators.get().pk}
    asked = admin_client.post("/admin/callbacks/authenticator/", chosen)
    assert Authenticator.objects.filter(user=root).exists(), "asked first"
    assert "their password alone opens" in asked.text
    admin_client.post("/admin/callbacks/authenticator/", chosen | {"confirmed": "1"})
    assert not Authenticator.objects.filter(user=root).exists()
    assert not RecoveryCode.objects.filter(user=root).exists()
    assert not is_in(inside), "what it has opened is asked anew"
    entry = LogEntry.objects.get(change_message__startswith="Reset the second factor")
    assert (entry.user.username, entry.object_id) == ("admin", str(root.pk))


def test_the_last_owner_is_helped_by_the_command_line(root: User) -> None:
    given_to(root)
    call_command("signin", "reset-second-factor", "root")
    assert second_factor.of(root) is None
    assert "command line" in LogEntry.objects.get(user=root).change_message
    with pytest.raises(CommandError, match="no second factor"):
        call_command("signin", "reset-second-factor", "root")


def test_keys_are_changed_without_anybody_noticing(root: User, settings: object) -> None:
    key = given_to(root)
    old, new = "o" * 50, "n" * 50
    before = settings.SIGN_IN_KEYS  # type: ignore[attr-defined]
    settings.SIGN_IN_KEYS = [new, *before]  # type: ignore[attr-defined]
    call_command("signin", "seal-anew")
    settings.SIGN_IN_KEYS = [new]  # type: ignore[attr-defined]
    assert enter(with_password(root), code_of(key)) == 302
    settings.SIGN_IN_KEYS = [old]  # type: ignore[attr-defined]
    with pytest.raises(sealing.CannotOpen):
        Authenticator.objects.get().key()
    with pytest.raises(CommandError, match="1 keys were encrypted"):
        call_command("signin", "seal-anew")
    client = with_password(root)
    assert "keys were changed" in client.post(CODE_PAGE, {"code": "123456"}).text


def test_another_phone_takes_a_fresh_code(root: User, clock: time_machine.Traveller) -> None:
    key = given_to(root)
    client = with_password(root)
    enter(client, code_of(key))
    clock.shift(timedelta(minutes=11))
    assert client.get(SET_UP)["Location"].startswith(CODE_PAGE)
    assert client.post("/sign-in/recovery-codes/")["Location"].startswith(CODE_PAGE)
    enter(client, code_of(key))
    other = key_on(client.get(SET_UP).text)
    assert other != key
    assert enter(client, code_of(other), SET_UP) == 200
    assert second_factor.of(root).key() == other  # type: ignore[union-attr]
    assert is_in(client)
