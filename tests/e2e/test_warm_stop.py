"""SIGTERM, as in every deployment: work in hand is finished, and nothing new is taken."""

import threading
from typing import Any

import redis
import requests
from django.conf import settings
from django.db import connection, transaction

from callbacks.models import CallAttempt
from leads.models import Lead
from tests.e2e.test_main_job import submit
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.stack import Stack

_WAITS_TO_STORE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE 'INSERT INTO "leads_lead"%'
"""


def test_a_worker_ends_the_dial_in_hand_and_leaves_the_next_lead_to_the_next_worker(
    stack: Stack,
) -> None:
    # The answer comes while the salesperson's phone still rings, so no record can tell earlier.
    stack.simulator.control(answer_after=4, faults=[{"kind": "delay", "seconds": 2.5, "count": 1}])
    submit(stack)
    eventually(stack.simulator.ledger)
    said = len(stack.log("worker"))
    stack.processes["worker"].terminate()
    eventually(lambda: "Warm shutdown" in stack.log("worker")[said:], within=60)
    submit(stack, "050-555 0102")
    assert stack.processes["worker"].wait(120) == 0

    first, second = Lead.objects.order_by("id")
    attempt = CallAttempt.objects.get()
    assert attempt.lead == first
    assert attempt.state in ("accepted", "bridged")
    assert (attempt.call_id, attempt.failure_reason) == (stack.simulator.ledger()[0]["call_id"], "")
    assert attempt.answered_at
    assert attempt.sent_at
    assert (attempt.answered_at - attempt.sent_at).total_seconds() > 2  # it was waited for
    assert (second.status, second.attempts) == ("waiting", 0)

    stack.simulator.control(answer_after=0.05)
    stack.start("worker")
    eventually(lambda: Lead.objects.filter(status="connected").count() == 2, within=120)
    targets = [entry["target"] for entry in stack.simulator.ledger()]
    assert targets == ["972505550101", "972505550102"]


def test_the_web_server_answers_the_request_in_hand(stack: Stack) -> None:
    said = len(stack.log("web"))
    answers: list[dict[str, Any]] = []
    visitor = threading.Thread(target=lambda: answers.append(submit(stack)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE leads_lead IN ACCESS EXCLUSIVE MODE")
        visitor.start()
        eventually(lambda: _is_waiting(cursor), within=60)
        stack.processes["web"].terminate()
        eventually(lambda: "Handling signal: term" in stack.log("web")[said:], within=60)
    visitor.join(120)
    assert stack.processes["web"].wait(120) == 0
    assert str(Lead.objects.get().public_id) == answers[0]["id"]
    stack.start("web")
    eventually(lambda: _serves(stack), within=60)


def test_beat_ends_in_good_order_and_goes_on_when_it_is_started_again(stack: Stack) -> None:
    assert stack.stop("beat") == 0
    with redis.Redis.from_url(redis_url(settings.REDIS_URL, further=1)) as signs:
        signs.hdel("callbacks:seen", "beat", "sweep")
        stack.start("beat")
        eventually(lambda: signs.hget("callbacks:seen", "beat"), within=60)
        eventually(lambda: signs.hget("callbacks:seen", "sweep"), within=60)


def _is_waiting(cursor: Any) -> bool:
    # A transaction reads the statistics only once, unless it is told to clear them.
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(_WAITS_TO_STORE)
    return bool(cursor.fetchone()[0])


def _serves(stack: Stack) -> bool:
    try:
        return requests.get(f"{stack.url}/healthz", timeout=60).status_code == 200
    except requests.RequestException:
        return False
