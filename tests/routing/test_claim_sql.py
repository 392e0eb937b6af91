"""claim.sql: the function that it creates, and that the function returns what it wrote."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks.explain import routing_reason
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.routing import claim as claims
from callbacks.routing import rules
from callbacks.voicenter.values.leg_outcome import RANG
from leads.models import Lead
from tests.support.asking import asked

HOLD = timedelta(hours=1)
MakeLead = Callable[..., Lead]

pytestmark = pytest.mark.django_db(transaction=True)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_claim_says_of_its_attempt_what_the_database_has(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    claim = claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    assert claim
    stored = CallAttempt.objects.get(pk=claim.attempt.pk)
    columns = [field.attname for field in CallAttempt._meta.concrete_fields]
    # The admin reads the first; the database sets the others when the attempt is sent.
    counted = {"counted_limits", "counted_set_up", "counted_per_minute"}
    assert claim.attempt.get_deferred_fields() == {"routing_trace"} | counted
    assert {name: getattr(claim.attempt, name) for name in columns} == {
        name: vars(stored)[name] for name in columns
    }
    assert claim.extension_kind == extension.kind
    # Django knows that the row exists: saving it adds no second one.
    claim.attempt.save()
    assert CallAttempt.objects.count() == 1


def test_the_file_makes_the_function_as_often_as_it_is_run(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    _run(f"DROP FUNCTION {claims.FUNCTION}")
    try:
        assert not claims.is_installed()
        with pytest.raises(ProgrammingError):
            claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    finally:
        _run(claims.SQL_FILE.read_text())
        _run(claims.SQL_FILE.read_text())
    assert claims.is_installed()
    # The failed claim took nothing: the lead can be claimed now.
    assert claims.claim(lead.pk, asked(team), timezone.now(), HOLD)


def test_the_database_has_the_function_as_the_file_has_it() -> None:
    """A changed file without a migration would leave the old function in databases."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [claims.FUNCTION])
        [(installed,)] = cursor.fetchall()
    assert f"$claim${installed}$claim$" in claims.SQL_FILE.read_text()


def test_the_words_of_the_rules_are_those_of_the_file() -> None:
    text = claims.SQL_FILE.read_text()
    words = (
        rules.OFF, rules.BLOCKED, rules.PAUSED, rules.ON_CALL, rules.OFF_SHIFT, rules.OUT,
        rules.CAPPED, rules.RESTING, rules.SEEN_BUSY, rules.REFUSED, rules.LANGUAGE, rules.OWNER,
        rules.ASSIGNED, *rules.BY_TURNS, routing_reason.CHOSEN,
        *(state.value for state in LIVE_STATES), *RANG,
    )  # fmt: skip
    assert [word for word in words if f"'{word}'" not in text] == []
    assert f":= {rules.CATCH_UP};" in text


def test_it_can_be_made_in_a_schema_of_any_name() -> None:
    with transaction.atomic():
        _run('CREATE SCHEMA "Sales Team"; SET LOCAL search_path TO "Sales Team"')
        _run(claims.SQL_FILE.read_text())
        assert claims.is_installed()
        transaction.set_rollback(True)


def test_a_refused_message_is_no_extension_that_refused_the_lead(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    now = timezone.now()
    lead = make_lead(language="he", attempts=1)
    CallAttempt.objects.create(
        lead=lead, kind="message", phone=lead.phone, record_name="closed", state="refused",
        claimed_at=now - timedelta(days=2), ended_at=now - timedelta(days=2), hold_until=now,
        error_code=1,
    )  # fmt: skip
    Extension.objects.filter(pk=extension.pk).update(languages=["ru"])
    speaks = Extension.objects.create(number="102", team=team, languages=["he"], queue_position=1)
    claim = claims.claim(lead.pk, asked(team), now, HOLD)
    assert claim
    assert claim.attempt.extension_id == speaks.pk


@pytest.mark.parametrize(
    ("known", "by_now", "position"),
    [
        (rules.LONGEST_IDLE, rules.FAIR, 1.0),
        (rules.ROUND_ROBIN, rules.WEIGHTED, 1.0),
        (rules.FAIR, rules.LONGEST_IDLE, None),
    ],
)
def test_a_place_is_by_the_strategy_that_the_team_has_by_now(
    make_lead: MakeLead,
    team: Team,
    extension: Extension,
    known: str,
    by_now: str,
    position: float | None,
) -> None:
    """A process that has not seen the change may ask for the claim."""
    Team.objects.update(strategy=by_now)
    now = timezone.now()
    [offer] = asked(team)
    assert claims.claim(make_lead().pk, [offer._replace(strategy=known)], now, HOLD)
    extension.refresh_from_db()
    assert extension.queue_position == (now.timestamp() if position is None else position)
