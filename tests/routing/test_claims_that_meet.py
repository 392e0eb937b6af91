"""Two claims at the same moment: what changes between a claim's look and its lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.simulator import eventually
from tests.support.together import alone, at_once, waiting_for_locks

HOLD = timedelta(hours=1)
MakeLead = Callable[..., Lead]

pytestmark = pytest.mark.django_db(transaction=True)

_STOP = 7_106_302  # an advisory lock that a claim waits for after its look
_GATE = f"(SELECT pg_advisory_xact_lock_shared({_STOP})) IS NOT NULL AND "
# Where each search of the claim begins. A gate there waits after the statement has its snapshot and
# before it locks a row.
_LEAD = "WHERE id = given_lead AND status = 'waiting'"
_QUEUE = "WHERE extension.team_id = given_teams[place]"


@contextmanager
def stopped(search: str) -> Iterator[None]:
    """Claims of other threads wait at this search until the block ends."""
    text = claims.SQL_FILE.read_text()
    assert text.count(search) == 1
    gated = search.replace("WHERE ", "WHERE " + _GATE)
    with connection.cursor() as cursor:
        cursor.execute(text.replace(search, gated))
        cursor.execute("SELECT pg_advisory_lock(%s)", [_STOP])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_STOP])


@pytest.fixture(autouse=True)
def _the_function_as_it_was() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute(claims.SQL_FILE.read_text())


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def second(team: Team, extension: Extension) -> Extension:
    """In the queue it stands behind `extension`."""
    return Extension.objects.create(number="102", team=team, queue_position=1)


def rung(lead: Lead, team: Team) -> CallAttempt | None:
    claim = claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    return claim.attempt if claim else None


def asked_at_once(
    pool: ThreadPoolExecutor, lead: Lead, team: Team
) -> Future[tuple[CallAttempt | None, int]]:
    """Starts a claim in another thread, which looks and then waits; gives its attempt and tries."""

    def run() -> tuple[CallAttempt | None, int]:
        tries = 0

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal tries
            tries += claims.FUNCTION in sql
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            return rung(lead, team), tries

    future = pool.submit(alone, run)
    eventually(lambda: waiting_for_locks() == 1, within=60)
    return future


def test_an_extension_that_is_claimed_meanwhile_is_passed_in_the_same_try(
    pool: ThreadPoolExecutor, make_lead: MakeLead, team: Team, second: Extension
) -> None:
    late, early = make_lead(), make_lead()
    with stopped(_QUEUE):
        future = asked_at_once(pool, late, team)
        first = rung(early, team)
        assert first
        assert first.extension_number == "101"
    attempt, tries = future.result()
    assert attempt
    assert (attempt.extension_number, tries) == ("102", 1)


def test_an_extension_that_has_been_called_and_is_free_again_has_lost_its_turn(
    pool: ThreadPoolExecutor, make_lead: MakeLead, team: Team, second: Extension
) -> None:
    late, early = make_lead(), make_lead()
    with stopped(_QUEUE):
        future = asked_at_once(pool, late, team)
        first = rung(early, team)
        assert first
        assert first.refuse(Outcome.PROVIDER_ERROR, 2, "", "", timezone.now())
    attempt, _tries = future.result()
    assert attempt
    assert attempt.extension_number == "102"


@pytest.mark.parametrize(
    "changed",
    [
        {"is_active": False},
        {"is_blocked": True},
        {"is_paused": True},
        {"unavailable_until": timezone.now() + timedelta(days=1)},
        {"capped_until": timezone.now() + timedelta(days=1)},
        {"wrap_up_until": timezone.now() + timedelta(days=1)},
        {"provider_busy_until": timezone.now() + timedelta(days=1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_extension_that_is_taken_out_meanwhile_is_not_rung(
    pool: ThreadPoolExecutor,
    make_lead: MakeLead,
    team: Team,
    second: Extension,
    changed: dict[str, object],
) -> None:
    lead = make_lead()
    with stopped(_QUEUE):
        future = asked_at_once(pool, lead, team)
        Extension.objects.filter(number="101").update(**changed)
    attempt, _tries = future.result()
    assert attempt
    assert attempt.extension_number == "102"


@pytest.mark.parametrize(
    "changed",
    [
        {"status": LeadStatus.CANCELLED, "closed_at": timezone.now()},
        {"call_after": timezone.now() + timedelta(days=1)},
    ],
    ids=["cancelled", "put off"],
)
def test_a_lead_that_is_not_to_be_called_any_more_is_left_alone(
    pool: ThreadPoolExecutor,
    make_lead: MakeLead,
    team: Team,
    extension: Extension,
    changed: dict[str, object],
) -> None:
    lead = make_lead()
    with stopped(_LEAD):
        future = asked_at_once(pool, lead, team)
        Lead.objects.filter(pk=lead.pk).update(**changed)
    assert future.result() == (None, 1)


@pytest.mark.parametrize("bound", [LeadSource, Team], ids=["the source's", "the team's"])
def test_a_lead_that_has_had_its_last_call_of_the_day_meanwhile_is_not_called_once_more(
    pool: ThreadPoolExecutor,
    make_lead: MakeLead,
    team: Team,
    second: Extension,
    bound: type[LeadSource] | type[Team],
) -> None:
    bound.objects.update(calls_a_day=1)
    lead = make_lead()
    with stopped(_LEAD):
        future = asked_at_once(pool, lead, team)
        first = rung(lead, team)
        assert first
        assert first.finish(AttemptState.LEAD_NO_ANSWER, timezone.now())
        Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.WAITING)  # as "Call now" does
    assert future.result() == (None, 1)


def test_many_workers_never_pass_the_bound_of_the_day(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    """Each call ends at once, and a manager asks for the next call at once."""
    Extension.objects.bulk_create(Extension(number=f"2{n:02}", team=team) for n in range(20))
    LeadSource.objects.update(calls_a_day=3)
    lead = make_lead()

    def work() -> int:
        made = 0
        for _ in range(12):
            if attempt := rung(lead, team):
                made += 1
                attempt.finish(AttemptState.LEAD_NO_ANSWER, timezone.now())
                wished_at = timezone.now()
                Lead.objects.filter(pk=lead.pk).update(
                    status=LeadStatus.WAITING, counted_from=wished_at, call_after=wished_at
                )
        return made

    assert sum(at_once(8, work)) == 3
