"""The same two records in both orders, and with the end of the hold between them: lead, salesperson
and texts end up the same.

All words and all seconds: tests/telephony/test_order_of_records.py.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

Leg = tuple[str, int | None, int | None]  # word, seconds of ringing and of talk
LEG_1: dict[str, Leg] = {
    "picked up": ("ANSWER", 3, 40),
    "not picked up": ("NOANSWER", 20, 0),
    "rejected": ("CANCEL", 4, 0),
    "busy": ("BUSY", 0, 0),
    "congestion": ("CONGESTION", 0, 0),
    "a word of tomorrow": ("SOMETHINGNEW", None, None),
    "a word of tomorrow, no talk": ("SOMETHINGNEW", 20, 0),
}
LEG_2: dict[str, Leg] = {
    "busy": ("BUSY", 0, 0),
    "busy after ringing": ("BUSY", 12, 0),
    "cancelled": ("CANCEL", 0, 0),
    "cancelled after ringing": ("CANCEL", 8, 0),
    "no answer, nothing told": ("NOANSWER", None, None),
    "no answer after ringing": ("NOANSWER", 25, 0),
    "voicemail": ("VOICEMAIL", 20, 9),
    "no channel": ("CHANUNAVAIL", 0, 0),
    "congestion": ("CONGESTION", 0, 0),
    "congestion after ringing": ("CONGESTION", 15, 0),
    "not called": ("NOTCALLED", None, None),
    "a talk": ("ANSWER", 7, 60),
    "over at once": ("ANSWER", 7, 2),
    "a word of tomorrow": ("SOMETHINGNEW", None, None),
    "a word of tomorrow, rang": ("SOMETHINGNEW", 9, None),
    "a word of tomorrow, no talk": ("SOMETHINGNEW", 9, 0),
}


@pytest.fixture(autouse=True)
def quiet(settings: Any, simulator: SimulatorProcess) -> None:
    settings.LEAST_TALK = 5
    settings.MISSED_IN_A_ROW = 1  # a miss pauses at once
    simulator.control(answer_after=600)


HOLD_ENDS = (0, ("", None, None))


def ends(lead: Lead, *legs: tuple[int, Leg]) -> dict[str, Any]:
    """Calls the lead, posts these records in this order, and returns the result. HOLD_ENDS among
    them ends the hold; "between" is the lead's status at that moment.
    """
    Extension.objects.update(
        unavailable_until=None, unavailable_reason="", missed_in_a_row=0, is_paused=False,
        paused_until=None, pause_reason="", wrap_up_until=None, capped_until=None,
    )  # fmt: skip
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    between = ""
    for leg, (word, rang, talked) in legs:
        if leg == 0:
            CallAttempt.objects.filter(ended_at=None).update(hold_until=timezone.now())
            holds.free_expired_holds()
            between = Lead.objects.get(pk=lead.pk).status
            continue
        records.receive(
            Cdr(
                attempt.call_id, f"Click2Call leg{leg}", leg, word, dial_time=rang,
                talk_time=talked, started_at=timezone.now(),
            )
        )  # fmt: skip
    attempt.refresh_from_db()
    lead.refresh_from_db()
    extension = Extension.objects.get()
    now = timezone.now()
    return {
        "state": attempt.state,
        "outcome": attempt.outcome,
        "rang": attempt.rang_at is not None and lead.rang_at is not None,
        "talk": attempt.talk_time,
        "connected": attempt.connected_at is not None,
        "lead": (lead.status, lead.error_message, lead.closed_at is not None),
        "again": round(max(lead.call_after - now, timedelta(0)) / timedelta(seconds=20)),
        "misses": extension.missed_in_a_row,
        "paused": extension.is_paused,
        "rests": bool(extension.unavailable_until and extension.unavailable_until > now),
        "calls": extension.queue_position > 0,
        "between": between,
    }


@pytest.mark.parametrize(
    ("one", "other"), list(product(LEG_1, LEG_2)), ids=lambda name: name.replace(" ", "-")
)
def test_either_may_come_first(
    make_lead: MakeLead, extension: Extension, one: str, other: str
) -> None:
    leg1, leg2 = (1, LEG_1[one]), (2, LEG_2[other])
    first = ends(make_lead(phone="+972505550101"), leg1, leg2)
    CallAttempt.objects.exclude(state=AttemptState.BRIDGED).update(claimed_at=timezone.now())
    second = ends(make_lead(phone="+972505550102"), leg2, leg1)
    assert first == second
    assert first["lead"][0] != LeadStatus.CALLING
    assert first["lead"][0] != LeadStatus.CALLED


# One word of each kind.
SOME_1 = ("picked up", "not picked up", "busy", "a word of tomorrow, no talk")
SOME_2 = (
    "busy", "cancelled after ringing", "no answer, nothing told", "voicemail", "no channel",
    "congestion", "congestion after ringing", "not called", "a talk", "over at once",
)  # fmt: skip


@pytest.mark.parametrize("late", [1, 2], ids=["leg-1-is-late", "leg-2-is-late"])
@pytest.mark.parametrize(
    ("one", "other"), list(product(SOME_1, SOME_2)), ids=lambda name: name.replace(" ", "-")
)
def test_and_the_hold_may_end_between_them(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, one: str, other: str,
    late: int,
) -> None:  # fmt: skip
    """A lead that the end of the hold closed is not called again; all else is the same."""
    simulator.control(faults=[{"kind": "reset_before", "on": "activecalls", "rate": 1}])
    legs = [(1, LEG_1[one]), (2, LEG_2[other])]
    in_time = ends(make_lead(phone="+972505550101"), *legs)
    CallAttempt.objects.exclude(state=AttemptState.BRIDGED).update(claimed_at=timezone.now())
    first, last = reversed(legs) if late == 1 else legs
    after = ends(make_lead(phone="+972505550102"), first, HOLD_ENDS, last)
    # By then a short pause of the phone would not spare anybody a call.
    differ = {"rests", "between"}
    if after["between"] in (LeadStatus.CALLED, LeadStatus.FAILED):
        differ |= {"lead", "again"}
        assert after["lead"][0] not in (LeadStatus.CALLING, LeadStatus.WAITING)
    assert {it: after[it] for it in after.keys() - differ} == {
        it: in_time[it] for it in in_time.keys() - differ
    }
