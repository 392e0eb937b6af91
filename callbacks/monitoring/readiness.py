"""Whether the whole system works: the checks of `/readyz`, each with advice for its failure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks.common import heartbeats, task_publisher
from callbacks.common.heartbeats import Heartbeats
from callbacks.explain import nobody_now
from callbacks.explain.nobody_now import SilentSource
from callbacks.models.account_refusals import RefusedFor
from callbacks.monitoring import clocks, newer_database, queue_figures, signs_in_redis, storing
from callbacks.monitoring.bounded_probe import Asked, Probe
from callbacks.monitoring.clocks import WrongClock
from callbacks.routing import claim
from callbacks.telephony import account_refusals
from leads import refused_connections, unavailable
from leads.unavailable import INSUFFICIENT_PRIVILEGE

# Seconds. PostgreSQL and Redis answer in milliseconds; most callers are less patient than this.
PATIENCE = 2.0
# Seconds during which nobody may be there to be rung. Each sweep leaves a sign if somebody is.
NOBODY_FOR = 60.0
PEOPLE = "people"


T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """One check; `advice` is a sentence for whoever has to fix the problem, or should know about
    it.
    """

    name: str
    ok: bool
    advice: str = ""


@dataclass(frozen=True)
class _Database:
    """What is wrong with the database, how long the oldest due lead has waited, which sources
    nobody can be rung for, and why the provider refuses the account. `remark`: something that is
    not yet a problem.
    """

    problem: str = ""
    waited: timedelta = timedelta(0)
    silent: tuple[SilentSource, ...] = ()
    refused_for: str = ""
    remark: str = ""


_UNMIGRATED = (
    "The database does not match this version, so nobody can be called. Run `manage.py migrate`."
)
# The database may answer and refuse: the check of the database says which.
_NO_DATABASE = "Unknown while the database is unavailable."
_MAY_NOT_READ = (
    "PostgreSQL does not let the user in DATABASE_URL read its tables. Run docs/deploy/roles.sql "
    "again, or grant the rights listed in docs/deploy.md."
)


def _look_into_database() -> _Database:
    try:
        return _read_database()
    except ProgrammingError as error:  # it answers, but lacks what this version needs
        may_read = unavailable.sqlstate(error) != INSUFFICIENT_PRIVILEGE
        return _Database(_UNMIGRATED if may_read else _MAY_NOT_READ)


def _read_database() -> _Database:
    now = timezone.now()
    with transaction.atomic():
        bound_statements()
        waited = queue_figures.oldest_wait(queue_figures.due(now), now)
        problem = "" if claim.is_installed() else _UNMIGRATED
        refusal = account_refusals.current()
        refused_for = refusal.refused_for if refusal else ""
        silent = tuple(nobody_now.sources(now))
        return _Database(problem, waited, silent, refused_for, newer_database.sentence())


def note_people() -> None:
    """A step of the sweep: leaves a sign if somebody can be rung for every source."""
    if not nobody_now.sources(timezone.now()):
        heartbeats.seen(PEOPLE)


def bound_statements() -> None:
    """Makes the database cancel statements that nobody waits for any more, until the transaction
    ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE:g}s"])


def _reach_broker() -> None:
    with task_publisher.connection() as broker:
        broker.ensure_connection(max_retries=0)


_database = Probe("database", _look_into_database, PATIENCE)
_broker = Probe("broker", _reach_broker, PATIENCE)
_signs = Probe("signs", heartbeats.read, PATIENCE)


def checks() -> list[Check]:
    """All checks in reading order: the first that fails is the cause."""
    # In parallel: the whole takes no longer than the slowest.
    storing.start()
    asked, broker, asked_signs = _database.start(), _broker.start(), _signs.start()
    database, signs = _answer(asked), _answer(asked_signs)
    return [
        *_look_at_database(database), *_look_at_broker(broker),
        *_look_at_redis(signs), *_look_at_processes(signs),
        _look_at_people(database, signs), _look_at_account(database), _look_at_clocks(signs),
    ]  # fmt: skip


def processes() -> tuple[list[Check], list[WrongClock]]:
    """The checks of the broker and what runs with it, and the wrong clocks; asks no database."""
    broker, asked_signs = _broker.start(), _signs.start()
    signs = _answer(asked_signs)
    checks = [*_look_at_broker(broker), *_look_at_redis(signs), *_look_at_processes(signs)]
    return checks, clocks.wrong(signs.clocks) if signs else []


def _answer(asked: Asked[T]) -> T | None:
    """The answer, or None for any error: an error may name the host, so it is not shown."""
    try:
        return asked.answer()
    except Exception:  # noqa: BLE001
        return None


def _look_at_database(database: _Database | None) -> Iterator[Check]:
    if database is None:
        yield Check(
            "database",
            ok=False,
            advice=(refused_connections.last() or refused_connections.NO_ANSWER).told(),
        )
        for name in ("store", "leads"):
            yield Check(name, ok=False, advice=_NO_DATABASE)
        return
    # During a deployment the old version still serves: this is a remark, not a problem.
    yield Check("database", not database.problem, database.problem or database.remark)
    trouble = storing.trouble()
    yield _verdict("store", not trouble, trouble)
    yield _verdict(
        "leads",
        database.waited <= timedelta(seconds=settings.READY_OLDEST_DUE),
        f"The oldest due lead has waited for {database.waited.total_seconds():.0f} s. Check in "
        "the admin whether extensions are free and a team answers its source. Then look at the "
        "checks below.",
    )


def _look_at_broker(asked: Asked[None]) -> Iterator[Check]:
    try:
        asked.answer()
    except Exception:  # noqa: BLE001
        yield Check(
            "broker",
            ok=False,
            advice=(
                "The broker does not answer, or refuses the user and password. Check that it is "
                "running and that BROKER_URL (REDIS_URL if that is empty) is correct. Leads are "
                "stored meanwhile and called once it is back."
            ),
        )
        return
    yield Check("broker", ok=True)


def _look_at_redis(signs: Heartbeats | None) -> Iterator[Check]:
    yield _verdict("redis", *signs_in_redis.verdict(signs, _now()))


def _look_at_processes(signs: Heartbeats | None) -> Iterator[Check]:
    yield from (Check(*it) for it in signs_in_redis.processes(signs, _now()))


def _look_at_people(database: _Database | None, signs: Heartbeats | None) -> Check:
    if database is None:
        return Check(PEOPLE, ok=False, advice=_NO_DATABASE)
    # Nothing is known about the time before Redis was emptied or came back.
    last = max(signs.seen.get(PEOPLE) or signs.since, signs.back) if signs else 0
    return _verdict(
        PEOPLE,
        not database.silent or abs(_now() - last) < NOBODY_FOR,
        f"{nobody_now.words(database.silent)} Un-pause extensions, or check in the admin why "
        "they cannot be rung.",
    )


def _now() -> float:
    return timezone.now().timestamp()


_REFUSED: dict[str, str] = {
    RefusedFor.CODE: (
        "The provider does not know the account's code. Correct VOICENTER_CODE and restart the "
        "workers."
    ),
    RefusedFor.ADDRESS: (
        "The provider refuses this server's address or the account's code. Ask it to add the "
        "address to the account's list, or correct VOICENTER_CODE and restart the workers."
    ),
    RefusedFor.ACCOUNT: "The provider has blocked the account. Ask it why.",
    RefusedFor.RIGHT: "The provider does not let this account make calls. Ask it for that right.",
}


def _look_at_account(database: _Database | None) -> Check:
    if database is None:
        return Check("provider", ok=False, advice=_NO_DATABASE)
    advice = _REFUSED.get(database.refused_for, "")
    return _verdict(
        "provider",
        not database.refused_for,
        f"{advice} Until then nobody is called and leads wait. `manage.py voicenter check` gives "
        "details.",
    )


def _look_at_clocks(signs: Heartbeats | None) -> Check:
    if signs is None:
        return Check("clocks", ok=False, advice=signs_in_redis.NOT_KNOWN)
    wrong = clocks.wrong(signs.clocks)
    return _verdict("clocks", not wrong, " ".join(it.sentence() for it in wrong))


def _verdict(name: str, ok: bool, advice: str) -> Check:
    return Check(name, ok, "" if ok else advice)
