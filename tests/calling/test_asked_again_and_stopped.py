"""Somebody asks again during a call that a manager stops: earlier requests stop, too."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling import dispatch, hanging_up, manual
from callbacks.models import CallAttempt, Extension
from callbacks.reconciliation import holds, records
from callbacks.voicenter import Cdr
from leads import intake
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, AFTER = "asked before", "asked after"
TALK, NO_ANSWER, NO_RECORD = "they talked", "nobody picked up", "no record"
# What a manager does; when the second request comes; how the call ends; each request's status.
ROWS: dict[str, tuple[str, str, str, list[LeadStatus]]] = {
    "asked, then hung up": (
        "hang up", BEFORE, NO_ANSWER, [LeadStatus.CANCELLED, LeadStatus.DUPLICATE],
    ),
    "asked, then cancelled": (
        "cancel", BEFORE, NO_ANSWER, [LeadStatus.CANCELLED, LeadStatus.DUPLICATE],
    ),
    "asked, then hung up, and no record comes": (
        "hang up", BEFORE, NO_RECORD, [LeadStatus.CANCELLED, LeadStatus.DUPLICATE],
    ),
    "asked, then cancelled, and they talked": (
        "cancel", BEFORE, TALK, [LeadStatus.CONNECTED, LeadStatus.DUPLICATE],
    ),
    "hung up, then asked": (
        "hang up", AFTER, NO_ANSWER, [LeadStatus.CANCELLED, LeadStatus.WAITING],
    ),
    "cancelled, then asked": (
        "cancel", AFTER, NO_ANSWER, [LeadStatus.CANCELLED, LeadStatus.WAITING],
    ),
    "asked, and nobody stops it": (
        "", BEFORE, NO_ANSWER, [LeadStatus.WAITING, LeadStatus.DUPLICATE],
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_had_been_asked_before_is_stopped_too(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess,
    row: tuple[str, str, str, list[LeadStatus]],
) -> None:  # fmt: skip
    act, when, ends, stand = row
    simulator.control(answer_after=600, extensions={"101": "online"})
    lead = make_lead()
    attempt = dispatch.call_lead(lead.pk)
    assert attempt

    def asks_again() -> None:
        key = intake.key_from("test", "again", lead.phone)
        intake.store(intake.Submission(source=lead.source, key=key, name="Noa", phone=lead.phone))

    if when == BEFORE:
        asks_again()
    if act == "hang up":
        hanging_up.hang_up(attempt.pk, None)
    elif act == "cancel":
        manual.cancel(lead.pk, None)
    if when == AFTER:
        asks_again()
    end(attempt, ends)
    assert list(Lead.objects.order_by("pk").values_list("status", flat=True)) == stand


def end(attempt: CallAttempt, ends: str) -> None:
    """Ends the call as its records say, or without any record."""
    told: dict[str, tuple[tuple[Any, ...], ...]] = {
        TALK: ((1, "ANSWER", 65), (2, "ANSWER", 60)), NO_ANSWER: ((1, "CANCEL", 0),),
    }  # fmt: skip
    for leg, word, talk in told.get(ends, ()):
        records.receive(Cdr(attempt.call_id, f"Click2Call leg{leg}", leg, word, talk_time=talk))
    CallAttempt.objects.filter(ended_at=None).update(hold_until=timezone.now())
    holds.free_expired_holds()
