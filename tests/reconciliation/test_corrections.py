"""What a late record corrects about the extension: its place in the queue, its misses and its calls
of the day.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.reconciliation import corrections
from callbacks.routing import claim as claims
from callbacks.routing import config, rotation
from leads.models import Lead

MakeLead = Callable[..., Lead]
HOLD = timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(lead: Lead) -> CallAttempt:
    now, current = timezone.now(), config.current()
    claim = claims.claim(lead.pk, current.asked(lead.source_id, timedelta(0), now), now, HOLD)
    assert claim
    return claim.attempt


def without_a_record(attempt: CallAttempt, *, accepted: bool = True) -> None:
    now = timezone.now()
    if accepted:
        attempt.accept(f"C-{attempt.pk}", "", now)
    assert attempt.finish(AttemptState.ENDED, now)
    apply(attempt, now)


def turns(*numbers: str) -> list[float]:
    found = dict(Extension.objects.values_list("number", "queue_position"))
    return [found[number] for number in numbers]


@pytest.mark.parametrize("accepted", [True, False])
def test_talks_whose_records_are_late_are_turns_all_the_same(
    make_lead: MakeLead, team: Team, accepted: bool
) -> None:
    """Six calls, three phones: two for each, though no record has come of any."""
    Team.objects.update(strategy="fair")
    for number in ("101", "102", "103"):
        Extension.objects.create(number=number, team=team)
    rung = []
    for _ in range(6):
        attempt = claimed(make_lead())
        without_a_record(attempt, accepted=accepted)
        rung.append(attempt.extension_number)
    assert sorted(rung) == ["101", "101", "102", "102", "103", "103"]


# The team's strategy, the outcome that came late; the extension's place in the queue, whether it is
# capped, and its misses.
LATE: dict[str, tuple[str, AttemptState, float, bool, int]] = {
    "fair, they talked": ("fair", AttemptState.BRIDGED, 0.5, True, 0),
    "fair, the lead did not answer": ("fair", AttemptState.LEAD_NO_ANSWER, 0, True, 0),
    "fair, nobody picked up": ("fair", AttemptState.AGENT_NO_ANSWER, 0, True, 3),
    "weighted, they talked": ("weighted", AttemptState.BRIDGED, 0.5, True, 0),
    "weighted, nobody picked up": ("weighted", AttemptState.AGENT_NO_ANSWER, 0.5, True, 3),
}


@pytest.mark.parametrize("case", LATE.values(), ids=LATE)
def test_a_late_record_corrects_the_extension(
    make_lead: MakeLead, extension: Extension, case: tuple[str, AttemptState, float, bool, int]
) -> None:
    strategy, state, position, is_capped, missed = case
    Team.objects.update(strategy=strategy, daily_cap=1)
    Extension.objects.update(weight=2, missed_in_a_row=2)
    attempt = claimed(make_lead())
    without_a_record(attempt)
    connected_at = timezone.now() if state == AttemptState.BRIDGED else None
    assert corrections.correct(attempt, state, connected_at, [])
    extension.refresh_from_db()
    assert extension.queue_position == pytest.approx(position)
    assert (extension.capped_until is not None) is is_capped
    assert extension.missed_in_a_row == missed
    assert extension.is_paused is (missed >= 3)


@pytest.mark.parametrize("state", [AttemptState.AGENT_NO_ANSWER, AttemptState.LEAD_NO_ANSWER])
def test_misses_in_a_row_are_not_those_before_a_newer_call(
    make_lead: MakeLead, extension: Extension, state: AttemptState
) -> None:
    first = claimed(make_lead())
    without_a_record(first)
    second = claimed(make_lead())
    assert second.claimed_at > first.claimed_at
    Extension.objects.update(missed_in_a_row=1)
    corrections.correct(first, state, None, [])
    extension.refresh_from_db()
    assert extension.missed_in_a_row == 1


def test_a_correction_to_a_call_that_did_not_ring_gives_the_call_of_the_day_back(
    make_lead: MakeLead, extension: Extension
) -> None:
    Team.objects.update(strategy="weighted", daily_cap=1)
    attempt = claimed(make_lead())
    without_a_record(attempt)
    values: dict[str, Any] = {"state": "never_placed", "outcome": Outcome.NOT_SENT.value}
    CallAttempt.objects.update(**values)
    rotation.after_correction(extension.pk, Outcome.NO_RECORD, Outcome.NOT_SENT, timezone.now())
    extension.refresh_from_db()
    assert (extension.capped_until, extension.queue_position) == (None, 0)
