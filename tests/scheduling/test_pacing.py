"""Leads that wait for the same opening are called one after the other, at the teams' rate."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from callbacks.calling import reschedule
from callbacks.models import Extension, OpeningHours, Team
from leads.models import Lead, LeadSource, LeadStatus
from tests.calling.test_apply_outcome import not_answered
from tests.scheduling.conftest import (
    NIGHT,
    OPENING,
    SECOND,
    due_since,
    submit,
    times,
    workdays,
)
from tests.support.queue import follow_changed_hours

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def test_those_who_come_at_night_are_called_in_turn(office: Team, source: LeadSource) -> None:
    with time_machine.travel(NIGHT, tick=False):
        for n in range(25):
            submit(source, n)
    assert times() == [OPENING + n * 6 * SECOND for n in range(25)]
    assert set(Lead.objects.values_list("closed_until", flat=True)) == {OPENING}


def test_moments_do_not_drift_where_the_rate_divides_no_minute(
    office: Team, source: LeadSource
) -> None:
    Team.objects.update(opening_rate=7)
    with time_machine.travel(NIGHT, tick=False):
        for n in range(50):
            submit(source, n)
    assert times() == [
        OPENING + timedelta(microseconds=round(n * 60_000_000 / 7)) for n in range(50)
    ]


def test_those_who_come_at_the_same_moment_are_not_called_at_the_same_moment(
    office: Team, source: LeadSource
) -> None:
    at_once = 16
    ready = threading.Barrier(at_once)

    def run(n: int) -> None:
        try:
            ready.wait(timeout=60)
            submit(source, n)
        finally:
            connections.close_all()

    with time_machine.travel(NIGHT, tick=False), ThreadPoolExecutor(at_once) as pool:
        list(pool.map(run, range(at_once)))
    assert sorted(times()) == [OPENING + n * 6 * SECOND for n in range(at_once)]


def test_without_a_rate_all_are_called_at_once(office: Team, source: LeadSource) -> None:
    Team.objects.update(opening_rate=None)
    with time_machine.travel(NIGHT, tick=False):
        for n in range(3):
            submit(source, n)
    assert times() == [OPENING] * 3


def test_teams_that_open_together_add_their_rates_and_one_without_takes_all(
    office: Team, source: LeadSource
) -> None:
    other = Team.objects.create(name="Support", schedule=office.schedule, opening_rate=20)
    other.sources.add(source)
    later = Team.objects.create(name="Late", schedule=workdays("Late", opens=10))
    later.sources.add(source)
    with time_machine.travel(NIGHT, tick=False):
        for n in range(3):
            submit(source, n)
        assert times() == [OPENING + n * 2 * SECOND for n in range(3)]
        Team.objects.filter(pk=other.pk).update(opening_rate=None)
        submit(source, 3)
    assert times()[3] == OPENING


def test_the_leads_of_all_sources_of_a_team_take_turns(office: Team, source: LeadSource) -> None:
    landing = LeadSource.objects.create(slug="landing", name="Landing page")
    office.sources.add(landing)
    elsewhere = LeadSource.objects.create(slug="other", name="Other")
    other = Team.objects.create(name="Other", schedule=office.schedule, opening_rate=1)
    other.sources.add(elsewhere)
    with time_machine.travel(NIGHT, tick=False):
        for n, each in enumerate([source, landing, elsewhere, source, elsewhere]):
            submit(each, n)
    assert [(it - OPENING) / SECOND for it in times()] == [0, 6, 0, 12, 60]


def test_a_chosen_time_is_not_moved_and_takes_no_turn(office: Team, source: LeadSource) -> None:
    with time_machine.travel(NIGHT, tick=False):
        submit(source, 0)
        submit(source, 1, chosen_at=OPENING)
        submit(source, 2, chosen_at=OPENING + 30 * SECOND)
        submit(source, 3)
    assert [(it - OPENING) / SECOND for it in times()] == [0, 0, 30, 6]


def test_the_turn_of_one_who_was_cancelled_is_nobody_elses(
    office: Team, source: LeadSource
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        leads = [submit(source, n) for n in range(3)]
        Lead.objects.filter(pk=leads[1].pk).update(
            status=LeadStatus.CANCELLED, closed_at=timezone.now()
        )
        submit(source, 3)
    assert times()[3] == OPENING + 18 * SECOND


def test_more_than_a_day_can_take_go_on_at_the_next_opening(
    office: Team, source: LeadSource
) -> None:
    OpeningHours.objects.update(closes_at=time(9, 1))
    with time_machine.travel(NIGHT, tick=False):
        for n in range(12):
            submit(source, n)
    tomorrow = OPENING + timedelta(days=1)
    assert times() == [
        *[OPENING + n * 6 * SECOND for n in range(10)],
        *[tomorrow + n * 6 * SECOND for n in range(2)],
    ]
    assert Lead.objects.filter(closed_until=tomorrow).count() == 2


def test_leads_that_are_still_waiting_at_closing_time_are_spread_the_most_urgent_first(
    office: Team, source: LeadSource
) -> None:
    how_many = 3000
    closing = OPENING.replace(hour=17)
    due_since(source, closing, how_many)
    with time_machine.travel(closing, tick=False):
        assert reschedule.follow_the_hours() == how_many
        assert reschedule.follow_the_hours() == 0
        late = submit(source, how_many + 1)
    tomorrow = OPENING + timedelta(days=1)
    # The lead stored last was due first.
    assert times() == [
        *[tomorrow + n * 6 * SECOND for n in reversed(range(how_many))],
        late.call_after,
    ]
    assert late.call_after == tomorrow + how_many * 6 * SECOND


def test_those_who_are_put_off_take_the_turns_that_are_free(
    office: Team, source: LeadSource
) -> None:
    closing = OPENING.replace(hour=17)
    with time_machine.travel(closing, tick=False):
        for n in range(100, 103):
            submit(source, n)
        Lead.objects.order_by("pk")[1].delete()
        due_since(source, closing, 3)
        assert reschedule.follow_the_hours() == 3
    tomorrow = OPENING + timedelta(days=1)
    assert [(it - tomorrow) / SECOND for it in times()] == [0, 12, 24, 18, 6]


def test_many_sweeps_at_closing_time_give_every_turn_once(office: Team, source: LeadSource) -> None:
    how_many = 400
    closing = OPENING.replace(hour=17)
    due_since(source, closing, how_many)
    ready = threading.Barrier(4)

    def sweep(_: int) -> int:
        try:
            ready.wait(timeout=60)
            return reschedule.follow_the_hours()
        finally:
            connections.close_all()

    with time_machine.travel(closing, tick=False), ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(4))) == how_many
    assert set(Counter(times()).values()) == {1}


def test_another_rate_or_other_hours_spread_those_who_wait_anew(
    office: Team, source: LeadSource
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        for n in range(4):
            submit(source, n)
        chosen = submit(source, 4, chosen_at=OPENING + timedelta(hours=4))
        office.opening_rate = 20
        office.save()
        follow_changed_hours()
        assert [(it - OPENING) / SECOND for it in times()[:4]] == [0, 3, 6, 9]
        for row in OpeningHours.objects.all():
            row.opens_at = time(8)
            row.save()
        early = OPENING - timedelta(hours=1)
        follow_changed_hours()
        assert [(it - early) / SECOND for it in times()[:4]] == [0, 3, 6, 9]
        office.opening_rate = None
        office.save()
        follow_changed_hours()
        assert times() == [early] * 4 + [chosen.call_after]


def test_a_team_that_opens_now_takes_those_who_wait_at_its_rate(
    office: Team, source: LeadSource
) -> None:
    with time_machine.travel(NIGHT, tick=False) as clock:
        for n in range(4):
            submit(source, n)
        office.schedule = None
        office.save()
        follow_changed_hours()
        assert [(it - NIGHT) / SECOND for it in times()] == [0, 6, 12, 18]
        # Saving again while this goes on changes nothing.
        clock.move_to(NIGHT + 7 * SECOND)
        office.save()
        follow_changed_hours()
        assert [(it - NIGHT) / SECOND for it in times()] == [0, 6, 12, 18]


def test_a_chosen_time_at_which_nobody_answers_any_more_moves_to_the_next_opening(
    office: Team, source: LeadSource
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        chosen = submit(source, 0, chosen_at=OPENING + timedelta(hours=1))
        for row in OpeningHours.objects.all():
            row.opens_at = time(12)
            row.save()
        follow_changed_hours()
        chosen.refresh_from_db()
        assert chosen.call_after == OPENING.replace(hour=12)
        for row in OpeningHours.objects.all():
            row.opens_at = time(9)
            row.save()
        follow_changed_hours()
        chosen.refresh_from_db()
        assert chosen.call_after == chosen.chosen_at


def test_a_retry_that_waits_for_the_opening_has_its_turn_there(
    office: Team, source: LeadSource, make_lead: MakeLead
) -> None:
    Extension.objects.create(number="101", team=office)
    with time_machine.travel(OPENING.replace(hour=16, minute=59), tick=False) as clock:
        first, second = make_lead(), make_lead()
        for lead in (first, second):
            not_answered(lead, timezone.now())
        clock.move_to(OPENING.replace(hour=20))
        submit(source, 0)
    tomorrow = OPENING + timedelta(days=1)
    assert [(it - tomorrow) / SECOND for it in times()] == [0, 6, 12]
