"""What the admin says above every page: who or what is away, and only then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from callbacks.monitoring import notices
from leads.models import Lead
from tests.support.tunnel import Tunnel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_nothing_is_said_while_all_is_well(
    signs: redis.Redis, extension: Extension, staff: Client
) -> None:
    assert notices.current() == []
    assert 'class="notices"' not in staff.get("/admin/").text


@pytest.mark.parametrize(
    ("sign", "words"), [("beat", "(beat) does not run"), ("sweep", "do not keep up")]
)
def test_a_process_that_is_away(
    sign: str, words: str, signs: redis.Redis, extension: Extension, staff: Client
) -> None:
    signs.hdel("callbacks:seen", sign)
    assert len(notices.current()) == 1
    assert words in notices.current()[0]
    for address in ("/admin/", "/admin/leads/lead/", "/admin/callbacks/team/add/"):
        assert words in staff.get(address).text


def test_no_worker(signs: redis.Redis, extension: Extension) -> None:
    signs.delete("callbacks:workers")
    assert notices.current() == ["No worker runs: nobody is called until one is started."]


def test_a_broker_that_is_away_is_the_only_cause(
    signs: redis.Redis, extension: Extension, through_tunnel: None, tunnel: Tunnel
) -> None:
    tunnel.black_hole()
    assert [it.split(":")[0] for it in notices.current()] == [
        "The queue (Redis or RabbitMQ) does not answer"
    ]


def test_nobody_can_be_rung(signs: redis.Redis, extension: Extension, staff: Client) -> None:
    Extension.objects.update(is_paused=True)
    sentence = "Nobody can be rung now for Website: 1 phone is paused."
    assert notices.current() == [sentence]
    assert sentence in staff.get("/admin/leads/lead/").text
    Extension.objects.update(is_paused=False)
    assert sentence not in staff.get("/admin/leads/lead/").text


AWAY, THERE = True, False
FAILED = {"state": "refused", "outcome": "provider_error", "error_code": 2}
NOT_SENT = {"state": "not_sent", "outcome": "not_sent"}
LOST = {"state": "unknown"}
GOOD = {"state": "ended", "outcome": "no_record", "call_id": "call-1"}


@pytest.mark.parametrize(
    ("newest_last", "minutes_ago", "is_away"),
    [
        pytest.param([], 0, THERE, id="no calls"),
        pytest.param([FAILED, FAILED], 0, THERE, id="too few to tell"),
        pytest.param([FAILED, NOT_SENT, LOST], 0, AWAY, id="three in a row"),
        pytest.param([GOOD, LOST, LOST, LOST], 0, AWAY, id="after a good one"),
        pytest.param([LOST, LOST, LOST, GOOD], 0, THERE, id="the newest was placed"),
        pytest.param([FAILED, GOOD, FAILED, FAILED], 0, THERE, id="one of three was placed"),
        pytest.param([FAILED, FAILED, FAILED], 40, THERE, id="long ago"),
        pytest.param([{"state": "refused", "outcome": "offline", "error_code": 3}] * 3, 0, THERE,
                     id="refused for the phones"),
    ],
)  # fmt: skip
def test_the_provider(
    newest_last: list[dict[str, Any]], minutes_ago: int, is_away: bool,
    make_lead: Callable[..., Lead], signs: redis.Redis, extension: Extension,
) -> None:  # fmt: skip
    at = timezone.now() - timedelta(minutes=minutes_ago)
    for values in newest_last:
        lead = make_lead()
        ended = {} if values["state"] == "unknown" else {"ended_at": at}
        other = Extension.objects.create(number=str(1000 + lead.pk), team=extension.team)
        CallAttempt.objects.create(
            lead=lead, extension=other, phone=lead.phone, claimed_at=at,
            hold_until=at + timedelta(hours=1), **ended, **values,
        )  # fmt: skip
    assert [it.split(":")[0] for it in notices.current()] == (
        ["The telephone provider takes no calls"] if is_away else []
    )
