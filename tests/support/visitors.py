"""Visitors with their own browsers, and calls to them."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead

PHONE = "050-555 0101"
E164 = "+972505550101"


def page_token() -> str:
    return str(uuid.uuid4())


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def in_days(days: int) -> str:
    """A half hour, `days` days ahead."""
    at = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    return at.isoformat()


@dataclass
class Visitor:
    """A person with their own browser."""

    client: Client = field(default_factory=Client)
    token: str = field(default_factory=page_token)
    page: str = ""

    def sends(self, source: str = "website", phone: str = PHONE, **fields: str) -> Lead:
        """Sends the form as it is open, and follows to the request's page."""
        filled = {"name": "Noa Levi", "phone": phone, "token": self.token, **fields}
        answer = self.client.post(f"/contact/{source}/", filled)
        assert answer.status_code == 303, answer.text
        self.page = answer["Location"]
        return Lead.objects.get(public_id=self.page.split("/")[-2])

    def sends_from_the_page(self, **fields: str) -> Lead:
        """Follows the link on the request's page to the form, and sends that."""
        link = re.search(r'data-act="again"[^>]*><a href="([^"]+)"', self.reads())
        assert link
        form = self.client.get(link[1]).text
        carried = hidden(form)
        self.token = carried.pop("token")
        return self.sends(**carried, **fields)

    def does(self, act: str, **fields: str) -> HttpResponse:
        """Opens an act's page, sends what it asks for, and follows the redirect."""
        asked = self.client.get(f"{self.page}{act}/")
        sent = {**hidden(asked.text), **fields}
        done: HttpResponse = self.client.post(f"{self.page}{act}/", sent)
        if done.status_code == 303:
            self.page = done["Location"]
        return done

    def reads(self) -> str:
        answer = self.client.get(self.page)
        assert answer.status_code == 200
        return answer.text

    def status(self) -> str:
        found = re.search(r'data-status="(\w+)"', self.reads())
        assert found
        return found[1]


def waits_for_a_retry(visitor: Visitor | None = None, calls: int = 1) -> tuple[Lead, datetime]:
    """A lead that was called ten seconds ago and will be called again in two hours."""
    lead, now = (visitor or Visitor()).sends(), timezone.now()
    ended_at = now - timedelta(seconds=10)
    for number in range(calls):
        began_at = ended_at - timedelta(minutes=5 * (calls - number))
        CallAttempt.objects.create(
            lead=lead,
            extension=Extension.objects.get(),
            phone=lead.phone,
            extension_number="101",
            state=AttemptState.LEAD_NO_ANSWER,
            outcome=Outcome.LEAD_NO_ANSWER.value,
            claimed_at=began_at,
            sent_at=began_at,
            ended_at=ended_at,
            hold_until=ended_at,
        )
    later = now + timedelta(hours=2)
    Lead.objects.filter(pk=lead.pk).update(attempts=calls, call_after=later, gap_until=later)
    return lead, ended_at


def ends(attempt: CallAttempt, *statuses: str) -> None:
    """The call's records arrive: how its legs ended."""
    attempt.refresh_from_db()
    for leg, status in enumerate(statuses, start=1):
        records.receive(Cdr(attempt.call_id, f"Click2Call leg{leg}", leg, status, talk_time=30))


def call(lead: Lead) -> CallAttempt | None:
    return dispatch.call_lead(lead.pk)


def pass_by(seconds: float = 31) -> None:
    """Moves everything sent into the past, so that what comes now is not a second click."""
    ago = timedelta(seconds=seconds)
    Lead.objects.update(submitted_at=F("submitted_at") - ago, counted_from=F("counted_from") - ago)
