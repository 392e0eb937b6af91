"""With which secrets, and from which addresses, the provider's posts are taken."""

import time
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from callbacks.common import heartbeats
from callbacks.telephony import post_secrets
from tests.support.simulator import eventually

pytestmark = pytest.mark.django_db
NEW, OLD = "new-0123456789-abcdefghijklmnopqr", "old-0123456789-abcdefghijklmnopqr"


@pytest.fixture(autouse=True)
def _changing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CDR_SECRET, settings.CDR_SECRET_PREVIOUS = NEW, OLD
    monkeypatch.setattr(post_secrets, "_noted", {})
    heartbeats._client().delete("callbacks:seen")


def post(secret: str, what: str = "cdr", **more: Any) -> int:
    path = f"/webhooks/voicenter/{secret}/{what}/"
    body = {"phone": "0505550101", "ivrid": "x", "status": "Ringing", "extenUser": "101"}
    return Client().post(path, body, content_type="application/json", **more).status_code


@pytest.mark.parametrize("what", ["cdr", "popup"])
def test_both_are_taken_while_the_secret_changes(what: str, settings: Settings) -> None:
    assert (post(NEW, what), post(OLD, what), post("wrong", what)) == (200, 200, 404)
    settings.CDR_SECRET_PREVIOUS = ""
    assert (post(NEW, what), post(OLD, what)) == (200, 404)


@pytest.mark.parametrize("given", ["", "ש", NEW[:-1], NEW + "x", NEW.upper()])
def test_no_other_is(given: str, settings: Settings) -> None:
    assert post_secrets.named(given.encode()) == ""
    settings.CDR_SECRET = settings.CDR_SECRET_PREVIOUS = ""
    assert post_secrets.named(given.encode()) == ""


def test_it_is_known_which_are_in_use() -> None:
    began = time.time()
    post(OLD, "popup")
    post("wrong", "popup")
    post(NEW)  # no record: not from the provider
    used = eventually(post_secrets.last_used)
    assert set(used) == {"CDR_SECRET_PREVIOUS"}
    assert used["CDR_SECRET_PREVIOUS"] >= began - 1
    post(NEW, "popup")
    eventually(lambda: set(post_secrets.last_used()) == {"CDR_SECRET", "CDR_SECRET_PREVIOUS"})


ADDRESSES = {
    "one that is allowed": ("192.0.2.7", "", 200),
    "one that is not": ("198.51.100.7", "", 404),
    "allowed, past our proxy": ("127.0.0.1", "192.0.2.7", 200),
    "not allowed, past our proxy": ("127.0.0.1", "198.51.100.7", 404),
    "a forged one": ("127.0.0.1", "192.0.2.7, 198.51.100.7", 404),
    "forged without a proxy": ("198.51.100.7", "192.0.2.7", 404),
    "in IPv6": ("2001:db8::7", "", 200),
    "IPv4 as IPv6": ("::ffff:192.0.2.7", "", 200),
    "none": ("", "", 404),
}


@pytest.mark.parametrize("what", ["cdr", "popup"])
@pytest.mark.parametrize(("peer", "forwarded", "status"), ADDRESSES.values(), ids=ADDRESSES)
def test_posts_come_from_the_addresses_that_are_named(
    peer: str, forwarded: str, status: int, what: str, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.VOICENTER_ADDRESSES = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
    more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert post(NEW, what, REMOTE_ADDR=peer, **more) == status


def test_without_names_they_come_from_everywhere() -> None:
    assert post(NEW, REMOTE_ADDR="198.51.100.7") == 200
