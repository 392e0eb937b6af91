"""Requests that arrive during a call or just after it: their wishes are not lost."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends, in_days

pytestmark = pytest.mark.django_db(transaction=True)


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def talk(attempt: CallAttempt, began: datetime, times: bool) -> None:
    """The records of a talk that began ten seconds after the call and lasted half a minute."""
    attempt.refresh_from_db()
    for leg, started, talked in ((1, 0, 38), (2, 5, 30)):
        told = {"started_at": began + later(started), "dial_time": 5, "duration": talked + 5}
        spoken = {"talk_time": talked} if times else {}
        cdr = Cdr(attempt.call_id, f"Click2Call leg{leg}", leg, "ANSWER", **spoken, **told)
        records.receive(cdr)


@pytest.mark.parametrize(
    ("sent_after", "times", "is_new"),
    [
        (20, True, False),
        (39, True, False),
        (41, True, True),
        (60, True, True),
        (299, True, True),
        (60, False, False),
    ],
    ids=[
        "while they talk", "as it ends", "just after it", "a while after it",
        "just before the record", "a record without seconds of talk",
    ],
)  # fmt: skip
@pytest.mark.parametrize("same", [True, False], ids=["same visitor", "another"])
def test_a_request_after_the_talk_and_before_its_record_is_a_new_one(
    same: bool,
    sent_after: int,
    times: bool,
    is_new: bool,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    """The record arrives after five minutes, as from the provider's log."""
    began = timezone.now()
    with time_machine.travel(began, tick=False):
        visitor = Visitor()
        lead = visitor.sends()
        attempt = call(lead)
        assert attempt
    with time_machine.travel(began + later(sent_after), tick=False):
        second = (visitor if same else Visitor()).sends(message="I forgot something")
    with time_machine.travel(began + later(300), tick=False):
        talk(attempt, began, times)
    lead.refresh_from_db()
    second.refresh_from_db()
    assert lead.status == LeadStatus.CONNECTED
    assert (second.status == LeadStatus.WAITING) is is_new
    assert (second.duplicate_of is None) is is_new


@pytest.mark.parametrize(
    ("wish", "due_in"), [("", 60), ("a time", 2 * 86400 + 60)], ids=["now", "a time"]
)
@pytest.mark.parametrize("how", ["stopped", "taken back"])
def test_the_clock_of_a_request_that_is_called_by_itself_runs_since_it_came(
    how: str,
    wish: str,
    due_in: int,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    """The request joined a lead that was on a call, half an hour before that call ended."""
    came = timezone.now().replace(minute=30, second=0, microsecond=0)
    with time_machine.travel(came - later(30), tick=False):
        mistaken = Visitor()
        lead = mistaken.sends()
        attempt = call(lead)
        assert attempt
    with time_machine.travel(came, tick=False):
        chosen = (came + timedelta(days=2)).isoformat()
        second = Visitor().sends(message="Mine", call_at=chosen if wish else "")
    with time_machine.travel(came + timedelta(minutes=30), tick=False):
        if how == "taken back":
            ends(attempt, "ANSWER", "NOANSWER")
            mistaken.sends_from_the_page(phone="050-555 0102")
        else:
            CallAttempt.objects.update(stopped_at=came - later(10))
            ends(attempt, "ANSWER", "NOANSWER")
    second.refresh_from_db()
    assert second.status == LeadStatus.WAITING
    started = second.chosen_at or came
    assert second.clock_started_at == started
    assert second.due_at == came + timedelta(seconds=due_in)


@pytest.mark.parametrize("wish", ["", "a time"], ids=["now", "a time"])
def test_a_lead_whose_source_takes_its_country_no_more_goes_to_the_one_that_does(
    wish: str, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    """Both sources are open, and no phone is free at either."""
    other = LeadSource.objects.create(slug="other", name="Other")
    team = Team.objects.create(name="Others")
    team.sources.add(other)
    Extension.objects.create(number="102", team=team, is_paused=True)
    Extension.objects.update(is_paused=True)
    lead = Visitor().sends()
    LeadSource.objects.filter(pk=source.pk).update(allowed_countries=["GB"])
    Visitor().sends("other", call_at=in_days(2) if wish else "")
    lead.refresh_from_db()
    assert lead.source == other
    assert Lead.objects.filter(status=LeadStatus.WAITING).get() == lead
    Extension.objects.update(is_paused=False)
    with time_machine.travel(lead.call_after + later(1), tick=False):
        assert call(lead)
