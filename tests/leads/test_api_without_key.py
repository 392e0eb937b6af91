"""Programs without an API key are strangers, who never prove that they are not robots."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
import redis
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from leads import api_keys
from leads.guard import counters, held
from leads.guard.rate import read
from leads.models import ApiClient, Lead, LeadSource, LeadStatus, WithoutKey
from tests.support.challenges import solve

pytestmark = pytest.mark.django_db
HERE = "203.0.113.7"
SENTENCE = "A program without an API key sent it, as robots do."
WAITING, HELD = LeadStatus.WAITING, LeadStatus.HELD


@pytest.fixture(autouse=True)
def counting(settings: Settings, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Settings:
    broker.flushdb()
    counters._script.cache_clear()
    monkeypatch.setattr(counters, "_breaker", counters._Breaker())
    monkeypatch.setattr(counters, "TIMEOUT", 60.0)
    monkeypatch.setattr(counters, "LONGEST_WAIT", 60.0)
    settings.LEAST_FILL_TIME = 0
    return settings


def by_api(client: Client, place: int, sender: str = HERE, **headers: str) -> HttpResponse:
    fields = {"source": "website", "name": "Mallory", "phone": f"050-555 0{place}"}
    return client.post("/api/leads/", fields, REMOTE_ADDR=sender, headers=headers)  # type: ignore[return-value]


def by_form(client: Client, place: int, sender: str = HERE) -> Lead:
    fields = {"name": "Dana", "phone": f"050-555 0{place}"}
    assert client.post("/contact/website/", fields, REMOTE_ADDR=sender).status_code == 303
    return Lead.objects.latest("pk")


# The source's setting, the sender, whether a key is sent; the status, and the lead's status.
SAYS = [
    ("a new source", None, HERE, False, 201, HELD),
    ("accepted", "accepted", HERE, False, 201, WAITING),
    ("held", "held", HERE, False, 201, HELD),
    ("refused", "refused", HERE, False, 401, None),
    ("held, with a key", "held", HERE, True, 201, WAITING),
    ("refused, with a key", "refused", HERE, True, 201, WAITING),
    ("held, a server of ours", "held", "192.0.2.4", False, 201, WAITING),
    ("refused, a server of ours", "refused", "192.0.2.4", False, 201, WAITING),
    ("held, a proxy that tells nobody's address", "held", "127.0.0.1", False, 201, HELD),
    ("held, an address that nobody knows", "held", "", False, 201, HELD),
]


@pytest.mark.parametrize(
    ("says", "sender", "has_key", "status", "stands"),
    [it[1:] for it in SAYS],
    ids=[it[0] for it in SAYS],
)
def test_what_becomes_of_it_is_the_source_s_to_say(
    says: str | None,
    sender: str,
    has_key: bool,
    status: int,
    stands: str | None,
    client: Client,
    source: LeadSource,
    settings: Settings,
) -> None:
    settings.RATES_EXEMPT = [ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")]
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    if says:
        LeadSource.objects.update(without_key=says)
    headers = {}
    if has_key:
        text = api_keys.make(ApiClient.objects.create(name="Shop"), None, None)[1]
        headers = {"Authorization": f"Bearer {text}"}
    assert by_api(client, 101, sender, **headers).status_code == status
    assert list(Lead.objects.values_list("status", flat=True)) == ([stands] if stands else [])
    if stands == HELD:
        [finding] = Lead.objects.get().findings.all()
        assert (finding.asked, finding.reason, finding.is_mild) == ("key", SENTENCE, True)


def test_the_form_asks_for_no_key(client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(without_key=WithoutKey.REFUSED)
    assert by_form(client, 101).status == WAITING


def test_a_refused_program_reads_what_to_do(client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(without_key=WithoutKey.REFUSED)
    answer: Any = by_api(client, 101)
    assert answer["WWW-Authenticate"] == "Bearer"
    sentence = "This source only accepts requests with an API key."
    assert answer.json() == {"errors": {"Authorization": [sentence]}}


def test_the_first_answer_stays_when_the_source_asks_for_a_key_since(
    client: Client, source: LeadSource
) -> None:
    first = by_api(client, 101, **{"Idempotency-Key": "order-17"})
    LeadSource.objects.update(without_key=WithoutKey.REFUSED)
    again = by_api(client, 101, **{"Idempotency-Key": "order-17"})
    assert (again.status_code, again.content) == (201, first.content)


def test_a_visitor_whose_browser_shows_the_page_is_called(
    client: Client, source: LeadSource
) -> None:
    """As after a form sent without its page: a website may send its visitors to `page_url`."""
    answer: Any = by_api(client, 101)
    page = answer.json()["page_url"]
    assert "data-challenge" in client.get(page).content.decode()
    told = client.get(f"{page}challenge/").json()
    solved = client.post(
        f"{page}challenge/", json.dumps({"altcha": solve(told)}), "application/json"
    )
    assert solved.json() == {"solved": True}
    assert Lead.objects.get().status == WAITING


def test_330_programs_from_as_many_addresses_have_nobody_called(
    client: Client, source: LeadSource
) -> None:
    for place in range(330):
        assert (
            by_api(client, 200 + place, f"198.51.{place // 250}.{place % 250}").status_code == 201
        )
    assert set(Lead.objects.values_list("status", flat=True)) == {HELD}
    assert by_form(client, 101).status == WAITING


def test_where_they_are_accepted_they_share_a_rate_that_is_not_the_form_s(
    client: Client, source: LeadSource, counting: Settings
) -> None:
    counting.RATE_KEYLESS, counting.RATE_SOURCE = read("3/10m"), read("2/10m")
    LeadSource.objects.update(without_key=WithoutKey.ACCEPTED)
    for place in range(5):
        by_api(client, 200 + place, f"198.51.100.{place}")
    stood = list(Lead.objects.order_by("pk").values_list("status", flat=True))
    assert stood == [WAITING] * 3 + [HELD] * 2
    [finding] = Lead.objects.latest("pk").findings.all()
    assert finding.is_mild
    assert finding.reason == (
        "More than 3 requests came through the source Website without an API key within 10 minutes."
    )
    assert [by_form(client, place, f"192.0.2.{place}").status for place in (101, 102)] == [
        WAITING
    ] * 2


def test_a_country_s_rate_is_not_the_form_s_either(
    client: Client, source: LeadSource, counting: Settings
) -> None:
    counting.RATE_COUNTRY = read("1/10m")
    LeadSource.objects.update(without_key="accepted", allowed_countries=["IL", "GB"])
    fields = {"source": "website", "name": "Mallory"}
    for place in range(2):
        british = {**fields, "phone": f"+4420794600{place:02d}"}
        client.post("/api/leads/", british, REMOTE_ADDR=f"198.51.100.{place}")
    stood = list(Lead.objects.order_by("pk").values_list("status", flat=True))
    assert stood == [WAITING, HELD]
    client.post("/contact/website/", {"name": "Dana", "phone": "+442079460099"}, REMOTE_ADDR=HERE)
    assert Lead.objects.latest("pk").status == WAITING


def test_what_could_not_be_counted_is_judged_again_as_it_came(
    client: Client, source: LeadSource, counting: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is away, then back: a request with a key is released, one without is held for that."""
    text = api_keys.make(ApiClient.objects.create(name="Shop"), None, None)[1]
    with monkeypatch.context() as away:
        away.setattr(counters._breaker, "lets_through", lambda: False)
        by_api(client, 101)
        by_api(client, 102, Authorization=f"Bearer {text}")
        by_form(client, 103)
    assert set(Lead.objects.values_list("status", flat=True)) == {HELD}
    held.judge_again()
    stood = list(Lead.objects.order_by("pk").values_list("status", flat=True))
    assert stood == [HELD, WAITING, WAITING]
    assert [it.asked for it in Lead.objects.earliest("pk").findings.all()] == ["key"]


def test_a_source_of_an_older_release_keeps_what_it_had(db: None) -> None:
    """The database's default also covers sources that a process of the older release adds
    meanwhile.
    """
    field = LeadSource._meta.get_field("without_key")
    assert (field.default, field.db_default) == ("held", "accepted")  # type: ignore[union-attr]
