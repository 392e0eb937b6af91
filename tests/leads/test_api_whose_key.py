"""An Idempotency-Key is its sender's: using it first does not block anybody else's request."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from leads import api_keys
from leads.models import ApiClient, Lead, LeadSource

pytestmark = pytest.mark.django_db
OURS, THEIRS = "203.0.113.7", "198.51.100.9"
PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def _proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]


def send(
    client: Client, place: int, sender: str = OURS, key: str = "", forwarded: str = ""
) -> HttpResponse:
    headers = {"Idempotency-Key": "order-1001"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if forwarded:
        headers["X-Forwarded-For"] = forwarded
    fields = {"source": "website", "name": "Noa Levi", "phone": f"050-555 0{place}"}
    answer: Any = client.post("/api/leads/", fields, REMOTE_ADDR=sender, headers=headers)
    return answer  # type: ignore[no-any-return]


def key_of(name: str) -> str:
    return api_keys.make(ApiClient.objects.create(name=name), None, None)[1]


# The stranger sends first, then our own server, with other fields under the same Idempotency-Key.
STRANGERS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("another address", {"sender": THEIRS}, {"sender": OURS}),
    ("another address behind the proxy", {"sender": PROXY, "forwarded": THEIRS},
     {"sender": PROXY, "forwarded": OURS}),
    ("without a key, ours with one", {"sender": OURS}, {"sender": OURS, "key": "Shop"}),
    ("with a key, ours without", {"sender": OURS, "key": "Other"}, {"sender": OURS}),
    ("with a key of another client", {"key": "Other"}, {"key": "Shop"}),
    ("behind a proxy that nobody declared", {"sender": "192.0.2.1", "forwarded": THEIRS},
     {"sender": "192.0.2.1", "forwarded": OURS}),
    ("behind a proxy that tells no address", {"sender": PROXY}, {"sender": PROXY}),
    ("where no address is known", {"sender": ""}, {"sender": ""}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stranger", "ours"), [it[1:] for it in STRANGERS], ids=[it[0] for it in STRANGERS]
)
def test_a_stranger_who_used_it_first_keeps_nobody_away(
    stranger: dict[str, str], ours: dict[str, str], client: Client, source: LeadSource
) -> None:
    keys = {name: key_of(name) for name in ("Shop", "Other")}

    def sent(place: int, of: dict[str, str]) -> HttpResponse:
        return send(client, place, **{**of, "key": keys.get(of.get("key", ""), "")})

    assert sent(101, stranger).status_code == 201
    first = sent(102, ours)
    assert first.status_code == 201
    assert sent(102, ours).content == first.content  # the same request again gets the same answer
    assert set(Lead.objects.values_list("phone", flat=True)) == {"+972505550101", "+972505550102"}
    assert Lead.objects.count() == 2


# The same sender reuses the key with other fields: a mistake, which the answer reports.
SENDERS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("one address", {"sender": OURS}, {"sender": OURS}),
    ("one customer's IPv6 network", {"sender": "2001:db8::1"}, {"sender": "2001:db8::2"}),
    ("one address behind the proxy", {"sender": PROXY, "forwarded": OURS},
     {"sender": "10.0.0.2", "forwarded": f"192.0.2.9, {OURS}"}),
    ("one client, from anywhere", {"sender": OURS, "key": "Shop"},
     {"sender": THEIRS, "key": "Shop"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"), [it[1:] for it in SENDERS], ids=[it[0] for it in SENDERS]
)
def test_the_same_sender_with_other_fields_is_told_so(
    first: dict[str, str], second: dict[str, str], client: Client, source: LeadSource
) -> None:
    keys = {"Shop": key_of("Shop")}
    assert send(client, 101, **{**first, "key": keys.get(first.get("key", ""), "")})
    again = send(client, 102, **{**second, "key": keys.get(second.get("key", ""), "")})
    assert again.status_code == 422
    assert Lead.objects.count() == 1


def test_a_key_that_replaces_another_goes_on_with_what_that_one_sent(
    client: Client, source: LeadSource
) -> None:
    shop = ApiClient.objects.create(name="Shop")
    old, new = (api_keys.make(shop, None, None)[1] for _ in range(2))
    assert send(client, 101, key=old).content == send(client, 101, key=new).content
    assert Lead.objects.count() == 1


def test_it_is_the_client_s_also_when_the_source_is_off(client: Client, source: LeadSource) -> None:
    shop, other = key_of("Shop"), key_of("Other")
    first = send(client, 101, key=shop)
    LeadSource.objects.update(is_active=False)
    assert send(client, 101, key=shop).content == first.content
    assert send(client, 101, key=other).status_code == 404
