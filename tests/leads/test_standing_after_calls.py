"""Whether a planned call is described as the first one or as another try, by the calls before."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from leads import visitor_status
from leads.models import Lead

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db

PLANNED, AGAIN = "Your call is planned", "We will try again"

# The calls counted for the request, the outcome of the number's last call, and the title.
BY_ITSELF = {
    "never called": (0, "", PLANNED),
    "called, and it did not answer": (1, "lead_no_answer", AGAIN),
    "called twice": (2, "lead_busy", AGAIN),
    "called, and nobody of us picked up": (1, "agent_no_answer", PLANNED),
    # A manager reopened it, so earlier calls no longer count.
    "opened again, and not called since": (0, "lead_no_answer", PLANNED),
}


def called(lead: Lead, extension: Extension, outcome: str) -> None:
    at = timezone.now() - timedelta(minutes=5)
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
        state="lead_no_answer", outcome=outcome, claimed_at=at, sent_at=at, ended_at=at,
        hold_until=at, call_id="C-1",
    )  # fmt: skip


@pytest.mark.parametrize(("attempts", "outcome", "title"), BY_ITSELF.values(), ids=BY_ITSELF)
def test_a_planned_call(
    attempts: int, outcome: str, title: str, make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead(attempts=attempts, call_after=timezone.now() + timedelta(days=1))
    if outcome:
        called(lead, extension, outcome)
    assert told(lead) == title


# For a request that joined another person's lead, `attempts` belongs to the lead. The call counts
# as the request's own if the same submitter has another request that was sent before the call.
JOINED = {
    "a stranger's, sent after the call": (False, PLANNED),
    "a stranger's, of whom another request was there at the call": (True, AGAIN),
}


@pytest.mark.parametrize(("was_there", "title"), JOINED.values(), ids=JOINED)
def test_a_request_that_has_joined_somebody_elses_lead(
    was_there: bool, title: str, make_lead: MakeLead, extension: Extension
) -> None:
    now, stranger = timezone.now(), uuid.uuid4()
    tomorrow = now + timedelta(days=1)
    first = make_lead(phone="+972505550111", attempts=1, call_after=tomorrow)
    called(first, extension, "lead_no_answer")
    joined = {"duplicate_of": first, "status": "duplicate", "closed_at": now, "submitter": stranger}
    if was_there:
        make_lead(
            phone="+972505550112", submitted_at=now - timedelta(minutes=9), call_after=now, **joined
        )
    lead = make_lead(phone="+972505550113", call_after=tomorrow, **joined)
    assert told(lead) == title


@pytest.mark.parametrize("attempts", [0, 1])
def test_what_a_standing_asks_of_a_lead_is_read_with_it(
    attempts: int, make_lead: MakeLead, extension: Extension
) -> None:
    """A forgotten column would cost an extra query on each look at a page."""
    submitter = uuid.uuid4()
    now = timezone.now()
    first = make_lead(attempts=attempts, call_after=now + timedelta(days=1), submitter=submitter)
    lead = make_lead(duplicate_of=first, status="duplicate", closed_at=now, submitter=submitter)
    for asked in (first, lead):
        found = visitor_status.find(asked.public_id)
        assert found
        with CaptureQueriesContext(connection) as queries:
            visitor_status.standing(found, timezone.now())
        assert [it["sql"] for it in queries if 'FROM "leads_lead"' in it["sql"]] == []


def told(lead: Lead) -> str:
    found = visitor_status.find(lead.public_id)
    assert found
    return str(visitor_status.standing(found, timezone.now()).title)
