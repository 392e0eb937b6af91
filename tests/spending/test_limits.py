"""Spending limits: what is counted, what is refused, and what continues after reopening."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.calling import dial, dispatch, manual, spend_limits
from callbacks.explain import waiting_reason
from callbacks.models import CallAttempt, CallPrice, Extension, SpendCount, SpendLimit, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.models.spending import SpendScope, SpendSpan
from callbacks.monitoring import notices
from callbacks.spending import limits
from callbacks.telephony import account
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]


@pytest.fixture(autouse=True)
def _nothing_is_set_up() -> None:
    SpendLimit.objects.all().delete()
    CallPrice.objects.all().delete()


@pytest.fixture
def phones(team: Team) -> list[Extension]:
    return Extension.objects.bulk_create(
        Extension(number=str(number), name=f"Phone {number}", team=team)
        for number in range(101, 141)
    )


@pytest.fixture
def provider(simulator: SimulatorProcess, settings: Any) -> SimulatorProcess:
    """A provider that is given enough time to answer on a busy machine."""
    settings.VOICENTER_CONNECT_TIMEOUT = settings.VOICENTER_TIMEOUT = 60.0
    account.client.cache_clear()
    simulator.control(answer_after=600)
    return simulator


def everything(**bounds: Any) -> SpendLimit:
    return SpendLimit.objects.create(scope=SpendScope.ALL, **bounds)


def counted(limit: SpendLimit, span: SpendSpan = SpendSpan.HOUR) -> tuple[int, Decimal]:
    """The number of calls, and their assumed cost."""
    found = SpendCount.objects.filter(limit=limit, span=span).first()
    return (found.calls, found.cost.quantize(Decimal("0.01"))) if found else (0, Decimal(0))


@pytest.mark.usefixtures("phones")
def test_32_workers_never_exceed_a_limit_by_one(
    make_lead: MakeLead, provider: SimulatorProcess
) -> None:
    limit = everything(calls_an_hour=20)
    leads = [make_lead().pk for _ in range(32)]
    waiting = iter(leads)
    at_once(32, lambda: dispatch.call_lead(next(waiting)))
    assert len([it for it in provider.ledger() if it["accepted"]]) == 20
    assert counted(limit)[0] == 20
    by_status = {it.status: 0 for it in Lead.objects.all()}
    assert by_status.keys() == {LeadStatus.WAITING, LeadStatus.CALLING}
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 12


def test_a_lead_that_meets_the_limit_waits_for_its_end_and_goes_on_when_it_is_opened(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    limit = everything(calls_an_hour=1)
    other = Extension.objects.create(number="102", name="Omer", team=extension.team)
    assert dispatch.call_lead(make_lead().pk)
    second = make_lead()
    assert dispatch.call_lead(second.pk) is None
    second.refresh_from_db()
    [hour] = [it for it in limits.standings(timezone.now()) if it.span == SpendSpan.HOUR]
    assert (second.status, second.call_after) == (LeadStatus.WAITING, hour.ends_at)
    assert spend_limits.open_again(limit.pk, SpendSpan.HOUR, timezone.now()) == 1
    attempt = dispatch.call_lead(second.pk)
    assert attempt
    assert {extension.pk, other.pk} >= {attempt.extension_id}
    # Reopening allows the same amount once more, and not a call beyond it.
    Extension.objects.create(number="103", name="Tamar", team=extension.team)
    assert dispatch.call_lead(make_lead().pk) is None


# The cost of a call to a number, by the price table: both parts, the longest prefix, the highest
# price.
PRICES = [
    ("its prefix", "+972505550101", "0.30"),
    ("a longer prefix wins", "+972595550101", "3.10"),
    ("a country without a price: the dearest", "+12025550101", "3.10"),
    ("no prefix at all: the dearest", "+442075550101", "3.10"),
]


@pytest.mark.parametrize(
    ("phone", "costs"), [it[1:] for it in PRICES], ids=[it[0] for it in PRICES]
)
def test_what_a_call_is_taken_to_cost(phone: str, costs: str, source: LeadSource) -> None:
    CallPrice.objects.create(prefix="+972", country="IL", per_minute="0.10")
    CallPrice.objects.create(prefix="+97259", country="PS", set_up="0.10", per_minute="1")
    CallPrice.objects.create(prefix="+1", country="US")
    everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT its_set_up + its_per_minute * callbacks_minutes_v2()"
            " FROM callbacks_price_v2(%s)",
            [phone],
        )
        [cost] = cursor.fetchone()
    assert cost == Decimal(costs)


# Which calls a limit counts: (scope, what it names, the number) -> whether it is counted.
SCOPES = [
    ("all", SpendScope.ALL, "", "+972505550101", True),
    ("the lead's source", SpendScope.SOURCE, "website", "+972505550101", True),
    ("another source", SpendScope.SOURCE, "landing", "+972505550101", False),
    ("the number's country", SpendScope.COUNTRY, "IL", "+972505550101", True),
    ("another country", SpendScope.COUNTRY, "PS", "+972505550101", False),
]


@pytest.mark.parametrize(
    ("scope", "named", "phone", "is_counted"),
    [it[1:] for it in SCOPES],
    ids=[it[0] for it in SCOPES],
)
def test_which_calls_a_limit_counts(
    scope: SpendScope,
    named: str,
    phone: str,
    is_counted: bool,
    make_lead: MakeLead,
    extension: Extension,
    provider: SimulatorProcess,
) -> None:
    CallPrice.objects.create(prefix="+972", country="IL", per_minute="0.10")
    LeadSource.objects.create(slug="landing", name="Landing")
    source = LeadSource.objects.filter(slug=named).first()
    country = named if scope == SpendScope.COUNTRY else ""
    limit = SpendLimit.objects.create(scope=scope, source=source, country=country)
    assert dispatch.call_lead(make_lead(phone).pk)
    assert counted(limit) == ((1, Decimal("0.30")) if is_counted else (0, 0))


def test_a_cost_limit_refuses_the_call_that_would_exceed_it(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    CallPrice.objects.create(prefix="+972", country="IL", per_minute="0.10")
    limit = everything(cost_a_day="0.50")
    Extension.objects.create(number="102", name="Omer", team=extension.team)
    assert dispatch.call_lead(make_lead().pk)
    second = make_lead()
    assert dispatch.call_lead(second.pk) is None
    assert counted(limit, SpendSpan.DAY) == (1, Decimal("0.30"))
    standing = limits.used_up_for(second.source_id, second.phone, timezone.now())
    assert standing
    assert standing.span == SpendSpan.DAY


def test_what_the_provider_refuses_is_not_counted(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    limit = everything(calls_an_hour=1)
    simulator.control(extensions={"101": "offline"})
    dispatch.call_lead(make_lead().pk)
    assert CallAttempt.objects.get().state == AttemptState.REFUSED
    assert counted(limit)[0] == 0


def test_a_call_by_hand_is_counted_as_a_worker_takes_it_on_and_refused_at_the_limit(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    """Both attempts are written while the limit has room for one call."""
    limit = everything(calls_an_hour=1)
    other = Extension.objects.create(number="102", name="Omer", team=extension.team)
    first, second = make_lead(), make_lead()
    manual.call_with(first.pk, extension.pk, None)
    manual.call_with(second.pk, other.pk, None)
    assert counted(limit)[0] == 0
    for attempt in CallAttempt.objects.order_by("pk"):
        dial.dial_committed(attempt.pk)
    states = list(CallAttempt.objects.order_by("pk").values_list("state", "failure_reason"))
    assert states == [(AttemptState.ACCEPTED, ""), (AttemptState.NOT_SENT, "spending_limit")]
    assert Lead.objects.get(pk=second.pk).error_message == limits.reached()
    assert counted(limit)[0] == 1
    assert len(provider.ledger()) == 1


# Hours and days are on the site's clock: an earlier period's count does not count any more.
NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
WINDOWS = [
    ("the same hour", NOW - timedelta(minutes=29), True, True),
    ("the hour before", NOW - timedelta(minutes=31), False, True),
    ("the day before, in the site's zone", NOW - timedelta(hours=12, minutes=31), False, False),
]


@pytest.mark.parametrize(
    ("counted_at", "in_hour", "in_day"), [it[1:] for it in WINDOWS], ids=[it[0] for it in WINDOWS]
)
def test_hours_and_days(
    counted_at: datetime,
    in_hour: bool,
    in_day: bool,
    settings: Any,
    source: LeadSource,
) -> None:
    settings.TIME_ZONE = "Asia/Jerusalem"
    limit = everything(calls_an_hour=10, calls_a_day=10)
    for span in SpendSpan:
        began_at = counted_at.replace(minute=0)
        if span == SpendSpan.DAY:
            local = counted_at.astimezone(timezone.get_fixed_timezone(120))
            began_at = local.replace(hour=0, minute=0)
        SpendCount.objects.create(limit=limit, span=span, began_at=began_at, calls=3)
    found = {it.span: it.calls for it in limits.standings(NOW)}
    assert found == {SpendSpan.HOUR: 3 if in_hour else 0, SpendSpan.DAY: 3 if in_day else 0}


def test_the_reason_says_which_limit_and_until_when(
    make_lead: MakeLead, extension: Extension, provider: SimulatorProcess
) -> None:
    everything(calls_an_hour=0)
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    now = timezone.now()
    [one] = waiting_reason.of_leads([lead], now).values()
    full = waiting_reason.of_lead(lead, now)
    assert full
    assert one.text == full.text
    assert full.text.startswith("The spending limit for this hour is reached (all calls).")
    assert any(full.text == notice for notice in notices.current([]))


def test_of_several_limits_the_reason_names_the_one_that_is_used_up(
    make_lead: MakeLead, extension: Extension, source: LeadSource, provider: SimulatorProcess
) -> None:
    everything(calls_an_hour=250)
    SpendLimit.objects.create(scope=SpendScope.SOURCE, source=source, calls_an_hour=0)
    other = LeadSource.objects.create(slug="other", name="Other")
    SpendLimit.objects.create(scope=SpendScope.SOURCE, source=other, calls_an_hour=0)
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    reason = waiting_reason.of_lead(lead, timezone.now())
    assert reason
    assert reason.text.startswith(f"The spending limit for this hour is reached ({source.name}).")


# What the lead waits for until the end of the hour, and whether it continues when the hour's limit
# is reopened.
GAPS = [
    ("for the limit", {"limit": True}, True),
    ("for the limit, after a chosen time", {"limit": True, "chosen": -1}, True),
    ("for the time that the visitor chose", {"chosen": 0}, False),
    ("for another try", {}, False),
]


@pytest.mark.parametrize(("of", "goes_on"), [it[1:] for it in GAPS], ids=[it[0] for it in GAPS])
def test_who_goes_on_when_a_limit_is_opened(
    of: dict[str, Any], goes_on: bool, make_lead: MakeLead
) -> None:
    limit = everything(calls_an_hour=1)
    now = timezone.now()
    end = next(it for it in limits.standings(now) if it.span == SpendSpan.HOUR).ends_at
    chosen_at = end + timedelta(hours=of["chosen"]) if "chosen" in of else None
    limit_until = end if "limit" in of else None
    lead = make_lead(call_after=end, gap_until=end, chosen_at=chosen_at, limit_until=limit_until)
    assert spend_limits.open_again(limit.pk, SpendSpan.HOUR, now) == goes_on
    lead.refresh_from_db()
    assert lead.call_after == (now if goes_on else end)


@pytest.mark.parametrize(
    ("counted_so_far", "is_told"), [("9.90", False), ("10.10", True), ("40", True)]
)
def test_a_limit_into_which_no_call_fits_is_told_whatever_its_share(
    source: LeadSource, counted_so_far: str, is_told: bool
) -> None:
    CallPrice.objects.create(prefix="+972", set_up=Decimal("0.10"), per_minute=10)  # 30.10 a call
    limit = SpendLimit.objects.create(scope=SpendScope.SOURCE, source=source, cost_an_hour=40)
    began = timezone.now().replace(minute=0, second=0, microsecond=0)
    SpendCount.objects.create(
        limit=limit, span=SpendSpan.HOUR, began_at=began, cost=Decimal(counted_so_far)
    )
    now = began + timedelta(minutes=1)
    for found in (limits.used_up(limits.standings(now)), limits.near(limits.standings(now))):
        assert bool(found) is is_told
