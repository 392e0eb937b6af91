"""/metrics: correct figures, readable by Prometheus, only for those who have the token."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.common import heartbeats, task_publisher
from callbacks.models import AccountRefusal, CallAttempt, Extension, Team
from callbacks.models.account_refusals import RefusedFor
from callbacks.monitoring import metrics, queue_figures
from callbacks.monitoring.bounded_probe import Probe
from leads import failed_submissions
from leads.failed_submissions import FailedBy
from leads.models import Lead, LeadStatus
from tests.support.simulator import eventually

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "0123456789abcdef0123456789abcdef"
Figures = dict[tuple[str, ...], float]


def scraped(text: str = "") -> Figures:
    """{(name, label values sorted by label): value}, as Prometheus's own parser reads it."""
    text = text or Client().get("/metrics").content.decode()
    return {
        (sample.name, *(value for _label, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def attempt(lead: Lead, extension: Extension | None, state: str, **values: object) -> CallAttempt:
    now = timezone.now()
    live = state in ("dialing", "accepted", "unknown")
    defaults = {
        "claimed_at": now,
        "sent_at": now,
        "hold_until": now + timedelta(hours=1),
        "ended_at": None if live else now,
        "extension": extension,
        "phone": lead.phone,
    }
    return CallAttempt.objects.create(lead=lead, state=state, **(defaults | values))


def test_it_counts_open_leads_and_those_that_are_due(make_lead: MakeLead, team: Team) -> None:
    now = timezone.now()
    make_lead(call_after=now + timedelta(hours=1))
    make_lead(call_after=now - timedelta(seconds=100))
    make_lead(
        call_after=now - timedelta(seconds=300),
        clock_started_at=now - timedelta(hours=1),
        due_at=now - timedelta(minutes=50),
    )
    make_lead(status=LeadStatus.HELD)
    make_lead(status=LeadStatus.FAILED, closed_at=now)
    found = scraped()
    assert found["callbacks_leads_open", "waiting"] == 3
    assert found["callbacks_leads_open", "held"] == 1
    assert found["callbacks_leads_open", "calling"] == 0
    assert found["callbacks_leads_last_hour", "waiting"] == 3
    assert found["callbacks_leads_last_hour", "failed"] == 1
    assert found["callbacks_leads_last_hour", "connected"] == 0
    assert found["callbacks_leads_due",] == 2
    assert found["callbacks_leads_overdue",] == 1
    assert 300 <= found["callbacks_oldest_due_lead_seconds",] < 3600


def test_it_counts_attempts_by_what_became_of_them_and_times_the_provider(
    make_lead: MakeLead, extension: Extension
) -> None:
    now = timezone.now()
    lead = make_lead()
    for seconds in range(1, 11):
        sent_at = now - timedelta(seconds=60)
        attempt(
            lead,
            extension,
            "refused",
            error_code=3,
            sent_at=sent_at,
            answered_at=sent_at + timedelta(seconds=seconds),
        )
    attempt(lead, extension, "refused", error_code=3, claimed_at=now - timedelta(hours=2))
    attempt(
        lead,
        extension,
        "unknown",
        claimed_at=now - timedelta(seconds=200),
        failure_reason="worker_lost",
        answered_at=now + timedelta(seconds=999),
    )
    found = scraped()
    assert found["callbacks_attempts_last_hour", "3", "refused"] == 10
    assert found["callbacks_attempts_last_hour", "", "unknown"] == 1
    assert found["callbacks_attempts_live", "unknown"] == 1
    assert found["callbacks_attempts_live", "accepted"] == 0
    assert found["callbacks_oldest_unknown_seconds",] >= 200
    assert found["callbacks_provider_answer_seconds", "0.5"] == 5
    assert found["callbacks_provider_answer_seconds", "0.99"] == 10
    assert found["callbacks_provider_answers_last_hour",] == 10


def test_it_counts_the_calls_that_a_manager_has_to_decide_about(
    make_lead: MakeLead, extension: Extension
) -> None:
    now = timezone.now()
    failed = {"status": LeadStatus.FAILED, "closed_at": now}
    attempt(make_lead(**failed), extension, "ended", outcome="never_known")
    attempt(make_lead(**failed), extension, "ended", outcome="no_record")
    found = scraped()
    assert found["callbacks_unknown_outcomes",] == 1
    assert found["callbacks_attempts_live", "unknown"] == 0


def test_it_says_that_the_provider_refuses_the_account(transactional_db: None) -> None:
    assert scraped()["callbacks_account_refused",] == 0
    now = timezone.now()
    AccountRefusal.objects.create(
        pk=AccountRefusal.ONLY, refused_for=RefusedFor.CODE, since=now, next_try_at=now
    )
    assert scraped()["callbacks_account_refused",] == 1


def test_leads_of_earlier_hours_are_not_counted_with_the_new_ones(make_lead: MakeLead) -> None:
    an_age_ago = timezone.now() - timedelta(hours=2)
    make_lead(submitted_at=an_age_ago)
    found = scraped()
    assert found["callbacks_leads_last_hour", "waiting"] == 0
    assert found["callbacks_leads_open", "waiting"] == 1


def test_what_only_processes_know_is_counted_together(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callbacks.config.celery import app

    tasks.sweep()
    heartbeats.worker_seen("one")
    heartbeats.worker_seen("two")
    before = (app.conf.broker_write_url, app.conf.broker_url)
    app.conf.broker_write_url = app.conf.broker_url = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(task_publisher, "_breaker", task_publisher.Breaker(0))
    task_publisher.publish(task_publisher.CALL_LEAD, 1)
    # Nothing waits for this publish: it fails in the background.
    task_publisher.publish(task_publisher.CALL_LEAD, 2)
    eventually(lambda: scraped().get(("callbacks_publish_failures_total",)) == 2)
    app.conf.broker_write_url, app.conf.broker_url = before
    eventually(lambda: scraped()["callbacks_workers",] == 2)
    heartbeats.count(sweep_item_failures=2)
    eventually(lambda: scraped()["callbacks_sweep_item_failures_total",] == 2)
    found = scraped()
    assert found["callbacks_sweep_seconds_count",] == 1
    assert found["callbacks_sweep_seconds_sum",] > 0
    assert abs(found["callbacks_last_seen_timestamp_seconds", "sweep"] - time.time()) < 3600
    assert ("callbacks_last_seen_timestamp_seconds", "beat") not in found


def test_what_could_not_be_counted_while_redis_was_away_is_counted_afterwards(
    settings: SettingsWrapper,
) -> None:
    address, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    heartbeats._client.forget()
    heartbeats.count(publish_failures=3)
    eventually(lambda: not heartbeats._writing)
    assert scraped()["callbacks_up", "redis"] == 0
    settings.REDIS_URL = address
    heartbeats._client.forget()
    heartbeats.count(publish_failures=1)
    eventually(lambda: scraped().get(("callbacks_publish_failures_total",)) == 4)


def test_while_the_database_is_awaited_redis_is_not_asked_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def read() -> heartbeats.Heartbeats:
        asked.append(1)
        return heartbeats.read()

    def look() -> metrics._Stored:
        eventually(lambda: signs._asked and signs._asked.result.done())
        return metrics._ask_database()

    signs = Probe("signs", read, 60)
    monkeypatch.setattr(metrics, "_signs", signs)
    monkeypatch.setattr(metrics, "_database", Probe("figures", look, 60))
    found = scraped()
    assert found["callbacks_up", "database"] == found["callbacks_up", "redis"] == 1
    assert len(asked) == 1


def test_prometheus_can_read_it_in_both_formats(make_lead: MakeLead) -> None:
    make_lead()
    plain = Client().get("/metrics")
    assert plain["Content-Type"].startswith("text/plain; version=")
    assert scraped(plain.content.decode())["callbacks_up", "database"] == 1
    accept = "application/openmetrics-text;version=1.0.0"
    newer = Client().get("/metrics", headers={"accept": accept})
    assert newer["Content-Type"].startswith("application/openmetrics-text")
    assert list(openmetrics.text_string_to_metric_families(newer.content.decode()))


def test_it_asks_for_the_token(settings: SettingsWrapper) -> None:
    settings.METRICS_TOKEN = TOKEN
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": f"Basic {TOKEN}"}):
        refused = Client().get("/metrics", headers=headers)
        assert refused.status_code == 401
        assert b"callbacks_" not in refused.content
    assert Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_without_a_token_it_is_open_to_this_machine_alone(settings: SettingsWrapper) -> None:
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 401
    settings.HTTPS = True
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 401


def test_it_holds_no_name_and_no_number(make_lead: MakeLead, extension: Extension) -> None:
    lead = make_lead(name="Canary Levi", email="canary@example.com")
    attempt(lead, extension, "accepted", call_id="a-call")
    text = Client().get("/metrics").content.decode()
    for personal in ("Canary", "canary@", lead.phone, lead.phone[4:], str(lead.public_id)):
        assert personal not in text


def test_what_it_asks_reads_no_closed_lead_and_no_old_attempt(
    make_lead: MakeLead, extension: Extension
) -> None:
    """On a large table the planner uses the partial indexes; this small one has to be told to."""
    plans = []
    for question in (queue_figures._OPEN, queue_figures._DUE, queue_figures._LIVE):
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            cursor.execute(f"EXPLAIN {question}", {"now": timezone.now()})
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
            cursor.execute("RESET enable_seqscan")
    assert all("Index" in plan and "Seq Scan" not in plan for plan in plans), plans


def test_the_alerts_in_the_documentation_ask_for_figures_that_are_there(
    make_lead: MakeLead, extension: Extension
) -> None:
    tasks.sweep()
    now = timezone.now()
    attempt(make_lead(), extension, "accepted", call_id="1", answered_at=now + timedelta(seconds=1))
    heartbeats.seen("beat")
    heartbeats.worker_seen("one")
    heartbeats.clock_seen("worker@app1", 0.0)
    eventually(lambda: ("callbacks_last_seen_timestamp_seconds", "beat") in scraped())
    eventually(lambda: heartbeats.read().clocks)
    named = set(re.findall(r"callbacks_[a-z_]+", _rules()))
    assert named
    assert {"callbacks_up", "callbacks_redis_takes_writes"} <= named
    assert named <= {name for name, *_labels in scraped()}


def _rules() -> str:
    found = re.search(r"```yaml\n(groups:.*?)```", (ROOT / "docs/deploy.md").read_text(), re.S)
    assert found, "docs/deploy.md has no alert rules"
    return found[1]


def test_it_shows_how_far_each_clock_is_off(broker: redis.Redis) -> None:
    heartbeats.clock_seen("worker-1@app2", -250.25)
    heartbeats.clock_seen("web@app1", 0.004)
    eventually(lambda: len(heartbeats.read().clocks) == 2)
    found = scraped()
    assert found["callbacks_clock_ahead_seconds", "worker-1@app2"] == -250.25
    assert found["callbacks_clock_ahead_seconds", "web@app1"] == 0.004


def test_it_counts_submissions_that_were_not_stored_from_0_on(signs: redis.Redis) -> None:
    """If a series began with its first failure, `increase` would not count that failure."""
    found = scraped()
    ways = {key[1:]: value for key, value in found.items() if "submissions_failed" in key[0]}
    assert set(ways.values()) == {0.0}
    assert {by for by, _reason in ways} == {"api", "form", "widget"}
    assert {reason for _by, reason in ways} == set(failed_submissions.REASONS)
    with pytest.raises(ZeroDivisionError), failed_submissions.counted(FailedBy.WIDGET):
        1 / 0  # noqa: B018
    heartbeats.count(**{f"{heartbeats.NOT_STORED}carrier-pigeon.rain": 1})  # not one of the labels
    eventually(lambda: not heartbeats._writing)
    found = scraped()
    assert found["callbacks_submissions_failed_total", "widget", "fault"] == 1
    assert sum(value for key, value in found.items() if "submissions_failed" in key[0]) == 1
