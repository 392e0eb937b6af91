"""Managers' settings are kept in memory, but never longer than they are true."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.models import (
    CallParameters,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
)
from callbacks.routing import config
from leads import intake
from leads.config_cache import version
from leads.models import LeadSource

pytestmark = pytest.mark.django_db


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def a_schedule() -> Schedule:
    return Schedule.objects.get_or_create(name="Office")[0]


CHANGES: dict[str, Callable[[], Any]] = {
    "a source is switched off": lambda: LeadSource.objects.update(is_active=False),
    "a source comes": lambda: LeadSource.objects.create(slug="two", name="Two"),
    "a team is switched off": lambda: Team.objects.update(is_active=False),
    "a team answers no source": lambda: Team.objects.get().sources.set([]),
    "a schedule comes": a_schedule,
    "hours come": lambda: OpeningHours.objects.create(
        schedule=a_schedule(), weekday=0, opens_at=time(9), closes_at=time(17)
    ),
    "a holiday is kept": lambda: a_schedule() and Schedule.objects.update(holidays_of="IL"),
    "an exception comes": lambda: ScheduleException.objects.create(
        schedule=a_schedule(), date="2026-12-01"
    ),
    "an extension has hours": lambda: Extension.objects.update(schedule=a_schedule()),
    "an extension comes": lambda: Extension.objects.create(number="102", team=Team.objects.get()),
    "an extension has another number": lambda: Extension.objects.update(number="103"),
    "an extension goes": lambda: Extension.objects.all().delete(),
    "parameters come": lambda: CallParameters.objects.create(extension=Extension.objects.get()),
    "by hand in the database": lambda: execute("UPDATE callbacks_team SET name = 'Other'"),
    "a table is emptied": lambda: execute("TRUNCATE callbacks_callparameters"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_another_version(change: str, extension: Extension) -> None:
    before = version()
    CHANGES[change]()
    assert version() != before


def test_a_call_is_no_change(extension: Extension) -> None:
    before = version()
    Extension.objects.update(
        last_called_at=timezone.now(), is_paused=True, unavailable_reason="offline"
    )
    assert version() == before


def test_it_is_read_once_until_it_changes(
    extension: Extension, django_assert_num_queries: Any
) -> None:
    kept = config.current()
    with django_assert_num_queries(1):
        assert config.current() is kept
    now = version()
    with django_assert_num_queries(0):
        assert config.current(now) is kept
    Extension.objects.update(number="109")
    assert config.current().own_numbers == {"109"}


def test_a_change_that_is_taken_back_was_none(team: Team, source: LeadSource) -> None:
    assert config.current().teams_for(source.pk) == [team]
    with transaction.atomic():
        Team.objects.update(is_active=False)
        assert config.current().teams_for(source.pk) == []
        transaction.set_rollback(True)
    assert config.current().teams_for(source.pk) == [team]


def test_a_source_that_is_switched_off_takes_nothing_from_then_on(source: LeadSource) -> None:
    assert intake.active_source("website") == source
    LeadSource.objects.update(is_active=False)
    assert intake.active_source("website") is None
