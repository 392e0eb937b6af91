"""The salesperson's time on the phone is never shown as talk time, in a story or in a record."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, CallRecord, Extension
from callbacks.reconciliation import holds, records
from callbacks.voicenter import Cdr
from leads.models import Lead
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_leg_1_alone(
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess,
    admin_client: Client,
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    lead = make_lead()
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    records.receive(
        Cdr(attempt.call_id, "Click2Call leg1", 1, "ANSWER", talk_time=296, dial_time=4)
    )
    CallAttempt.objects.update(hold_until=timezone.now())
    holds.free_expired_holds()
    record = CallRecord.objects.get()
    story = admin_client.get(f"/admin/leads/lead/{lead.pk}/change/").content.decode()
    assert "On the phone 4 min 56 s" in story
    assert "No record of the lead&#x27;s phone arrived; the extension was freed" in story
    for page in (
        story,
        admin_client.get(f"/admin/callbacks/callrecord/{record.pk}/change/").content.decode(),
        admin_client.get("/admin/callbacks/callrecord/").content.decode(),
        admin_client.get(f"/admin/callbacks/callattempt/{attempt.pk}/change/").content.decode(),
    ):
        assert "4 min 56 s" in page
        assert "Talked 4 min 56 s" not in page
