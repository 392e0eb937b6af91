"""Named situations, and the sentence about each, word for word."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from callbacks.calling import manual
from callbacks.models import Extension, HistoryStart, Pause, Schedule, Team
from callbacks.policy.rules import Outcome
from leads.models import LeadSource
from tests.lateness.story import Story

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tell(source: LeadSource, team: Team) -> Iterator[Callable[..., Story]]:
    told: list[Story] = []

    def make(phones: int = 2) -> Story:
        story = Story(source, team, phones)
        told.append(story)
        return story

    yield make
    for story in told:
        story.close()


Tell = Callable[..., Story]


def test_all_are_on_calls(tell: Tell) -> None:
    it = tell()
    it.busy_call(-20, 296)
    it.busy_call(-10, 400)
    lead = it.submit(0)
    it.look(lead, 0)
    it.calls_end()
    it.rings(it.accepted(lead, 296), 312)
    assert it.says(lead) == (
        "4 min 12 s late: 3 min 56 s with nobody free (2 of 2 on calls), "
        "16 s while the salesperson's phone rang."
    )


def test_one_is_paused_and_one_on_a_call(tell: Tell) -> None:
    it = tell()
    Extension.objects.filter(number="102").update(is_paused=True)
    it.busy_call(-20, 200)
    lead = it.submit(0)
    it.calls_end()
    it.rings(it.accepted(lead, 200), 204)
    assert it.says(lead) == (
        "2 min 24 s late: 2 min 20 s with nobody free (about 1 of 2 "
        "paused, 1 on a call), 4 s while the salesperson's phone rang."
    )


def test_all_are_paused_and_it_still_waits(tell: Tell) -> None:
    it = tell()
    Extension.objects.update(is_paused=True)
    lead = it.submit(0)
    assert it.says(lead, 59) == ""
    assert it.says(lead, 60) == ""
    assert it.says(lead, 150) == (
        "1 min 30 s late so far: 1 min 30 s with nobody free (about 2 of 2 paused)."
    )


def test_pauses_that_are_kept_are_certain(tell: Tell) -> None:
    it = tell()
    HistoryStart.objects.update_or_create(
        what=HistoryStart.PAUSES, defaults={"since": it.noon - timedelta(days=1)}
    )
    it.busy_call(-20, 200)
    lead = it.submit(0)
    other = Extension.objects.get(number="102")
    Pause.objects.create(
        extension=other, began_at=it.noon - timedelta(minutes=5),
        ended_at=it.noon + timedelta(seconds=160),
    )  # fmt: skip
    it.calls_end()
    it.rings(it.accepted(lead, 200), 204)
    assert it.says(lead) == (
        "2 min 24 s late: 1 min 40 s with nobody free (1 of 2 paused, 1 on "
        "a call), 40 s while a phone may have been free (1 of 2 on a "
        "call), 4 s while the salesperson's phone rang."
    )


def test_the_day_ends_before_anybody_is_free(tell: Tell, office: Schedule) -> None:
    """The office closes at 17:00, and opens at nine."""
    it = tell()
    five = 5 * 3600
    it.busy_call(five - 400, five + 60)
    it.busy_call(five - 390, five + 60)
    lead = it.submit(five - 180)
    it.look(lead, five)
    it.calls_end()
    it.rings(it.accepted(lead, 21 * 3600 + 1), 21 * 3600 + 5)
    assert it.says(lead) == (
        "16 h 2 min 5 s late: 16 h outside opening hours, 2 min with "
        "nobody free (2 of 2 on calls), 5 s other."
    )


def test_by_a_clock_of_opening_hours_the_night_does_not_count(tell: Tell, office: Schedule) -> None:
    it = tell()
    it.source.sla_clock = "open"
    it.source.save()
    five = 5 * 3600
    it.busy_call(five - 400, five + 60)
    it.busy_call(five - 390, five + 60)
    lead = it.submit(five - 180)
    it.look(lead, five)
    it.calls_end()
    it.rings(it.accepted(lead, 21 * 3600 + 1), 21 * 3600 + 5)
    assert it.says(lead) == (
        "2 min 5 s late in opening hours: 2 min with nobody free (2 of 2 "
        "on calls), 4 s while the salesperson's phone rang, 1 s other."
    )


def test_the_provider_refuses(tell: Tell) -> None:
    it = tell()
    lead = it.submit(0)
    it.refused(lead, 50, Outcome.PROVIDER_ERROR)
    for _ in range(3):
        it.refused(lead, it.next_call(lead), Outcome.PROVIDER_ERROR)
    again = it.next_call(lead)
    it.rings(it.accepted(lead, again), again + 4)
    assert it.says(lead) == (
        "12 min 29 s late: 12 min 25 s between two tries after the provider refused, 4 s other."
    )


def test_nobody_picks_up_at_first(tell: Tell) -> None:
    it = tell()
    lead = it.submit(0)
    it.unanswered(it.accepted(lead, 1), 1, 41)
    it.unanswered(it.accepted(lead, 41), 41, 81)
    assert it.says(lead, 100) == (
        "40 s late so far: 21 s while the salesperson's phone rang, 19 s "
        "with nobody free (about 2 of 2 not reached)."
    )
    it.rings(it.accepted(lead, 400), 404)
    assert it.says(lead) == (
        "5 min 44 s late: 5 min 19 s while a phone may have been free, 25 "
        "s while the salesperson's phone rang."
    )


def test_its_number_rests_after_another_call(tell: Tell) -> None:
    it = tell()
    it.source.sla_target = 20
    it.source.save()
    first = it.submit(-100, phone="+972505550199")
    it.rings(it.accepted(first, -100), -95, lasts=80)
    lead = it.submit(0, phone="+972505550199")
    it.look(lead, 0)
    it.rings(it.accepted(lead, it.next_call(lead)), 54)
    assert it.says(lead) == (
        "34 s late: 30 s while its number was on another call or resting "
        "after one, 4 s while the salesperson's phone rang."
    )


def test_lost_answers_hold_the_phones(tell: Tell) -> None:
    it = tell(3)
    it.busy_call(-20, 290)
    lost = [it.lost(it.submit(-15), -15), it.lost(it.submit(-12), -12)]
    lead = it.submit(0)
    it.look(lead, 0)
    assert it.says(lead, 180) == (
        "2 min late so far: 2 min with the outcomes of 2 calls unknown (2 "
        "of 3 phones held by them, 1 on a call)."
    )
    it.hold_ends(lost[0], 250)
    it.hold_ends(lost[1], 270)
    it.rings(it.accepted(lead, 271), 275)
    assert it.says(lead) == (
        "3 min 35 s late: 3 min 30 s with the outcomes of 2 calls unknown "
        "(mostly 2 of 3 phones held by them, 1 on a call), 4 s while the "
        "salesperson's phone rang, 1 s other."
    )


def test_its_own_call_is_lost(tell: Tell) -> None:
    it = tell()
    lead = it.submit(0)
    lost = it.lost(lead, 10)
    assert it.says(lead, 130) == (
        "1 min 10 s late so far: 1 min 10 s with the outcome of its own call unknown."
    )
    it.hold_ends(lost, 500)
    assert it.says(lead) == (
        "7 min 20 s late when it was closed, and its phone never rang: 7 "
        "min 20 s with the outcome of its own call unknown."
    )


def test_turns_are_taken_at_an_opening(tell: Tell, office: Schedule, team: Team) -> None:
    Team.objects.update(opening_rate=1)
    it = tell()
    night = 19 * 3600
    it.submit(night)
    lead = it.submit(night + 10)
    lead.refresh_from_db()
    later = (lead.call_after - it.noon).total_seconds()
    it.rings(it.accepted(lead, later), later + 4)
    assert it.says(lead) == (
        "1 h 59 min 54 s late: 1 h 58 min 50 s outside opening hours, 1 "
        "min waiting for its turn after opening, 4 s other."
    )


def test_cancelled_when_it_was_late(tell: Tell) -> None:
    it = tell()
    it.busy_call(-20, 400)
    it.busy_call(-10, 400)
    lead = it.submit(0)
    it.at(200)
    manual.cancel(lead.pk, None)
    assert it.says(lead, 900) == (
        "2 min 20 s late when it was closed, and its phone never rang: 2 "
        "min 20 s with nobody free (2 of 2 on calls)."
    )


def test_a_chosen_time_starts_the_clock(tell: Tell) -> None:
    it = tell()
    lead = it.submit(0, chosen_at=it.noon + timedelta(hours=2))
    it.busy_call(7000, 7400)
    it.busy_call(7001, 7400)
    it.calls_end()
    it.rings(it.accepted(lead, 7400), 7404)
    assert it.says(lead) == (
        "2 min 24 s late: 2 min 20 s with nobody free (2 of 2 on calls), 4 "
        "s while the salesperson's phone rang."
    )


def test_nobody_is_on_shift(tell: Tell, office: Schedule) -> None:
    Team.objects.update(schedule=None)
    it = tell()
    Extension.objects.update(schedule=office)
    six = 6 * 3600
    lead = it.submit(six)
    assert it.says(lead, six + 120) == "1 min late so far: 1 min with nobody on shift."


def test_less_than_a_second(tell: Tell) -> None:
    it = tell()
    lead = it.submit(0)
    it.rings(it.accepted(lead, 50), 60.4)
    assert it.says(lead) == "Less than a second late."


def test_it_is_called_again_by_a_manager(tell: Tell) -> None:
    it = tell()
    Extension.objects.update(is_paused=True)
    lead = it.submit(0)
    it.at(30)
    manual.cancel(lead.pk, None)
    it.at(300)
    manual.call_now(lead.pk, None)
    Extension.objects.update(is_paused=False)
    it.rings(it.accepted(lead, 300), 304)
    assert it.says(lead) == (
        "4 min 4 s late: 4 min closed or held until somebody had it called "
        "again, 4 s while the salesperson's phone rang."
    )
