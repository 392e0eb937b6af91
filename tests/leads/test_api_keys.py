"""API keys: whose requests are accepted, and how the others are answered."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from callbacks.config.logs import LineFormatter
from leads import api_keys
from leads.guard import counters
from leads.guard.rate import read
from leads.models import ApiClient, ApiKey, Lead, LeadSource, LeadStatus

pytestmark = pytest.mark.django_db
URL = "/api/leads/"
SENDER = {"REMOTE_ADDR": "203.0.113.7"}
STRANGE = "lc_abcdefgh_" + "k" * 43


@pytest.fixture
def shop(source: LeadSource) -> ApiClient:
    return ApiClient.objects.create(name="Shop")


@pytest.fixture
def key(shop: ApiClient) -> str:
    return api_keys.make(shop, None, None)[1]


def send(client: Client, key: str = "", place: int = 101, **values: Any) -> HttpResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    headers |= values.pop("headers", {})
    fields = {"source": "website", "name": "Noa Levi", "phone": f"050-555 0{place}", **values}
    return client.post(URL, fields, headers=headers, **SENDER)  # type: ignore[arg-type,return-value]


def says(answer: Any, field: str = "Authorization") -> str:
    [sentence] = answer.json()["errors"][field]
    return str(sentence)


def test_what_comes_with_a_key_is_called_and_says_whose_it_was(
    client: Client, key: str, shop: ApiClient
) -> None:
    assert send(client, key).status_code == 201
    lead = Lead.objects.get()
    assert (lead.status, lead.came_by, lead.api_client) == (LeadStatus.WAITING, "api", shop)


def test_a_key_is_kept_as_a_hash_and_its_beginning(key: str, shop: ApiClient) -> None:
    kept = ApiKey.objects.get()
    assert re.fullmatch(r"lc_[a-z2-7]{8}_[\w-]{43}", key)
    assert key.startswith(f"{kept.prefix}_")
    secret = key.removeprefix(f"{kept.prefix}_")
    assert secret not in str(ApiKey.objects.values().get())
    assert key != api_keys.make(shop, None, None)[1]


def _ended(key: ApiKey) -> None:
    api_keys.end(key, timezone.now())


def _expired(key: ApiKey) -> None:
    ApiKey.objects.update(expires_at=timezone.now())


def _off(key: ApiKey) -> None:
    ApiClient.objects.update(is_active=False)


def _may_nothing(key: ApiKey) -> None:
    ApiClient.objects.update(scopes=[])


def _of_another_source(key: ApiKey) -> None:
    key.client.sources.add(LeadSource.objects.create(slug="landing", name="Landing"))


NOT_TAKEN: list[tuple[str, Callable[[ApiKey], None], int, str, str]] = [
    ("ended", _ended, 401, "Authorization", "This API key has been revoked."),
    ("expired", _expired, 401, "Authorization", "This API key has expired."),
    ("switched off", _off, 401, "Authorization", "The client of this API key is switched off."),
    ("without the scope", _may_nothing, 403, "Authorization", "This API key may not do this."),
    ("for another source", _of_another_source, 403, "source",
     "This API key is not for this source."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "field", "sentence"),
    [it[1:] for it in NOT_TAKEN],
    ids=[it[0] for it in NOT_TAKEN],
)
def test_a_key_that_does_not_hold_is_told_why(
    change: Callable[[ApiKey], None],
    status: int,
    field: str,
    sentence: str,
    client: Client,
    key: str,
) -> None:
    change(ApiKey.objects.get())
    answer = send(client, key)
    assert (answer.status_code, says(answer, field)) == (status, sentence)
    assert answer.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert answer["Cache-Control"] == "no-store, private"
    assert not Lead.objects.exists()


UNKNOWN = {
    "nobody's": lambda key: STRANGE,
    "with another end": lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
    "its beginning alone": lambda key: key[:11],
    "something of another kind": lambda key: "swordfish",
    "longer": lambda key: key + "x",
    "far too long": lambda key: "lc_" + "k" * 4000,
    "two words": lambda key: f"{key} {key}",
    "another alphabet": lambda key: "lc_\u00e9bcdefgh_" + "k" * 43,
    "none": lambda key: " ",
}


@pytest.mark.parametrize("row", UNKNOWN)
def test_an_unknown_key_is_refused(row: str, client: Client, key: str) -> None:
    answer = send(client, headers={"Authorization": f"Bearer {UNKNOWN[row](key)}"})
    assert (answer.status_code, says(answer)) == (401, "This API key is not known.")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not Lead.objects.exists()


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer "])
def test_the_word_bearer_is_read_in_any_case(kind: str, client: Client, key: str) -> None:
    assert send(client, headers={"Authorization": f"{kind} {key}"}).status_code == 201
    assert Lead.objects.get().api_client


IN_ADDRESSES = {
    "under a name of its own": "?hello={key}",
    "as access_token": "?access_token=swordfish",
    "as api_key": "?API_KEY=",
    "as key": "?key=swordfish",
    "as api-key": "?api-key=swordfish",
    "as a name": "?{key}",
    "beside others": "?utm=1&utm={key}",
}


@pytest.mark.parametrize("row", IN_ADDRESSES)
def test_a_key_in_an_address_is_refused(row: str, client: Client, key: str) -> None:
    for sent in ({}, {"Authorization": f"Bearer {key}"}):
        answer = client.post(
            URL + IN_ADDRESSES[row].format(key=key),
            {"source": "website", "name": "Noa", "phone": "050-555 0101"},
            headers=sent,
        )
        assert answer.status_code == 400
        assert says(answer).startswith("Send the API key as “Authorization: Bearer …”")
    assert not Lead.objects.exists()
    assert client.post(f"{URL}?utm=1", {"source": "website"}).status_code == 400
    assert client.get(f"{URL}x/?api_key={key}").status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Api-Key": "{key}"},
        {"Api-Key": "{key}"},
        {"Authorization": "{key}"},
        {"Authorization": "Token {key}"},
        {"Authorization": "Basic {user}"},
        {"Authorization": "basic {password}"},
        {"X-Api-Key": "a key of something else"},
        {"X-Auth-Token": "swordfish"},
        {"Cookie": "session={key}"},
    ],
    ids=[
        "another header", "a like one", "no kind", "another kind", "as a user", "as a password",
        "a foreign key", "a token", "a cookie",
    ],
)  # fmt: skip
def test_a_key_in_another_place_is_told_where_it_belongs(
    headers: dict[str, str], client: Client, key: str
) -> None:
    words = {
        "key": key,
        "user": base64.b64encode(f"{key}:".encode()).decode(),
        "password": base64.b64encode(f"api:{key}".encode()).decode(),
    }
    answer = send(client, headers={name: it.format(**words) for name, it in headers.items()})
    assert not Lead.objects.exists()
    assert (answer.status_code, says(answer)) == (
        401,
        "Send the API key as “Authorization: Bearer …”.",
    )


IN_BODIES: dict[str, dict[str, Any]] = {
    "as a field of its own": {"api_key": "{key}"},
    "under a name that others use": {"apiKey": "swordfish"},
    "as a field that is ignored": {"comment": "{key}"},
    "inside another": {"meta": {"auth": ["{key}"]}},
    "in the message": {"message": "My key is {key}, call me."},
    "as the name": {"name": "{key}"},
}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("row", IN_BODIES)
def test_a_key_in_a_body_is_refused_and_not_stored(
    row: str, kind: str, client: Client, key: str
) -> None:
    fields: dict[str, Any] = {"source": "website", "name": "Noa", "phone": "050-555 0101"}
    fields |= json.loads(json.dumps(IN_BODIES[row]).replace("{key}", key))
    body = json.dumps(fields) if kind.endswith("json") else urlencode(fields)
    for headers in ({}, {"Authorization": f"Bearer {key}"}):
        answer = client.post(URL, body, content_type=kind, headers=headers)
        assert answer.status_code == 400
        assert "never in the body" in says(answer)
        assert key not in answer.content.decode()
    assert not Lead.objects.exists()


def test_what_is_no_key_is_taken(client: Client, source: LeadSource) -> None:
    """Fields and headers that a program has for its own purposes."""
    fields = {"source": "website", "name": "Noa", "phone": "050-555 0101", "key": "7", "token": "x"}
    answer = client.post(URL, fields, headers={"X-Request-Id": "lc_7", "X-Key": "7"})
    assert answer.status_code == 201


def test_a_password_of_the_site_is_no_key(client: Client, source: LeadSource) -> None:
    answer = send(client, headers={"Authorization": "Basic dXNlcjpwYXNz"})
    assert answer.status_code == 201
    assert Lead.objects.get().api_client is None


def test_a_key_stands_in_no_log(client: Client, key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with CaptureQueriesContext(connection) as asked:
        send(client, key)
        send(client, key + "x")
        send(client, headers={"X-Api-Key": key})
        client.post(f"{URL}?api_key={key}")
        client.post(URL, {"source": "website", "name": key, "phone": "050-555 0101"})
    secret = key[12:]
    assert len(caplog.records) > 3
    assert secret not in caplog.text
    assert secret not in str([LineFormatter().format(it) for it in caplog.records])
    assert secret not in str(asked.captured_queries)


# --- replaced and used ----------------------------------------------------------------------------


def test_both_hold_until_the_overlap_is_over(client: Client, key: str, shop: ApiClient) -> None:
    now = timezone.now()
    new, text = api_keys.make(shop, None, None)
    assert api_keys.expire(shop, now + timedelta(days=7), besides=new) == 1
    with time_machine.travel(now + timedelta(days=6, hours=23), tick=False):
        assert [send(client, it).status_code for it in (key, text)] == [201, 201]
    with time_machine.travel(now + timedelta(days=7), tick=False):
        assert [send(client, it).status_code for it in (key, text)] == [401, 201]


def test_a_key_that_ends_sooner_is_not_kept_longer(key: str, shop: ApiClient) -> None:
    soon = timezone.now() + timedelta(hours=1)
    ApiKey.objects.update(expires_at=soon)
    new, _text = api_keys.make(shop, None, None)
    assert api_keys.expire(shop, soon + timedelta(days=7), besides=new) == 0
    assert ApiKey.objects.exclude(pk=new.pk).get().expires_at == soon


def test_when_it_was_used_last_is_known_to_the_minute(client: Client, key: str) -> None:
    begin = timezone.now()
    seen = []
    for seconds in (0, 59, 61):
        with time_machine.travel(begin + timedelta(seconds=seconds), tick=False):
            send(client, key)
        seen.append(ApiKey.objects.get().last_used_at)
    assert seen == [begin, begin, begin + timedelta(seconds=61)]


def test_what_is_refused_is_no_use(client: Client, key: str) -> None:
    ApiClient.objects.update(scopes=[])
    send(client, key)
    assert ApiKey.objects.get().last_used_at is None


# --- a rate of its own ----------------------------------------------------------------------------


@pytest.fixture
def counting(settings: Settings, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Settings:
    broker.flushdb()
    counters._script.cache_clear()
    monkeypatch.setattr(counters, "_breaker", counters._Breaker())
    monkeypatch.setattr(counters, "TIMEOUT", 60.0)
    monkeypatch.setattr(counters, "LONGEST_WAIT", 60.0)
    return settings


def test_above_its_rate_it_is_refused_and_told_when_to_come_again(
    client: Client, key: str, shop: ApiClient, counting: Settings
) -> None:
    ApiClient.objects.update(rate="2/10m")
    other = api_keys.make(shop, None, None)[1]  # all keys of a client share its rate
    assert [send(client, key, 101).status_code, send(client, other, 102).status_code] == [201, 201]
    answer = send(client, key, 103)
    assert answer.status_code == 429
    assert 590 < int(answer["Retry-After"]) <= 600
    sentence = "Too many requests were sent with this client's keys. See Retry-After."
    assert says(answer, "request") == sentence
    assert Lead.objects.count() == 2


def test_its_rate_counts_on_a_server_of_ours_too(
    client: Client, key: str, counting: Settings
) -> None:
    counting.RATES_EXEMPT = [ip_network("203.0.113.0/24")]
    ApiClient.objects.update(rate="1/10m")
    assert [send(client, key, place).status_code for place in (101, 102)] == [201, 429]


def test_it_is_counted_for_itself(client: Client, key: str, counting: Settings) -> None:
    """Neither by its address, nor together with the form and requests without a key."""
    for name in ("ADDRESS", "ADDRESS_NUMBERS", "SOURCE", "KEYLESS"):
        setattr(counting, f"RATE_{name}", read("2/10m"))
    assert [send(client, key, place).status_code for place in range(101, 107)] == [201] * 6
    assert set(Lead.objects.values_list("status", flat=True)) == {LeadStatus.WAITING}
    fields = {"name": "Dana", "phone": "050-555 0150"}
    client.post("/contact/website/", fields, **SENDER)  # type: ignore[arg-type]
    assert Lead.objects.get(name="Dana").status == LeadStatus.WAITING


def test_one_number_is_held_above_its_own_rate_all_the_same(
    client: Client, key: str, counting: Settings
) -> None:
    counting.RATE_NUMBER = read("2/10m")
    for _ in range(3):
        send(client, key)
    assert [it.is_held_back for it in Lead.objects.order_by("pk")] == [False, False, True]
