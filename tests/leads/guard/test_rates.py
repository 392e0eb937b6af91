"""How many requests come from where: more than usual are held, far more are refused."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from leads.guard import counters
from leads.guard.rate import Rate, read
from leads.guard.verdicts import Refused
from leads.models import Lead, LeadSource
from tests.leads.guard.conftest import ELSEWHERE, HELD, HERE, WAITING, number, submit
from tests.support.threads import no_thread_starts
from tests.support.tunnel import Tunnel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]
# The setting, the requests as (address, number), and the sentence about the one too many.
TOO_MANY = [
    (
        "from an address",
        "RATE_ADDRESS",
        [(HERE, 101), (HERE, 101), (HERE, 101)],
        "More than 2 requests came from the address 203.0.113.7 within 10 minutes.",
    ),
    (
        "from a customer's IPv6 network",
        "RATE_ADDRESS",
        [("2001:db8::1", 101), ("2001:db8::2", 102), ("2001:db8:0:0:ffff::3", 103)],
        "More than 2 requests came from the address 2001:db8::/64 within 10 minutes.",
    ),
    (
        "numbers from an address",
        "RATE_ADDRESS_NUMBERS",
        [(HERE, 101), (HERE, 102), (HERE, 101), (HERE, 103)],
        "The address 203.0.113.7 asked for more than 2 numbers within 10 minutes.",
    ),
    (
        "for a number",
        "RATE_NUMBER",
        [("192.0.2.1", 101), ("192.0.2.2", 101), ("192.0.2.3", 101)],
        "The number was asked for more than 2 times within 10 minutes.",
    ),
    (
        "through a source",
        "RATE_SOURCE",
        [("192.0.2.1", 101), ("192.0.2.2", 102), ("192.0.2.3", 103)],
        "More than 2 requests came through the source Website within 10 minutes.",
    ),
]


@pytest.mark.parametrize(
    ("setting", "sent", "reason"), [it[1:] for it in TOO_MANY], ids=[it[0] for it in TOO_MANY]
)
def test_one_too_many_is_held(
    setting: str, sent: list[tuple[str, int]], reason: str, source: LeadSource, off: Settings
) -> None:
    setattr(off, setting, read("2/10m, 100/d"))
    *usual, last = [submit(source, place, sender) for sender, place in sent]
    assert not any(it.is_held_back for it in usual)
    assert last.is_held_back
    assert last.error_message == reason
    assert [(it.asked, it.verdict, it.reason) for it in last.findings.all()] == [
        ("rate", "hold", reason)
    ]


def test_one_too_many_for_another_country_is_held(source: LeadSource, off: Settings) -> None:
    off.RATE_COUNTRY = read("1/d")
    british = [f"+4420794600{place:02d}" for place in range(2)]
    for place in range(3):  # the source's own country has no limit
        assert submit(source, 101 + place).status == WAITING
    first, second = (submit(source, 0, phone=phone) for phone in british)
    assert (first.status, second.status) == (WAITING, HELD)
    sentence = "More than 1 requests for numbers in United Kingdom came within 24 hours."
    assert second.error_message == sentence


def test_it_is_held_while_it_lasts_and_no_longer(source: LeadSource, off: Settings) -> None:
    off.RATE_ADDRESS = read("2/10m, 4/d")
    begin = timezone.now()

    def at(minutes: float, place: int) -> str:
        return submit(source, place, at=begin + timedelta(minutes=minutes)).status

    assert [at(0, 101), at(5, 102), at(9.9, 103)] == [WAITING, WAITING, HELD]
    assert [at(15.1, 104), at(60, 105)] == [WAITING, HELD]  # the fifth of the day
    assert at(24 * 60 + 59, 106) == WAITING


def test_where_no_thread_can_be_started_it_is_held_as_while_redis_is_away(
    source: LeadSource, off: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    off.RATE_ADDRESS = read("1/d")
    fresh = ThreadPoolExecutor(1)
    monkeypatch.setattr(counters, "_askers", lambda: fresh)
    with no_thread_starts(monkeypatch):
        lead = submit(source, 101)
    assert lead.status == HELD
    assert lead.findings.get().is_unanswered


def test_a_request_sent_again_is_counted_once(source: LeadSource, off: Settings) -> None:
    off.RATE_ADDRESS = read("1/d")
    key = uuid.uuid4()
    assert {submit(source, 101, key=key).pk for _ in range(3)} == {Lead.objects.get().pk}
    assert submit(source, 102).status == HELD


def test_far_too_many_from_one_address_are_refused_and_stored_again_later(
    source: LeadSource, off: Settings
) -> None:
    off.RATE_ADDRESS, off.RATE_ADDRESS_REFUSED = read("1/10m"), read("3/10m")
    begin = timezone.now()
    for place in range(3):
        submit(source, 101 + place, at=begin + timedelta(minutes=place))
    for _ in range(2):  # refused requests are not counted: the time to wait does not grow
        with pytest.raises(Refused) as refused:
            submit(source, 104, at=begin + timedelta(minutes=4))
        assert refused.value.seconds == 6 * 60
    assert submit(source, 104, ELSEWHERE, at=begin + timedelta(minutes=4)).status == WAITING
    assert submit(source, 105, at=begin + timedelta(minutes=10, seconds=1)).status == HELD


def test_the_api_says_when_to_try_again(source: LeadSource, off: Settings, client: Client) -> None:
    off.RATE_ADDRESS_REFUSED = read("1/10m")
    fields = {"source": source.slug, "name": "Dana", "phone": "050-555 0101"}
    assert client.post("/api/leads/", fields).status_code == 201
    refused = client.post("/api/leads/", fields)
    assert refused.status_code == 429
    assert 590 <= int(refused["Retry-After"]) <= 600
    assert refused.json()["errors"]["request"]
    assert Lead.objects.count() == 1


def test_the_form_keeps_what_was_typed(source: LeadSource, off: Settings, client: Client) -> None:
    off.RATE_ADDRESS_REFUSED = read("1/10m")
    address = f"/contact/{source.slug}/"
    fields = {"name": "Dana", "phone": "050-555 0101", "message": "About the blue one."}
    assert client.post(address, fields).status_code == 303
    token = uuid.uuid4()
    refused = client.post(address, {**fields, "phone": "050-555 0102", "token": token})
    page = refused.content.decode()
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    for kept in ("050-555 0102", "About the blue one.", str(token), "Try again in 10 minutes."):
        assert kept in page
    assert Lead.objects.count() == 1


def test_a_proxy_that_does_not_say_whose_request_it_is_is_not_exempt(
    source: LeadSource, off: Settings, client: Client
) -> None:
    off.RATE_ADDRESS = read("1/d")
    off.RATES_EXEMPT = off.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    for place in range(2):
        fields = {"name": "Dana", "phone": f"050-555 01{place:02}", "source": source.slug}
        client.post("/api/leads/", fields, REMOTE_ADDR="127.0.0.1")
    assert Lead.objects.latest("pk").status == HELD


def test_exempt_addresses_are_not_counted(source: LeadSource, off: Settings) -> None:
    off.RATE_ADDRESS, off.RATE_ADDRESS_REFUSED = read("1/d"), read("2/d")
    off.RATES_EXEMPT = [ip_network("203.0.113.0/24")]
    assert [submit(source, 101 + place).status for place in range(4)] == [WAITING] * 4


# What comes from this machine itself, by the default of RATES_EXEMPT: (X-Forwarded-For, held).
FROM_HERE = [
    ("a script, or a developer", {}, False),
    ("a proxy that nobody has declared", {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
    ("the same, with a forged address of ours", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, True),
]


@pytest.mark.parametrize(
    ("headers", "is_held"), [it[1:] for it in FROM_HERE], ids=[it[0] for it in FROM_HERE]
)
def test_what_this_machine_sends(
    headers: dict[str, str],
    is_held: bool,
    source: LeadSource,
    off: Settings,
    client: Client,
) -> None:
    off.RATE_ADDRESS = read("1/d")
    off.RATES_EXEMPT = [ip_network("127.0.0.0/8")]
    for place in range(2):
        fields = {"name": "Dana", "phone": f"050-555 01{place:02}", "source": source.slug}
        client.post("/api/leads/", fields, REMOTE_ADDR="127.0.0.1", **headers)
    last = Lead.objects.latest("pk")
    assert last.status == (HELD if is_held else WAITING)


def test_where_nothing_is_limited_redis_is_not_asked(
    source: LeadSource, off: Settings, broker: redis.Redis
) -> None:
    assert submit(source, 101).status == WAITING
    assert list(broker.scan_iter("callbacks:rates:*")) == []


def test_nothing_that_was_typed_stands_in_redis(source: LeadSource, broker: redis.Redis) -> None:
    submit(source, 101)
    kept = {key: broker.zrange(key, 0, -1) for key in broker.scan_iter("callbacks:rates:*")}
    assert len(kept) == 4
    for secret in (HERE, number(101), number(101).lstrip("+")):
        assert secret not in str(kept)
    assert all(0 < broker.ttl(key) <= 86_400 for key in kept)


# --- Redis is away --------------------------------------------------------------------------------


@pytest.fixture
def way(settings: Settings) -> Iterator[Tunnel]:
    """The guard's connection to Redis, which a test can cut."""
    parts = urlsplit(settings.REDIS_URL)
    with Tunnel(parts.hostname or "", parts.port or 6379) as tunnel:
        at = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{tunnel.port}".lstrip("@")
        settings.REDIS_URL = urlunsplit(parts._replace(netloc=at))
        counters._script.cache_clear()
        yield tunnel
    counters._script.cache_clear()


def test_while_redis_is_away_requests_are_held_and_nobody_waits_twice(
    source: LeadSource, way: Tunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert submit(source, 101).status == WAITING
    way.black_hole()
    monkeypatch.setattr(counters, "LONGEST_WAIT", 0.1)
    # Five requests may take longer than the three seconds after which Redis is asked again.
    monkeypatch.setattr(counters, "BREAKER_OPEN_FOR", 60.0)
    asked = []
    ask = counters._ask
    monkeypatch.setattr(
        counters, "_ask", lambda *it: asked.append(threading.get_ident()) or ask(*it)
    )
    held = [submit(source, 102 + place) for place in range(5)]
    assert {it.status for it in held} == {HELD}
    assert {it.error_message for it in held} == {
        "Redis, which counts requests, did not answer, so there may have been too many."
    }
    assert len(asked) == 1
    way.open()
    monkeypatch.setattr(counters, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(counters._breaker, "_closed_until", 0.0)  # as after three seconds
    assert [submit(source, 110 + place).status for place in range(2)] == [WAITING] * 2


READ = [
    ("one", "5/d", (Rate(5, 86_400),)),
    ("two", "20/10m, 100/d", (Rate(20, 600), Rate(100, 86_400))),
    ("seconds and hours", "1/1s,2/3h", (Rate(1, 1), Rate(2, 10_800))),
    ("none", "off", ()),
]


@pytest.mark.parametrize(("text", "rates"), [it[1:] for it in READ], ids=[it[0] for it in READ])
def test_how_rates_are_read(text: str, rates: tuple[Rate, ...]) -> None:
    assert read(text) == rates
