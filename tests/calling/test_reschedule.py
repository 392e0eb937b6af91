"""Other hours, teams or sources: leads that wait for a later time may have another one now."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from callbacks.calling import reschedule
from callbacks.models import OpeningHours, Schedule
from leads.models import Lead, LeadSource
from tests.scheduling.test_planner import EVENING, MORNING

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def test_another_window_is_told_to_those_who_wait(
    office: Schedule, source: LeadSource, make_lead: MakeLead
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        # Noon in Jerusalem is ten, UTC.
        source.call_from, source.call_until = time(12), time(20)
        source.save()
        lead.refresh_from_db()
    assert lead.call_after == MORNING + timedelta(hours=1)


def test_a_change_of_many_rows_is_followed_once(
    office: Schedule, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    def open_at(weekday: int, hour: int) -> None:
        hours = OpeningHours.objects.get(schedule=office, weekday=weekday)
        hours.opens_at = time(hour)
        hours.save()

    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        with transaction.atomic():
            for weekday in range(5):
                open_at(weekday, 7)
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=2)
        # Only the version of what is set up is asked for.
        with django_assert_num_queries(1):
            assert reschedule.follow_changed_hours() == 0
        open_at(1, 8)
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=1)


def test_a_change_that_comes_while_another_is_followed_is_followed_too(
    office: Schedule, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = reschedule._follow_changed
    changed: list[int] = []

    def slowly(*arguments: Any) -> int:
        moved = follow(*arguments)
        if not changed:
            changed.append(OpeningHours.objects.update(opens_at=time(6)))
        return moved

    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        monkeypatch.setattr(reschedule, "_follow_changed", slowly)
        office.save()
        lead.refresh_from_db()
    assert changed
    assert lead.call_after == MORNING - timedelta(hours=3)


def test_nothing_is_read_for_a_change_that_nobody_waits_for(
    office: Schedule, django_assert_num_queries: Any
) -> None:
    office.save()
    # The row, the leads that wait, and the version before and after.
    with django_assert_num_queries(4):
        office.save()
