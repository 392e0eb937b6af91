"""The parts of a lead's lateness add up to the whole, by the lead's own target and clock."""

from datetime import UTC, datetime, timedelta

import pytest

from callbacks.common.formatting import to_the_second, whole_seconds
from callbacks.lateness import explained, sentence
from callbacks.models import OpeningHours, Schedule, Team
from leads import sla
from leads.models import LateWait, Lead, LeadSource, SlaClock
from tests.reports import random_leads

pytestmark = pytest.mark.django_db

NOW = random_leads.NOW


@pytest.mark.parametrize("seed", range(6))
def test_of_leads_that_older_releases_have_stored(seed: int) -> None:
    """Older releases stored only the sums of their waits, and no parts of their calls."""
    random_leads.rows(seed)
    _check()


@pytest.mark.parametrize("seed", range(3))
def test_by_opening_hours_across_both_clock_changes(seed: int) -> None:
    schedule = Schedule.objects.create(name="Night", time_zone="Asia/Jerusalem")
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at="00:30", closes_at="04:00"
        )
    random_leads.rows(seed)
    team = Team.objects.first()
    assert team
    Team.objects.update(schedule=schedule)
    for source in LeadSource.objects.all():
        source.sla_clock = SlaClock.OPEN
        source.save()
        team.sources.add(source)
    _check()


def _check() -> None:
    leads = list(Lead.objects.all())
    late = explained.of_leads(leads, NOW)
    counted = set(Lead.objects.filter(sla.late(NOW)).values_list("pk", flat=True))
    follow_ups = set(Lead.objects.filter(sla.follow_ups()).values_list("pk", flat=True))
    assert late.keys() - follow_ups == counted
    assert len(counted) > 20
    for lead in leads:
        if lead.pk not in late:
            continue
        its = late[lead.pk]
        assert sum((it.took for it in its.parts), timedelta(0)) == its.took
        assert all(it.took > timedelta(0) for it in its.parts)
        assert [it.took for it in its.parts] == sorted((it.took for it in its.parts), reverse=True)
        assert to_the_second(round(its.took.total_seconds())) in sentence.of(its) or (
            its.took < timedelta(seconds=1)
        )


def test_seconds_are_rounded_so_that_they_add_up() -> None:
    assert whole_seconds([1.4, 1.4, 1.4]) == [2, 1, 1]
    assert whole_seconds([0.5, 59.5]) == [1, 59]
    assert whole_seconds([]) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3661, "1 h 1 min 1 s"),
        (90_000, "1 d 1 h"),
    ],
)
def test_nothing_is_rounded(seconds: int, words: str) -> None:
    assert to_the_second(seconds) == words


def test_a_wait_that_ends_in_time_is_not_kept(source: LeadSource) -> None:
    began = datetime(2026, 11, 23, 12, tzinfo=UTC)
    lead = Lead.objects.create(
        source=source,
        name="Noa",
        phone="+972505550101",
        waiting_since=began,
        clock_started_at=began,
        due_at=began + timedelta(seconds=60),
    )
    Lead.objects.update(waited_extension=timedelta(seconds=60))
    assert not LateWait.objects.exists()
    Lead.objects.update(waited_extension=timedelta(seconds=61), waiting_since=began)
    assert not LateWait.objects.exists()
    Lead.objects.update(waited_extension=timedelta(seconds=122))
    kept = LateWait.objects.get()
    assert (kept.lead_id, kept.began_at) == (lead.pk, began)
    assert kept.waited_extension == timedelta(seconds=61)


def test_the_cost_does_not_grow_with_the_leads(django_assert_max_num_queries: object) -> None:
    random_leads.rows(3, count=150)
    leads = list(Lead.objects.all())
    with django_assert_max_num_queries(11):  # type: ignore[operator]
        assert len(explained.of_leads(leads, NOW)) > 30
