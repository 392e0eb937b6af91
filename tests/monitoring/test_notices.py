"""What the admin says above every page when somebody or something is missing, and only then."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.alerts import facts
from callbacks.common import heartbeats
from callbacks.models import CallAttempt, Extension, Team
from callbacks.monitoring import notices
from leads.models import Lead
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.tunnel import Tunnel
from tests.support.visitors import call, ends

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
    ("sign", "words"), [("beat", "(beat) is not running"), ("sweep", "cannot keep up")]
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
    assert notices.current() == ["No worker is running: nobody is called until one is started."]


def test_a_machine_whose_clock_is_wrong(
    signs: redis.Redis, extension: Extension, staff: Client
) -> None:
    heartbeats.clock_seen("worker-1@app2", -250.0)
    eventually(lambda: heartbeats.read().clocks)
    sentence = (
        "The clock of app2 is 4 min 10 s behind the database's. Leads are called by the "
        "database's clock. Set up time synchronisation on both machines."
    )
    assert notices.current() == [sentence]
    assert sentence in html.unescape(staff.get("/admin/").text)


def test_a_database_that_takes_nothing(
    signs: redis.Redis, extension: Extension, staff: Client
) -> None:
    """Somebody holds a lock. As with a full disk, the database can still read."""
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    with psycopg.connect(**parameters) as other:
        other.execute("LOCK TABLE callbacks_storeheartbeat IN ACCESS EXCLUSIVE MODE")
        assert notices.current()[0].startswith("Visitors' requests cannot be stored")
        assert "Visitors' requests cannot be stored" in html.unescape(staff.get("/admin/").text)
    assert notices.current() == []


def test_a_redis_that_was_emptied_is_the_only_cause(
    signs: redis.Redis, extension: Extension
) -> None:
    signs.flushdb()
    assert [it.split(":")[0] for it in notices.current()] == [
        "Redis was away or emptied, or accepts no writes"
    ]


def test_a_broker_that_is_away_is_the_only_cause(
    signs: redis.Redis, extension: Extension, through_tunnel: None, tunnel: Tunnel
) -> None:
    tunnel.black_hole()
    assert [it.split(":")[0] for it in notices.current()] == [
        "The queue (Redis or RabbitMQ) does not answer"
    ]


def test_nobody_can_be_rung(signs: redis.Redis, extension: Extension, staff: Client) -> None:
    Extension.objects.update(is_paused=True)
    sentence = "Nobody can take calls now for Website: 1 phone is paused."
    assert notices.current() == [sentence]
    assert sentence in staff.get("/admin/leads/lead/").text
    Extension.objects.update(is_paused=False)
    assert sentence not in staff.get("/admin/leads/lead/").text


AWAY, THERE = True, False
FAILED = {"state": "refused", "outcome": "provider_error", "error_code": 2}
NOT_SENT = {"state": "not_sent", "outcome": "not_sent"}
LOST = {"state": "unknown"}
NOT_ASKED = {"state": "not_sent", "outcome": "not_sent", "failure_reason": "account"}
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
        pytest.param([NOT_ASKED] * 3, 0, THERE, id="messages that waited for the account"),
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


# The word of the salesperson's leg in each of the newest calls, and which phone was rung.
FLOOR: dict[str, tuple[list[tuple[str, str]], int, bool]] = {
    "wrong arguments everywhere": ([("INVALIDARGS", "1"), ("INVALIDARGS", "2")] * 2, 3, True),
    "a busy network": ([("CONGESTION", "1"), ("CONGESTION", "2"), ("CONGESTION", "3")], 3, True),
    "no channel, then congestion": (
        [("CHANUNAVAIL", "1"), ("CONGESTION", "2"), ("NOTDIALED", "3")], 3, True,
    ),
    "the only phone there is": ([("INVALIDARGS", "1")] * 3, 1, True),
    "one phone of three": ([("INVALIDARGS", "1")] * 3, 3, False),
    "all are engaged": ([("BUSY", "1"), ("BUSY", "2"), ("BUSY", "3")], 3, False),
    "one was engaged": ([("CONGESTION", "1"), ("BUSY", "2"), ("CONGESTION", "3")], 3, False),
    "nobody picked up at the last": (
        [("CONGESTION", "1"), ("CONGESTION", "2"), ("NOANSWER", "3")], 3, False,
    ),
    "too few to tell": ([("CONGESTION", "1"), ("CONGESTION", "2")], 3, False),
}  # fmt: skip


@pytest.mark.parametrize(("calls", "phones", "is_told"), FLOOR.values(), ids=FLOOR)
def test_a_floor_whose_phones_cannot_be_reached(
    calls: list[tuple[str, str]], phones: int, is_told: bool, make_lead: Callable[..., Lead],
    signs: redis.Redis, team: Team, simulator: SimulatorProcess,
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    floor = [Extension.objects.create(number=str(n + 1), team=team) for n in range(phones)]
    for word, number in calls:
        Extension.objects.update(is_paused=True)
        Extension.objects.filter(number=number).update(is_paused=False, unavailable_until=None)
        attempt = call(make_lead())
        assert attempt
        assert attempt.extension_number == number
        ends(attempt, word)
        Lead.objects.update(call_after=timezone.now() + timedelta(days=1))
    Extension.objects.filter(pk__in=[it.pk for it in floor]).update(
        is_paused=False, unavailable_until=None
    )
    told = [it for it in notices.current() if it.startswith("None of your salespeople's phones")]
    assert bool(told) is is_told
    assert facts.provider_refuses(timezone.now()) == []
    if is_told:  # until a phone rings again
        attempt = call(make_lead())
        assert attempt
        ends(attempt, "NOANSWER")
        assert not [
            it for it in notices.current() if it.startswith("None of your salespeople's phones")
        ]
