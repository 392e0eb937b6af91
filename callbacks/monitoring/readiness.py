"""Does the whole thing work? What `/readyz` looks at, each with what to do when it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks.common import heartbeats, task_publisher
from callbacks.explain import nobody_now
from callbacks.explain.nobody_now import SilentSource
from callbacks.models.account_refusals import RefusedFor
from callbacks.monitoring import clocks, queue_figures
from callbacks.monitoring.bounded_probe import Probe
from callbacks.monitoring.clocks import WrongClock
from callbacks.routing import claim
from callbacks.telephony import account_refusals

# Seconds. PostgreSQL and Redis answer in milliseconds; who asks is often less patient than this.
PATIENCE = 2.0
# Signs come every few seconds (Pulse, the sweep); a few may be missed, in a restart for one.
BEAT_MISSED_AFTER = 30.0
SWEEP_MISSED_AFTER = 60.0
# For how long nobody may be there to be rung. Each sweep leaves a sign when somebody is.
NOBODY_FOR = 60.0
PEOPLE = "people"


T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """One thing looked at; `advice` is a sentence for who has to mend it, "" when it is well."""

    name: str
    ok: bool
    advice: str = ""


@dataclass(frozen=True)
class _Database:
    """Whether it is that of this code, how long the oldest due lead has waited, for which sources
    nobody can be rung, and what the provider refuses of the account.
    """

    is_migrated: bool
    waited: timedelta
    silent: list[SilentSource]
    refused_for: str


def _look_into_database() -> _Database:
    try:
        return _read_database()
    except ProgrammingError:  # it answers, and has not the tables of this version
        return _Database(is_migrated=False, waited=timedelta(0), silent=[], refused_for="")


def _read_database() -> _Database:
    now = timezone.now()
    with transaction.atomic():
        bound_statements()
        waited = queue_figures.oldest_wait(queue_figures.due(now), now)
        is_migrated = claim.is_installed()
        refusal = account_refusals.current()
        refused_for = refusal.refused_for if refusal else ""
        return _Database(is_migrated, waited, nobody_now.sources(now), refused_for)


def note_people() -> None:
    """A step of the sweep: leaves a sign when there is somebody to be rung for every source."""
    if not nobody_now.sources(timezone.now()):
        heartbeats.seen(PEOPLE)


def bound_statements() -> None:
    """Has the database give up what nobody waits for any more; until the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE:g}s"])


def _reach_broker() -> None:
    with task_publisher.connection() as broker:
        broker.ensure_connection(max_retries=0)


_database = Probe("database", _look_into_database, PATIENCE)
_broker = Probe("broker", _reach_broker, PATIENCE)
_signs = Probe("signs", heartbeats.read, PATIENCE)


def checks() -> list[Check]:
    """All of them, in an order to read them in: the first that is not well is the cause."""
    for probe in (_database, _broker, _signs):
        probe.start()  # side by side: the whole takes no longer than the slowest
    database, signs = _answer(_database), _answer(_signs)
    return [
        *_look_at_database(database), *_look_at_broker(), *_look_at_processes(signs),
        _look_at_people(database, signs), _look_at_account(database), _look_at_clocks(signs),
    ]  # fmt: skip


def processes() -> tuple[list[Check], list[WrongClock]]:
    """The broker and what runs with it, and whose clocks are wrong; asks no database."""
    for probe in (_broker, _signs):
        probe.start()
    signs = _answer(_signs)
    checks = [*_look_at_broker(), *_look_at_processes(signs)]
    return checks, clocks.wrong(signs.clocks) if signs else []


def _answer(probe: Probe[T]) -> T | None:
    """None for whatever it ended in: that may name the host, and is not shown."""
    try:
        return probe.answer()
    except Exception:  # noqa: BLE001
        return None


def _look_at_database(database: _Database | None) -> Iterator[Check]:
    if database is None:
        yield Check(
            "database",
            ok=False,
            advice="PostgreSQL does not answer: see that it runs, that DATABASE_URL is right and "
            "that connections are left.",
        )
        yield Check("leads", ok=False, advice="Not known while PostgreSQL does not answer.")
        return
    yield _verdict(
        "database",
        database.is_migrated,
        "The database is not that of this version, and nobody can be called: run `manage.py "
        "migrate`.",
    )
    yield _verdict(
        "leads",
        database.waited <= timedelta(seconds=settings.READY_OLDEST_DUE),
        f"The oldest due lead has waited for {database.waited.total_seconds():.0f} s: see in the "
        "admin whether extensions are free and a team answers its source, then the checks below.",
    )


def _look_at_broker() -> Iterator[Check]:
    try:
        _broker.answer()
    except Exception:  # noqa: BLE001
        yield Check(
            "broker",
            ok=False,
            advice="The broker does not answer: see that it runs and that REDIS_URL or BROKER_URL "
            "is right. Leads are stored meanwhile, and called once it is back.",
        )
        return
    yield Check("broker", ok=True)


def _look_at_processes(signs: heartbeats.Heartbeats | None) -> Iterator[Check]:
    if signs is None:
        for name in ("beat", "worker", "sweep"):
            yield Check(name, ok=False, advice="Not known while Redis does not answer.")
        return
    # A sign from the future was left before the clock was put back: it says nothing of now.
    now = timezone.now().timestamp()
    beat_after = max(BEAT_MISSED_AFTER, 3 * settings.SWEEP_EVERY)
    sweep_after = max(SWEEP_MISSED_AFTER, 5 * settings.SWEEP_EVERY)
    yield _verdict(
        "beat",
        abs(now - signs.seen.get("beat", 0)) < beat_after,
        f"beat has sent nothing for {beat_after:.0f} s: start it; see its log and the broker.",
    )
    yield _verdict(
        "worker",
        signs.workers > 0,
        f"No worker has been seen for {heartbeats.WORKER_IS_THERE_FOR:.0f} s: start one; see its "
        "log and the broker.",
    )
    yield _verdict(
        "sweep",
        abs(now - signs.seen.get("sweep", 0)) < sweep_after,
        f"No sweep has ended for {sweep_after:.0f} s: with beat and a worker there, the workers' "
        "threads are all busy or stuck, or sweeps fail; see the worker's log.",
    )


def _look_at_people(database: _Database | None, signs: heartbeats.Heartbeats | None) -> Check:
    if database is None:
        return Check(PEOPLE, ok=False, advice="Not known while PostgreSQL does not answer.")
    last = signs.seen.get(PEOPLE, 0) if signs else 0
    return _verdict(
        PEOPLE,
        not database.silent or abs(timezone.now().timestamp() - last) < NOBODY_FOR,
        f"{nobody_now.words(database.silent)} Un-pause extensions, or see in the admin what "
        "keeps them from being rung.",
    )


_REFUSED: dict[str, str] = {
    RefusedFor.CODE: "The provider does not know the account's code: correct VOICENTER_CODE, and "
    "start the workers anew.",
    RefusedFor.ADDRESS: "The provider lets nobody in from this server's address, or does not know "
    "the code: have it put the address on the account's list, or correct VOICENTER_CODE.",
    RefusedFor.ACCOUNT: "The provider has blocked the account: ask it why.",
    RefusedFor.RIGHT: "The provider does not let this account make calls: ask it for that right.",
}


def _look_at_account(database: _Database | None) -> Check:
    if database is None:
        return Check("provider", ok=False, advice="Not known while PostgreSQL does not answer.")
    advice = _REFUSED.get(database.refused_for, "")
    return _verdict(
        "provider",
        not database.refused_for,
        f"{advice} Nobody is called meanwhile, and leads wait. `manage.py voicenter check` says "
        "more.",
    )


def _look_at_clocks(signs: heartbeats.Heartbeats | None) -> Check:
    if signs is None:
        return Check("clocks", ok=False, advice="Not known while Redis does not answer.")
    wrong = clocks.wrong(signs.clocks)
    return _verdict("clocks", not wrong, " ".join(it.sentence() for it in wrong))


def _verdict(name: str, ok: bool, advice: str) -> Check:
    return Check(name, ok, "" if ok else advice)
