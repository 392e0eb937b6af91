"""A worker that slept between taking an attempt on and sending it does not send it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.calling import dial
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.routing import claim as claims
from callbacks.routing import config
from callbacks.telephony import account
from leads.models import Lead, LeadStatus
from tests.support import asking
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
AWAKE = AttemptState.ACCEPTED, LeadStatus.CALLING, 1
ASLEEP = AttemptState.NOT_SENT, LeadStatus.WAITING, 0
# How long ago the attempt was taken on (None: never); then the states of attempt and lead, and the
# number of requests at the provider.
ROWS: dict[str, tuple[timedelta | None, tuple[AttemptState, LeadStatus, int]]] = {
    "at once": (timedelta(0), AWAKE),
    "asleep for longer than it may be": (dial.SEND_WITHIN + timedelta(seconds=1), ASLEEP),
    "for an hour": (timedelta(hours=1), ASLEEP),
    "nobody has taken it on": (None, ASLEEP),
}


@pytest.mark.parametrize(("ago", "stands"), ROWS.values(), ids=ROWS)
def test_it_is_not_sent_any_more(
    make_lead: Callable[..., Lead], extension: Extension, team: Team,
    simulator: SimulatorProcess, ago: timedelta | None,
    stands: tuple[AttemptState, LeadStatus, int],
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    lead = make_lead()
    claim = claims.claim(lead.pk, asking.asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    claim.attempt.sent_at = None if ago is None else timezone.now() - ago
    dial.dial_call(account.client(), claim, lead, config.current())
    attempt = CallAttempt.objects.get()
    assert (attempt.state, Lead.objects.get().status, len(simulator.ledger())) == stands
    if stands == ASLEEP:
        assert attempt.failure_reason == "too_late"
