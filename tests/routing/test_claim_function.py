"""The claim's function: made by `migrate`, and what it returns is what it has written."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.routing import claim as claims
from callbacks.routing import claim_function
from leads.models import Lead
from tests.support.asking import asked

HOLD = timedelta(hours=1)
MakeLead = Callable[..., Lead]

pytestmark = pytest.mark.django_db(transaction=True)


def _there() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'callbacks_claim_%'")
        return {name for (name,) in cursor.fetchall()}


def _make(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION {name}(n int) RETURNS int LANGUAGE sql AS 'SELECT 1'")


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP FUNCTION IF EXISTS {name}")


def test_a_claim_says_of_its_attempt_what_the_database_has(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    claim = claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    assert claim
    stored = CallAttempt.objects.get(pk=claim.attempt.pk)
    columns = [field.attname for field in CallAttempt._meta.concrete_fields]
    assert claim.attempt.get_deferred_fields() == {"routing_trace"}
    assert {name: getattr(claim.attempt, name) for name in columns} == {
        name: vars(stored)[name] for name in columns
    }
    assert claim.extension_kind == extension.kind
    # Django knows that it is there: saved, it is no second one.
    claim.attempt.save()
    assert CallAttempt.objects.count() == 1


def test_migrate_makes_it_where_it_is_missing(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    _drop(claim_function.NAME)
    try:
        with pytest.raises(ProgrammingError):
            claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    finally:
        call_command("migrate", "callbacks", verbosity=0)
    assert claim_function.NAME in _there()
    # Nothing was taken meanwhile: it is called now.
    assert claims.claim(lead.pk, asked(team), timezone.now(), HOLD)


def test_migrate_leaves_the_one_of_the_version_before_and_drops_those_before_it() -> None:
    older, before = "callbacks_claim_00000001", "callbacks_claim_00000002"
    try:
        _drop(claim_function.NAME)
        _make(older)
        _make(before)
        call_command("migrate", "callbacks", verbosity=0)
        assert _there() == {claim_function.NAME, before}
        call_command("migrate", "callbacks", verbosity=0)
        assert _there() == {claim_function.NAME, before}
    finally:
        _drop(older)
        _drop(before)


def test_it_is_made_in_a_schema_of_any_name() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "Sales Team"; SET LOCAL search_path TO "Sales Team"')
        claim_function.install(using="default")
        assert claim_function.is_installed()
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
