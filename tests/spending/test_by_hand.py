"""Acts by hand while a spending limit holds: the page promises no call, and nothing rings."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from callbacks.admin.dashboard import of_attempts
from callbacks.admin.leads import timeline
from callbacks.calling import manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.explain import number_now
from callbacks.models import CallAttempt, CallPrice, Extension, SpendLimit
from callbacks.monitoring import notices, right_now
from leads.models import Lead

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
REACHED = (
    "The spending limit for %s is reached (all calls). No more of these calls are dialled until "
)

# The bound that is used up, and how the sentence names its period.
BOUNDS = [
    ("calls an hour", {"calls_an_hour": 0}, "this hour"),
    ("calls a day", {"calls_a_day": 0}, "today"),
    ("cost a day", {"cost_a_day": "0.01"}, "today"),
]


@pytest.fixture(autouse=True)
def _priced() -> None:
    SpendLimit.objects.all().delete()
    CallPrice.objects.all().delete()
    CallPrice.objects.create(prefix="+972", country="IL", per_minute="1")


@pytest.mark.parametrize(("bound", "of"), [it[1:] for it in BOUNDS], ids=[it[0] for it in BOUNDS])
@pytest.mark.parametrize("status", ["waiting", "unreached"])
def test_each_way_tells_of_the_limit(
    bound: dict[str, str], of: str, status: str, make_lead: MakeLead, extension: Extension
) -> None:
    SpendLimit.objects.create(**bound)
    closed_at = None if status == "waiting" else timezone.now()
    lead = make_lead(status=status, closed_at=closed_at)
    for by_hand in (
        lambda: manual.call_with(lead.pk, extension.pk, None),
        lambda: manual.play(lead.pk, "hello", None),
    ):
        with pytest.raises(CannotCall) as refused:
            by_hand()
        assert str(refused.value).startswith(REACHED % of)
        assert str(refused.value).endswith("Nothing was changed.")
    lead.refresh_from_db()
    assert lead.status == status
    assert not CallAttempt.objects.exists()
    # "Call now" asks for a call as soon as possible, and says when that is.
    said = manual.call_now(lead.pk, None)
    assert said.startswith(REACHED % of)
    assert said.endswith("The lead will be called as soon as allowed.")
    lead.refresh_from_db()
    assert lead.status == "waiting"
    now = timezone.now()
    refusals = number_now.of(lead.phone, lead.source, now, timezone.get_current_timezone()).refusals
    assert any(it.startswith(REACHED % of) for it in refusals)


# Why an attempt was not sent or placed, and whether the provider failed.
REASONS = [
    ("a spending limit", "not_sent", "not_sent", "spending_limit", False),
    ("too late", "not_sent", "not_sent", "too_late", False),
    ("nobody took it on", "not_sent", "not_sent", "not_taken_on", False),
    ("no connection", "not_sent", "not_sent", "connect", True),
    ("refused", "refused", "provider_error", "refused", True),
]


@pytest.mark.parametrize(
    ("state", "outcome", "reason", "is_the_providers"),
    [it[1:] for it in REASONS],
    ids=[it[0] for it in REASONS],
)
def test_what_we_did_not_send_is_no_failure_of_the_provider(
    state: str,
    outcome: str,
    reason: str,
    is_the_providers: bool,
    make_lead: MakeLead,
    extension: Extension,
) -> None:
    now = timezone.now()
    for _ in range(12):
        lead = make_lead(status="unreached", closed_at=now)
        CallAttempt.objects.create(
            lead=lead, phone=lead.phone, extension=extension, extension_number="101", state=state,
            outcome=outcome, failure_reason=reason, claimed_at=now, ended_at=now, hold_until=now,
        )  # fmt: skip
    tile = next(it for it in of_attempts(right_now.read(now)) if "trouble" in it.address)
    assert tile.count == (12 if is_the_providers else 0)
    assert (notices.provider_trouble(now) is not None) == is_the_providers
    said = [it.what for it in timeline.of(lead, lead.call_attempts.all(), [], [])]
    assert ("Not sent" in said) == (not is_the_providers)
