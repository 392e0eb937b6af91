"""What a manager reads when a chosen phone, or a lead's number, cannot be rung just now."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.calling import conference, manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension
from callbacks.routing import claim as claims
from leads.models import Lead
from tests.support import together

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

ON_A_CALL = "That extension is on a call."
THEIR_OTHER = "The person there is on a call on their other phone."
NUMBER = "This number is on a call."
MESSAGE = "A message is being played to this number, or is about to be."
IN_HAND = "It was in use at that moment. Try again."
REASONS = {
    "on a call": ON_A_CALL,
    "their other phone": THEIR_OTHER,
    "blocked": "That extension is blocked.",
    "off": "That extension is off.",
    "the number is on a call": NUMBER,
    "a message": MESSAGE,
    "in hand": IN_HAND,
}


@pytest.fixture
def made(make_lead: MakeLead, extension: Extension) -> Callable[[str, Lead], Any]:
    """made(reason, lead): a context in which this reason keeps the extension from calling."""

    def call(by: Extension) -> None:
        other = make_lead("+972505550199")
        assert claims.claim_chosen(other.pk, by.pk, timezone.now(), timedelta(hours=1))

    def made(reason: str, lead: Lead) -> Any:
        match reason:
            case "on a call":
                call(extension)
            case "their other phone":
                Extension.objects.update(user=User.objects.create_user("dana"))
                extension.refresh_from_db()
                other = {"team": extension.team, "user": extension.user}
                call(Extension.objects.create(number="102", **other))
            case "blocked":
                Extension.objects.update(is_blocked=True)
            case "off":
                Extension.objects.update(is_active=False)
            case "the number is on a call":
                now = timezone.now()
                earlier = make_lead("+972505550198", status="connected", connected_at=now,
                                    closed_at=now)  # fmt: skip
                CallAttempt.objects.create(
                    lead=earlier, phone=lead.phone, extension_number="107", state="accepted",
                    extension=Extension.objects.create(number="107", team=extension.team),
                    claimed_at=now, hold_until=now, call_id="C-1",
                )  # fmt: skip
            case "a message":
                manual.play(lead.pk, "welcome", None)
            case "in hand":
                return together.locked_by_another(extension)
        return nullcontext()

    return made


@pytest.mark.parametrize("reason", REASONS)
def test_call_with_names_the_one_reason(
    make_lead: MakeLead, extension: Extension, made: Callable[[str, Lead], Any], reason: str
) -> None:
    lead = make_lead()
    with made(reason, lead), pytest.raises(CannotCall) as refused:
        manual.call_with(lead.pk, extension.pk, None)
    assert str(refused.value) == f"{REASONS[reason]} Nothing was changed."


@pytest.mark.parametrize("reason", ["the number is on a call", "a message"])
def test_so_does_a_message(
    make_lead: MakeLead, made: Callable[[str, Lead], Any], reason: str
) -> None:
    lead = make_lead()
    with made(reason, lead), pytest.raises(CannotCall) as refused:
        manual.play(lead.pk, "another", None)
    assert str(refused.value) == REASONS[reason]


@pytest.mark.parametrize("reason", ["on a call", "their other phone", "blocked", "off"])
def test_so_does_a_conference(
    make_lead: MakeLead, extension: Extension, made: Callable[[str, Lead], Any], reason: str
) -> None:
    with made(reason, make_lead()), pytest.raises(CannotCall) as refused:
        conference.call_into_room(extension.pk, "1234", None)
    assert str(refused.value) == REASONS[reason]
