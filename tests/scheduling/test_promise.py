"""What a lead was promised: its own target and clock, by the hours of the promising source."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from callbacks.models import OpeningHours, Schedule, Team
from callbacks.routing import config
from callbacks.scheduling.promise import Promise, promise_to
from leads.models import Lead, LeadSource

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db

# Monday 23 November 2026; the first source's team is open until five, the other's until noon (UTC).
EVENING = datetime(2026, 11, 23, 20, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)


def answered_until(source: LeadSource, hour: int) -> None:
    schedule = Schedule.objects.create(name=source.slug, time_zone="UTC")
    team = Team.objects.create(name=source.slug, schedule=schedule)
    team.sources.add(source)
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(hour)
        )


@pytest.fixture
def lead(make_lead: MakeLead, source: LeadSource) -> Lead:
    """A lead with a target of ten minutes in opening hours; it now belongs to another source."""
    other = LeadSource.objects.create(slug="other", name="Other", sla_target=60, sla_clock="always")
    answered_until(source, 17)
    answered_until(other, 12)
    lead = make_lead()
    values = {"sla_target": 600, "sla_clock": "open", "source": other, "sla_source": source}
    Lead.objects.filter(pk=lead.pk).update(**values)
    lead.refresh_from_db()
    return lead


def promised(lead: Lead, **values: object) -> Promise:
    Lead.objects.filter(pk=lead.pk).update(**values)
    lead.refresh_from_db()
    return promise_to(config.current(), lead)


def test_it_is_that_of_the_source_that_made_it(lead: Lead, source: LeadSource) -> None:
    promise = promised(lead)
    assert (promise.source_id, promise.rule) == (source.pk, "open")
    assert promise.target == timedelta(minutes=10)
    assert promise.due_at(EVENING) == TUESDAY.replace(hour=9, minute=10)
    assert promise.shown(TUESDAY, TUESDAY + timedelta(days=1)) == timedelta(hours=8)


def test_where_no_other_made_it_it_is_by_the_hours_of_the_leads_source(lead: Lead) -> None:
    promise = promised(lead, sla_source=None)
    assert promise.source_id == lead.source_id
    assert promise.shown(TUESDAY, TUESDAY + timedelta(days=1)) == timedelta(hours=3)


def test_what_was_not_kept_with_the_lead_is_the_sources(lead: Lead) -> None:
    promise = promised(lead, sla_source=None, sla_target=None, sla_clock="")
    assert (promise.target, promise.rule) == (timedelta(minutes=1), "always")


def test_a_target_of_no_seconds_is_a_target(lead: Lead) -> None:
    assert promised(lead, sla_target=0).target == timedelta(0)


def test_one_that_counts_round_the_clock_knows_no_hours(lead: Lead) -> None:
    promise = promised(lead, sla_clock="always")
    assert promise.calendars is None
    assert promise.due_at(EVENING) == EVENING + timedelta(minutes=10)
    assert promise.shown(EVENING, TUESDAY) == timedelta(hours=4)
    assert promise.clock(EVENING, TUESDAY).started_at == EVENING
