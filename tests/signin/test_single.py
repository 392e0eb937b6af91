"""Single sign-on against a provider that speaks the protocol over HTTP."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.test import Client

from callbacks.models import Extension
from tests.support.authenticator import code_of, given_to
from tests.support.oidc_provider import Provider, provider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as it:
        yield it


@pytest.fixture
def known(running: Provider, settings: Any) -> Provider:
    """A provider that the site uses."""
    running.person = {"sub": "42", "email": "dana@example.com", "email_verified": True}
    running.token, running.signs_with, running.is_broken = {}, running.key, False
    running.refused.clear()
    for name, value in running.settings().items():
        setattr(settings, name, value)
    settings.AUTHENTICATION_BACKENDS = [
        *django_settings.AUTHENTICATION_BACKENDS, "callbacks.signin.single.Backend",
    ]  # fmt: skip
    return running


@pytest.fixture
def dana(extension: Extension) -> User:
    user = User.objects.create_user("dana", "Dana@example.com")
    Extension.objects.update(user=user)
    return user


def back_address(client: Client, query: str = "") -> str:
    """The path and query that the provider sends the browser back to."""
    asked = client.get(f"/sign-in/single/{query}")
    assert asked.status_code == 302, asked
    sent = requests.get(asked["Location"], allow_redirects=False, timeout=30)
    parts = urlsplit(sent.headers["Location"])
    assert parts.path == "/sign-in/single/back/"
    return f"{parts.path}?{parts.query}"


def sign_in(client: Client, query: str = "") -> Any:
    return client.get(back_address(client, query))


def is_in(client: Client) -> bool:
    return client.get("/sign-in/").status_code == 200


def test_who_has_a_login_is_let_in(known: Provider, dana: User) -> None:
    client = Client()
    assert sign_in(client)["Location"] == "/desk/"
    assert client.get("/desk/").status_code == 200
    client.post("/desk/logout/")
    assert not is_in(client)


def test_it_leads_where_they_were_going_and_to_no_other_site(known: Provider, dana: User) -> None:
    assert sign_in(Client(), "?next=/sign-in/")["Location"] == "/sign-in/"
    assert sign_in(Client(), "?next=https://evil.example/")["Location"] == "/desk/"


def test_the_second_factor_is_asked_here_too(known: Provider, dana: User) -> None:
    key = given_to(dana)
    client = Client()
    sign_in(client)
    assert not is_in(client)
    client.post("/sign-in/code/", {"code": code_of(key)})
    assert is_in(client)


def change_key(it: Provider) -> None:
    it.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def tells(**claims: Any) -> Callable[[Provider], None]:
    return lambda it: it.person.update(claims)


def token(**claims: Any) -> Callable[[Provider], None]:
    return lambda it: it.token.update(claims)


def breaks(it: Provider) -> None:
    it.is_broken = True


@pytest.mark.parametrize(
    "change",
    [
        tells(email_verified=False),
        tells(email_verified="true"),
        tells(email_verified=None),
        tells(email="dana@evil.example"),
        tells(email="dana@example.com@evil.example"),
        tells(email="dana@sub.example.com"),
        tells(email=None),
        tells(email=["dana@example.com"]),
        token(iss="http://127.0.0.1:1"),
        token(aud="another-site"),
        token(aud=["callbacks", "another-site"]),
        token(aud=None),
        token(sub="43"),
        token(nonce="another"),
        token(nonce=None),
        token(exp=1),
        token(exp=None),
        change_key,
        breaks,
    ],
    ids=[
        "address not verified", "verified as a word", "nobody says verified", "another domain",
        "two signs", "a domain below ours", "no address", "a list of addresses",
        "another issuer", "for another site", "for two sites", "for nobody", "another person's",
        "another nonce", "no nonce", "over", "without end", "another key", "no token",
    ],
)  # fmt: skip
def test_who_is_not_let_in(change: Callable[[Provider], None], known: Provider, dana: User) -> None:
    change(known)
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "You are not signed in" in answer.text
    assert not is_in(client)


def test_a_login_that_is_switched_off_stays_outside(known: Provider, dana: User) -> None:
    client = Client()
    sign_in(client)
    assert is_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client), "with the session that it had"
    assert sign_in(Client()).status_code == 403


def test_an_answer_counts_once_and_in_its_browser(known: Provider, dana: User) -> None:
    client, other = Client(), Client()
    address = back_address(client)
    assert other.get(address).status_code == 403
    assert client.get(address).status_code == 302
    client.post("/desk/logout/")
    assert client.get(address).status_code == 403
    back_address(other)
    assert other.get(address).status_code == 403


def test_the_provider_gets_the_verifier(known: Provider, dana: User) -> None:
    client = Client()
    address = back_address(client)
    code = parse_qs(urlsplit(address).query)["code"][0]
    stolen = {"code": code, "client_id": "callbacks", "client_secret": known.settings()[
        "OIDC_RP_CLIENT_SECRET"], "code_verifier": "x" * 64}  # fmt: skip
    assert requests.post(f"{known.url}/token", data=stolen, timeout=30).status_code == 400
    assert known.refused == ["verifier"]


def test_two_logins_of_one_address_let_nobody_in(known: Provider, dana: User) -> None:
    User.objects.create_user("dana2", "dana@example.com")
    assert sign_in(Client()).status_code == 403


def test_nobody_gets_a_login_unless_that_is_set(known: Provider, settings: Any) -> None:
    assert sign_in(Client()).status_code == 403
    assert not User.objects.exists()
    settings.OIDC_CREATE_USER = True
    known.person |= {"is_superuser": True, "is_staff": True, "groups": ["admins"]}
    assert sign_in(Client()).status_code == 302
    made = User.objects.get()
    assert (made.username, made.is_superuser, made.is_staff) == ("dana@example.com", False, False)
    assert not made.has_usable_password()
    assert not made.groups.exists()


def test_groups_follow_the_provider(known: Provider, dana: User, settings: Any) -> None:
    settings.OIDC_GROUPS = [("sales-leads", "Leading"), ("sales", "Selling")]
    groups = {it: Group.objects.create(name=it) for it in ("Leading", "Selling", "Own")}
    dana.groups.add(groups["Leading"], groups["Own"])
    known.person["groups"] = ["sales", "others"]
    sign_in(Client())
    assert set(dana.groups.values_list("name", flat=True)) == {"Selling", "Own"}
    known.person["groups"] = "sales-leads"
    sign_in(Client())
    assert set(dana.groups.values_list("name", flat=True)) == {"Own"}


def test_it_is_off_unless_it_is_configured(client: Client) -> None:
    assert client.get("/sign-in/single/").status_code == 404
    assert client.get("/sign-in/single/back/?code=1&state=1").status_code == 404
    assert "/sign-in/single/" not in client.get("/admin/login/").text


@pytest.mark.parametrize("page", ["/admin/login/", "/desk/login/"])
def test_the_login_pages_offer_it(page: str, known: Provider, client: Client) -> None:
    assert "/sign-in/single/" in client.get(page).text
