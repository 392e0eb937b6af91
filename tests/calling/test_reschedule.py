"""Changed hours, teams or sources: leads that wait for a later time may get another one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import time, timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from callbacks import tasks
from callbacks.calling import dispatch, manual, reschedule
from callbacks.common import task_publisher
from callbacks.models import OpeningHours, Schedule, Team
from callbacks.scheduling import pacing
from leads.models import Lead, LeadSource, SetupVersion
from tests.scheduling.test_planner import EVENING, MORNING
from tests.support.queue import follow_changed_hours, queued, queued_without_key
from tests.support.simulator import eventually
from tests.support.together import all_waiting_for, alone, waiting_for_locks

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


FOLLOW = task_publisher.FOLLOW_CHANGED_HOURS


def open_at(office: Schedule, weekday: int, hour: int) -> None:
    hours = OpeningHours.objects.get(schedule=office, weekday=weekday)
    hours.opens_at = time(hour)
    hours.save()


def is_followed() -> bool:
    state = SetupVersion.objects.get()
    return state.followed == state.version and state.followed_to is None


def settle(clock: Any) -> None:
    """Moves on until no lead can still be stored by the old hours; then the sweep follows."""
    clock.shift(reschedule.SETTLES_IN)
    reschedule.follow_changed_hours()


def test_another_window_is_told_to_those_who_wait(
    office: Schedule, source: LeadSource, make_lead: MakeLead
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        # Noon in Jerusalem is ten, UTC.
        source.call_from, source.call_until = time(12), time(20)
        source.save()
        follow_changed_hours()
        lead.refresh_from_db()
    assert lead.call_after == MORNING + timedelta(hours=1)


def test_a_change_of_many_rows_is_followed_once(
    office: Schedule, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        lead = make_lead()
        with transaction.atomic():
            for weekday in range(5):
                open_at(office, weekday, 7)
        tasks.follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=2)
        settle(clock)
        # The one query asks only what was followed.
        with django_assert_num_queries(1):
            assert reschedule.follow_changed_hours() == 0
        open_at(office, 1, 8)
        follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=1)


def test_leads_are_followed_in_steps_and_each_queues_the_next(
    office: Schedule, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reschedule, "STEP", 2)
    with time_machine.travel(EVENING, tick=False):
        leads = [make_lead() for _ in range(5)]
        open_at(office, 1, 7)
        moved, queued_next = [], []
        while not is_followed():
            queued(empty=True)
            moved.append(reschedule.follow_changed_hours())
            queued_next.append(queued_without_key())
    assert moved == [2, 2, 1]
    assert queued_next == [[FOLLOW], [FOLLOW], []]
    for lead in leads:
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=2)


def test_a_change_that_comes_between_two_steps_begins_anew(
    office: Schedule, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reschedule, "STEP", 2)
    with time_machine.travel(EVENING, tick=False):
        leads = [make_lead() for _ in range(3)]
        open_at(office, 1, 7)
        reschedule.follow_changed_hours()
        open_at(office, 1, 6)
        follow_changed_hours()
    for lead in leads:
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=3)


def test_a_change_that_comes_during_a_step_is_followed_too(
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
        follow_changed_hours()
        assert changed
        assert is_followed()
        lead.refresh_from_db()
    assert lead.call_after == MORNING - timedelta(hours=3)


@pytest.mark.parametrize("steps_before", [0, 1])
def test_of_two_that_take_the_same_step_one_goes_on(
    office: Schedule, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch, steps_before: int
) -> None:
    monkeypatch.setattr(reschedule, "STEP", 2)
    with time_machine.travel(EVENING, tick=False):
        for _ in range(5):
            make_lead()
        open_at(office, 1, 7)
        for _ in range(steps_before):
            reschedule.follow_changed_hours()
        queued(empty=True)
        all_waiting_for(SetupVersion.objects.get(), 2, reschedule.follow_changed_hours)
        assert queued_without_key() == [FOLLOW]
        follow_changed_hours()
        assert is_followed()


def test_a_step_that_another_worker_has_overtaken_changes_nothing(
    office: Schedule, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reschedule, "STEP", 2)
    follow, begun = reschedule._follow_changed, [False]

    def slowly(*arguments: Any) -> int:
        if not begun[0]:
            begun[0] = True
            while not is_followed():
                reschedule.follow_changed_hours()
            queued(empty=True)
        return follow(*arguments)

    with time_machine.travel(EVENING, tick=False):
        for _ in range(3):
            make_lead()
        monkeypatch.setattr(reschedule, "_follow_changed", slowly)
        open_at(office, 1, 7)
        reschedule.follow_changed_hours()
        assert begun == [True]
        assert is_followed()
        assert queued_without_key() == []


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@contextmanager
def turns_are_held() -> Iterator[None]:
    """Nobody else gives out turns inside the block."""
    key = [pacing._LOCK]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", key)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", key)


def test_a_step_that_is_overtaken_by_a_change_is_made_good(
    pool: ThreadPoolExecutor, office: Schedule, make_lead: MakeLead
) -> None:
    """Newer hours may be followed before a slow step puts leads by the older ones."""
    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        Team.objects.update(opening_rate=1)
        open_at(office, 1, 7)
        with turns_are_held():
            slow = pool.submit(alone, reschedule.follow_changed_hours)
            eventually(lambda: waiting_for_locks() == 1, within=60)
            open_at(office, 1, 6)
            follow_changed_hours()
            assert is_followed()
        slow.result()
        follow_changed_hours()
        tasks.sweep()
        assert is_followed()
        lead.refresh_from_db()
    assert lead.call_after == MORNING - timedelta(hours=3)


@pytest.mark.parametrize("is_lost", [True, False], ids=["wake-up lost", "changed by SQL"])
def test_the_sweep_follows_what_was_missed(
    office: Schedule, make_lead: MakeLead, is_lost: bool
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        if is_lost:
            open_at(office, 1, 7)
        else:
            OpeningHours.objects.update(opens_at=time(7))
        queued(empty=True)
        tasks.sweep()
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=2)
        assert is_followed()


def test_a_save_only_queues_the_task(office: Schedule, django_assert_num_queries: Any) -> None:
    queued(empty=True)
    with django_assert_num_queries(1):
        office.save()
    assert queued_without_key() == [FOLLOW]


# --- a manager's "Call now" -----------------------------------------------------------------------


@pytest.fixture
def paced(office: Schedule, make_lead: MakeLead) -> Callable[[], Lead]:
    """paced() is a lead behind two others that a manager has called now, in the evening."""
    Team.objects.update(opening_rate=1)

    def called_now() -> Lead:
        for _ in range(2):
            make_lead()
        lead = make_lead(submitted_at=EVENING - timedelta(minutes=1))
        assert lead.call_after > MORNING
        manual.call_now(lead.pk, None)
        lead.refresh_from_db()
        assert lead.call_after == MORNING
        return lead

    return called_now


def test_other_hours_leave_a_call_now_ahead_of_the_turns(
    office: Schedule, paced: Callable[[], Lead]
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = paced()
        for weekday in range(5):
            open_at(office, weekday, 8)
        follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=1)


def test_a_put_off_that_is_older_does_not_undo_it(
    office: Schedule, make_lead: MakeLead, pool: ThreadPoolExecutor
) -> None:
    """A worker finds the lead due and nobody there; the manager is a moment faster."""
    Team.objects.update(opening_rate=1)
    with time_machine.travel(EVENING, tick=False):
        make_lead()
        lead = make_lead(call_after=EVENING - timedelta(minutes=1))
        with transaction.atomic():
            Lead.objects.select_for_update().get(pk=lead.pk)
            worker = pool.submit(alone, lambda: dispatch.call_lead(lead.pk))
            eventually(lambda: waiting_for_locks() >= 1, within=60)
            manual.call_now(lead.pk, None)
        worker.result()
        lead.refresh_from_db()
    assert lead.call_after == MORNING


def test_whoever_waits_for_the_turns_of_an_opening_holds_no_lead(
    office: Schedule, make_lead: MakeLead, pool: ThreadPoolExecutor
) -> None:
    """Storing a request may hold turns and wait for the number's lead: no deadlock.

    One lead is put off by itself, and two together, one of them to the opening after the first.
    """
    Team.objects.update(opening_rate=1)
    for hours in OpeningHours.objects.all():
        hours.closes_at = time(9, 1)
        hours.save()
    with time_machine.travel(EVENING, tick=False):
        leads = [make_lead(call_after=EVENING - timedelta(minutes=1)) for _ in range(2)]
        for act in (lambda: dispatch.call_lead(leads[0].pk), reschedule.follow_the_hours):
            with turns_are_held():
                worker = pool.submit(alone, act)
                eventually(lambda: waiting_for_locks() >= 1, within=60)
                with transaction.atomic():
                    assert len(Lead.objects.select_for_update(skip_locked=True)) == 2
            worker.result()
            Lead.objects.update(call_after=EVENING - timedelta(minutes=1))
        reschedule.follow_the_hours()
        found = sorted(Lead.objects.values_list("call_after", flat=True))
    assert found == [MORNING, MORNING + timedelta(days=1)]


# --- a lead that is being stored by the older hours meanwhile -------------------------------------


def by_saving(office: Schedule) -> None:
    for weekday in range(5):
        open_at(office, weekday, 8)


def by_update(office: Schedule) -> None:
    OpeningHours.objects.update(opens_at=time(8))


def by_sql(office: Schedule) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE callbacks_openinghours SET opens_at = '08:00'")


@pytest.mark.parametrize("change", [by_saving, by_update, by_sql])
@pytest.mark.parametrize("seconds", [0, 5, 50, 59])
def test_it_gets_its_time_by_the_newer_ones_from_the_sweep(
    office: Schedule,
    make_lead: MakeLead,
    pool: ThreadPoolExecutor,
    change: Callable[[Schedule], None],
    seconds: float,
) -> None:
    """Its request plans it before the change, and commits it this many seconds later."""
    with time_machine.travel(EVENING, tick=False) as clock:
        planned, goes_on = Event(), Event()

        def store() -> Lead:
            with transaction.atomic():
                lead = make_lead()
                planned.set()
                assert goes_on.wait(60)
            return lead

        storing = pool.submit(alone, store)
        try:
            assert planned.wait(60)
            change(office)
            tasks.sweep()
            clock.shift(seconds)
            tasks.sweep()
        finally:
            goes_on.set()
        lead = storing.result()
        assert lead.call_after == MORNING
        clock.shift(5)
        tasks.sweep()
        lead.refresh_from_db()
        assert lead.call_after == MORNING - timedelta(hours=1)


def test_after_that_nobody_looks_again(
    office: Schedule, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        make_lead()
        by_update(office)
        for _ in range(20):
            clock.shift(5)
            reschedule.follow_changed_hours()
        assert is_followed()
        with django_assert_num_queries(1):
            assert reschedule.follow_changed_hours() == 0
