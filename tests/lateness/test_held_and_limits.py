"""Waiting for a manager and waiting for a spending limit have names of their own everywhere."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.calling import manual, spend_limits
from callbacks.lateness import words
from callbacks.lateness.explained import Cause
from callbacks.models import SpendLimit, Team
from callbacks.models.spending import SpendSpan
from callbacks.reports import time_breakdown
from leads import transitions
from leads.guard import held
from leads.models import LateWait, Lead, LeadSource
from tests.lateness.story import Story

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def story(source: LeadSource, team: Team) -> Iterator[Story]:
    SpendLimit.objects.all().delete()
    it = Story(source, team)
    yield it
    it.close()


def _held(it: Story, lead: Lead) -> None:
    assert transitions.hold(lead.pk, it.at(0), "Many numbers from one address.")


def _held_and_released(it: Story, lead: Lead) -> None:
    _held(it, lead)
    assert held.release(lead.pk, it.at(240))


def _closed_and_called(it: Story, lead: Lead) -> None:
    assert transitions.refuse(lead.pk, "no", it.at(0))
    it.at(240)
    manual.call_now(lead.pk, None)


def _spent_and_opened(it: Story, lead: Lead) -> None:
    limit = SpendLimit.objects.create(calls_an_hour=0)
    it.look(lead, 0)
    SpendLimit.objects.update(calls_an_hour=1)
    assert spend_limits.open_again(limit.pk, SpendSpan.HOUR, it.at(240)) == 1


# What kept it for four minutes; the stage; the cause in the sentence about it.
WAITS: list[tuple[str, Callable[[Story, Lead], None], str, str]] = [
    ("held, released", _held_and_released, "held", "held for a manager"),
    ("spent", _spent_and_opened, "limit", "waiting for a spending limit"),
    (
        "closed, “Call now”",
        _closed_and_called,
        "retry",
        "closed or held until somebody had it called again",
    ),
]


@pytest.mark.parametrize(
    ("keep", "stage", "said"), [it[1:] for it in WAITS], ids=[it[0] for it in WAITS]
)
def test_four_minutes_are_told_by_their_name(
    keep: Callable[[Story, Lead], None], stage: str, said: str, story: Story
) -> None:
    lead = story.submit(0)
    keep(story, lead)
    story.rings(story.accepted(lead, 240), 244)
    assert story.says(lead) == (
        f"3 min 4 s late: 3 min {said}, 4 s while the salesperson's phone rang."
    )
    assert getattr(lead, f"waited_{stage}") == timedelta(minutes=4)
    spent = time_breakdown.of_lead(lead, lead.call_attempts.all(), timezone.now())
    assert {it.stage.key: it.seconds for it in spent.parts if it.seconds >= 240} == {stage: 240.0}


# A stage that is still running is named too.
@pytest.mark.parametrize("stage", ["held", "limit"])
def test_while_it_goes_on(stage: str, story: Story) -> None:
    lead = story.submit(0)
    if stage == "held":
        _held(story, lead)
    else:
        SpendLimit.objects.create(calls_an_hour=0)
        story.look(lead, 0)
    lead.refresh_from_db()
    spent = time_breakdown.of_lead(lead, [], story.at(90))
    assert [(it.stage.key, it.seconds, it.is_running) for it in spent.parts] == [
        (stage, 90.0, True)
    ]


def test_what_an_older_release_has_stored_stays_readable(story: Story) -> None:
    """It counted the time that a lead was held as part of the gap between two calls."""
    lead = story.submit(0)
    _held_and_released(story, lead)
    kept = {"waited_held": timedelta(0), "waited_retry": timedelta(minutes=4)}
    assert LateWait.objects.update(**kept) == 1
    Lead.objects.update(**kept)
    LateWait.objects.exclude(at_rest=True).delete()
    story.rings(story.accepted(lead, 240), 244)
    assert story.says(lead) == (
        "3 min 4 s late: 3 min closed or held until somebody had it called "
        "again, 4 s while the salesperson's phone rang."
    )


@pytest.mark.parametrize("cause", list(Cause))
def test_each_cause_has_a_name_and_a_meaning(cause: Cause) -> None:
    assert words.name(cause.value)
    assert words.meaning(cause.value).endswith(".")
