"""`/metrics`: figures in Prometheus's text format, collected when they are requested.

They come from PostgreSQL, which knows everything that happened, and from the signs and counters in
Redis (callbacks.common.heartbeats). No process keeps figures of its own: with several web
processes, each scrape would get those of another one. A part that does not answer in time is left
out, and `callbacks_up` says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from callbacks.common import heartbeats
from callbacks.monitoring import queue_figures, readiness
from callbacks.monitoring.bounded_probe import Asked, Probe
from callbacks.reconciliation import manual_resolution
from callbacks.telephony import account_refusals
from leads import failed_submissions
from leads.failed_submissions import FailedBy

T = TypeVar("T")


@dataclass(frozen=True)
class _Stored:
    """The database's answers, at one moment."""

    leads: dict[str, int]
    new_leads: dict[str, int]
    due: int
    overdue: int
    oldest_wait: float
    live: dict[str, queue_figures.LiveAttempts]
    oldest_unknown: float
    questions: int
    is_account_refused: bool
    recent: queue_figures.RecentCalls


def _ask_database() -> _Stored:
    now = timezone.now()
    with transaction.atomic():
        readiness.bound_statements()
        due = queue_figures.due(now)
        live = queue_figures.live_attempts()
        unknown = live.get("unknown")
        return _Stored(
            leads=queue_figures.open_leads(),
            new_leads=queue_figures.new_leads(now),
            due=sum(entry.count for entry in due),
            overdue=queue_figures.overdue(now),
            oldest_wait=queue_figures.oldest_wait(due, now).total_seconds(),
            live=live,
            oldest_unknown=(now - unknown.oldest).total_seconds() if unknown else 0.0,
            questions=manual_resolution.open_questions().count(),
            is_account_refused=account_refusals.current() is not None,
            recent=queue_figures.recent(now),
        )


_database = Probe("figures", _ask_database, readiness.PATIENCE)
_signs = Probe("signs", heartbeats.read, readiness.PATIENCE)


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        """Asks both at the same time, and yields what answered."""
        database, signs = _database.start(), _signs.start()
        up = GaugeMetricFamily(
            "callbacks_up",
            "1 if this part answered in time. Otherwise 0, and its figures are missing.",
            labels=["part"],
        )
        for part, figures in (
            ("database", _answered(database, _from_database)),
            ("redis", _answered(signs, _from_signs)),
        ):
            up.add_metric([part], int(figures is not None))
            yield from figures or ()
        yield up


def exposition(accept: str) -> tuple[bytes, str]:
    """The text in the newest format that `accept` (a request's header) names, and its content
    type.
    """
    encode, content_type = choose_encoder(accept)
    return encode(_registry), content_type


def _answered(asked: Asked[T], figures: Callable[[T], Iterator[Metric]]) -> list[Metric] | None:
    """The figures of an answer; None if there is none in time, which callbacks_up reports."""
    try:
        return list(figures(asked.answer()))
    except Exception:  # noqa: BLE001  # it may name the host
        return None


def _from_database(stored: _Stored) -> Iterator[Metric]:
    leads = GaugeMetricFamily("callbacks_leads_open", "Open leads, by status.", labels=["status"])
    for status, count in stored.leads.items():
        leads.add_metric([status], count)
    yield leads
    new_leads = GaugeMetricFamily(
        "callbacks_leads_last_hour",
        "Leads submitted in the last hour, by status (at most the newest "
        f"{queue_figures.AT_MOST:,}).",
        labels=["status"],
    )
    for status, count in stored.new_leads.items():
        new_leads.add_metric([status], count)
    yield new_leads
    yield GaugeMetricFamily(
        "callbacks_leads_due", "Waiting leads that are due to be called now.", stored.due
    )
    yield GaugeMetricFamily(
        "callbacks_leads_overdue",
        "Open leads that are past their due time and whose phone has not rung.",
        stored.overdue,
    )
    yield GaugeMetricFamily(
        "callbacks_oldest_due_lead_seconds",
        "How long the oldest due lead of an open team has been waiting.",
        stored.oldest_wait,
    )
    live = GaugeMetricFamily(
        "callbacks_attempts_live",
        "Live attempts, each holding a lead and an extension.",
        labels=["state"],
    )
    for state in ("dialing", "accepted", "unknown"):
        live.add_metric([state], stored.live[state].count if state in stored.live else 0)
    yield live
    yield GaugeMetricFamily(
        "callbacks_oldest_unknown_seconds",
        "Age of the oldest attempt with an unknown outcome, or 0 if there is none.",
        stored.oldest_unknown,
    )
    yield GaugeMetricFamily(
        "callbacks_unknown_outcomes",
        "Ended calls with an unknown outcome. A manager has to decide how they ended.",
        stored.questions,
    )
    yield GaugeMetricFamily(
        "callbacks_account_refused",
        "1 while the provider refuses the account, so that nobody is called. Otherwise 0.",
        int(stored.is_account_refused),
    )
    yield from _of_the_last_hour(stored.recent)


def _of_the_last_hour(recent: queue_figures.RecentCalls) -> Iterator[Metric]:
    attempts = GaugeMetricFamily(
        "callbacks_attempts_last_hour",
        "Attempts claimed in the last hour, by result (at most the newest "
        f"{queue_figures.AT_MOST:,}).",
        labels=["state", "error_code"],
    )
    for (state, error_code), count in recent.attempts.items():
        attempts.add_metric([state, error_code], count)
    yield attempts
    latency = GaugeMetricFamily(
        "callbacks_provider_answer_seconds",
        "Time from sending an attempt to the provider's answer, for attempts of the last hour.",
        labels=["quantile"],
    )
    for quantile, seconds in recent.seconds.items():
        latency.add_metric([str(quantile)], seconds)
    yield latency
    yield GaugeMetricFamily(
        "callbacks_provider_answers_last_hour",
        "Number of answers behind callbacks_provider_answer_seconds.",
        recent.answers,
    )


def _from_signs(signs: heartbeats.Heartbeats) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "callbacks_redis_takes_writes",
        "1 if Redis accepts writes, 0 if its memory or disk is full or it is a replica.",
        int(signs.takes_writes),
    )
    yield GaugeMetricFamily("callbacks_workers", "Workers seen recently.", signs.workers)
    seen = GaugeMetricFamily(
        "callbacks_last_seen_timestamp_seconds",
        "When this process was last active.",
        labels=["what"],
    )
    times = {**signs.seen, "worker": signs.worker_seen}
    for what in ("beat", "worker", "sweep"):
        if at := times.get(what):
            seen.add_metric([what], at)
    yield seen
    clocks = GaugeMetricFamily(
        "callbacks_clock_ahead_seconds",
        "How far the clock of this process's machine is ahead of the database's. Negative if it "
        "is behind.",
        labels=["process"],
    )
    for process, ahead in signs.clocks.items():
        clocks.add_metric([process], ahead)
    yield clocks
    yield SummaryMetricFamily(
        "callbacks_sweep_seconds",
        "Finished sweeps and the time they took.",
        count_value=int(signs.counts.get("sweeps", 0)),
        sum_value=signs.counts.get("sweep_seconds", 0.0),
    )
    yield CounterMetricFamily(
        "callbacks_publish_failures",
        "Wake-ups that the broker did not accept in time. The sweep makes up for them.",
        signs.counts.get("publish_failures", 0.0),
    )
    yield CounterMetricFamily(
        "callbacks_sweep_item_failures",
        "Rows that a sweep could not process and left unchanged. The log names them.",
        signs.counts.get("sweep_item_failures", 0.0),
    )
    yield _failed_submissions(signs)
    refused = CounterMetricFamily(
        "callbacks_numbers_refused",
        "Refused numbers from visitors and API clients, by reason.",
        labels=["reason"],
    )
    for name, amount in sorted(signs.counts.items()):
        if name.startswith(heartbeats.REFUSED):
            refused.add_metric([name.removeprefix(heartbeats.REFUSED)], amount)
    yield refused


def _failed_submissions(signs: heartbeats.Heartbeats) -> Metric:
    """Every way and reason, starting at 0: if a series begins with 1, no alert sees an increase."""
    failed = CounterMetricFamily(
        "callbacks_submissions_failed",
        "Submissions that could not be stored and got a 503 or 500 answer, by way and reason.",
        labels=["by", "reason"],
    )
    for way in FailedBy:
        for reason in failed_submissions.REASONS:
            amount = signs.counts.get(f"{heartbeats.NOT_STORED}{way}.{reason}", 0.0)
            failed.add_metric([way, reason], amount)
    return failed


_registry = CollectorRegistry(auto_describe=False)
_registry.register(_Figures())
