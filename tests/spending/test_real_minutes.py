"""A call counts as three minutes until its record arrives, and as its real minutes after that."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import spend_limits
from callbacks.models import CallAttempt, CallPrice, Extension, SpendCount, SpendLimit
from callbacks.models.spending import MINUTES, SpendScope, SpendSpan
from callbacks.reconciliation import records
from callbacks.spending import limits
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def limit() -> SpendLimit:
    SpendLimit.objects.all().delete()
    CallPrice.objects.all().delete()
    CallPrice.objects.create(prefix="+972", country="IL", set_up="0.10", per_minute="1")
    CallPrice.objects.create(prefix="+44", country="GB", set_up="9", per_minute="9")
    return SpendLimit.objects.create(cost_an_hour=100)


@pytest.fixture
def call(make_lead: MakeLead, extension: Extension) -> CallAttempt:
    """A call, sent and accepted at NOON."""
    with time_machine.travel(NOON, tick=False):
        lead = make_lead(status="calling")
        return CallAttempt.objects.create(
            lead=lead, phone=lead.phone, extension=extension, extension_number="101",
            state="accepted", call_id="C-1", claimed_at=NOON, sent_at=NOON, answered_at=NOON,
            hold_until=NOON + timedelta(hours=3),
        )  # fmt: skip


def leg(number: int, status: str, talked: int | None = None, **values: Any) -> Cdr:
    return Cdr(**{
        "call_id": "C-1", "type": f"Click2Call leg{number}", "leg": number, "status": status,
        "started_at": NOON, "dial_time": 5, "talk_time": talked, "raw": {}, **values,
    })  # fmt: skip


def of(limit: SpendLimit) -> tuple[int, Decimal]:
    """Calls and cost of the hour."""
    count = SpendCount.objects.get(limit=limit, span=SpendSpan.HOUR)
    return count.calls, count.cost.quantize(Decimal("0.01"))


def counted() -> Decimal:
    return SpendCount.objects.get(span=SpendSpan.HOUR).cost.quantize(Decimal("0.01"))


ANSWER_1, ANSWER_2 = leg(1, "ANSWER", 700), leg(2, "ANSWER", 61)
# The records in their order, and the cost that is then counted for the call.
TOLD: list[tuple[str, list[Cdr], str]] = [
    ("nothing yet", [], "3.10"),
    ("a minute and a second", [ANSWER_2], "2.10"),
    ("one minute", [leg(2, "ANSWER", 60)], "1.10"),
    ("ten minutes and more", [leg(2, "ANSWER", 601)], "11.10"),
    ("the lead did not answer", [leg(2, "NOANSWER", 0)], "0.10"),
    ("the lead was busy, and nothing tells how long", [leg(2, "BUSY")], "0.10"),
    ("the salesperson did not pick up", [leg(1, "NOANSWER")], "0.10"),
    ("the salesperson's leg alone", [ANSWER_1], "3.10"),
    ("answered, and nothing tells how long", [leg(2, "ANSWER")], "3.10"),
    ("both legs: the lead's counts", [ANSWER_1, ANSWER_2], "2.10"),
    ("both legs, the other way round", [ANSWER_2, ANSWER_1], "2.10"),
    ("the same record twice", [ANSWER_2, ANSWER_2], "2.10"),
    ("not picked up, disproved by a talk", [leg(1, "NOANSWER"), ANSWER_2], "2.10"),
]


@pytest.mark.parametrize(("told", "cost"), [it[1:] for it in TOLD], ids=[it[0] for it in TOLD])
def test_what_a_call_is_counted_at(told: list[Cdr], cost: str, call: CallAttempt) -> None:
    for seconds, cdr in enumerate(told):
        with time_machine.travel(NOON + timedelta(seconds=710 + seconds), tick=False):
            records.receive(cdr)
    assert counted() == Decimal(cost)
    call.refresh_from_db()
    told_minutes = None if cost == "3.10" else int(Decimal(cost))
    assert call.counted_minutes == told_minutes


def test_a_count_of_an_hour_that_is_over_is_left_alone(call: CallAttempt) -> None:
    began_at = NOON.replace(hour=13, minute=0)
    SpendCount.objects.filter(span=SpendSpan.HOUR).update(began_at=began_at, cost=7)
    records.receive(ANSWER_2)
    assert counted() == 7
    assert SpendCount.objects.get(span=SpendSpan.DAY).cost == Decimal("2.10")


def test_what_was_not_made_after_all_leaves_nothing(call: CallAttempt) -> None:
    records.receive(ANSWER_2)
    call.refresh_from_db()
    spend_limits.uncount_on_commit(call)
    assert counted() == 0


def add_a_source_limit() -> None:
    """A limit that counts this call's source, added after the call was sent."""
    limit = SpendLimit.objects.create(
        scope=SpendScope.SOURCE, source=LeadSource.objects.get(slug="website"), calls_an_hour=9
    )
    SpendCount.objects.create(
        limit=limit, span=SpendSpan.HOUR, began_at=NOON.replace(minute=0), calls=1, cost=8
    )


def move_the_lead() -> None:
    other = LeadSource.objects.create(slug="landing", name="Landing")
    Lead.objects.update(source=other)
    SpendLimit.objects.create(scope=SpendScope.SOURCE, source=other, calls_an_hour=9)


# What changes during the call.
CHANGES: list[tuple[str, Callable[[], Any]]] = [
    ("dearer", lambda: CallPrice.objects.filter(prefix="+972").update(set_up=5, per_minute=20)),
    ("cheaper", lambda: CallPrice.objects.filter(prefix="+972").update(set_up=0, per_minute=0)),
    ("a price of its own", lambda: CallPrice.objects.create(prefix="+97250", per_minute=50)),
    ("no price any more", lambda: CallPrice.objects.all().delete()),
    ("another country's", lambda: CallPrice.objects.update(country="PS")),
    ("a limit more", add_a_source_limit),
    ("the lead of another source", move_the_lead),
]


@pytest.mark.parametrize("change", [it[1] for it in CHANGES], ids=[it[0] for it in CHANGES])
def test_a_call_is_recounted_by_what_it_was_counted_by(
    change: Callable[[], Any], call: CallAttempt, make_lead: MakeLead, limit: SpendLimit
) -> None:
    SpendCount.objects.update(cost=F("cost") + 40)  # the cost of other calls
    theirs = SpendLimit.objects.create(scope=SpendScope.COUNTRY, country="PS", calls_an_hour=9)
    SpendCount.objects.create(
        limit=theirs, span=SpendSpan.HOUR, began_at=NOON.replace(minute=0), calls=1, cost=8
    )
    change()
    records.receive(leg(2, "ANSWER", 601))
    assert of(limit) == (1, Decimal("51.10"))
    others = SpendCount.objects.exclude(limit=limit)
    assert set(others.values_list("calls", "cost")) == {(1, 8)}
    call.refresh_from_db()
    spend_limits.uncount_on_commit(call)
    spend_limits.uncount_on_commit(call)  # another process does it too
    assert of(limit) == (0, 40)
    assert set(others.values_list("calls", "cost")) == {(1, 8)}


def test_what_was_held_not_to_be_made_counts_again_once_its_record_comes(
    call: CallAttempt, limit: SpendLimit
) -> None:
    spend_limits.uncount_on_commit(call)
    assert of(limit) == (0, 0)
    records.receive(ANSWER_2)
    records.receive(ANSWER_1)
    assert of(limit) == (1, Decimal("2.10"))


def test_one_of_those_who_wait_goes_on_when_a_call_was_shorter(
    call: CallAttempt, limit: SpendLimit, make_lead: MakeLead
) -> None:
    SpendLimit.objects.update(cost_an_hour=4)
    with time_machine.travel(NOON + timedelta(seconds=30), tick=False):
        now = timezone.now()
        standing = limits.used_up_for(call.lead.source_id, call.phone, now)
        assert standing
        gap = {"call_after": standing.ends_at, "gap_until": standing.ends_at}
        waiting = [make_lead(limit_until=standing.ends_at, **gap) for _ in range(2)]
        records.receive(leg(2, "BUSY"))
        for lead in waiting:
            lead.refresh_from_db()
        assert [it.call_after == now for it in waiting] == [True, False]


@pytest.mark.parametrize(
    ("hour", "by_itself"), [(13, True), (20, False)], ids=["at noon", "at half past ten at night"]
)
def test_nobody_is_rung_at_night_because_a_call_was_shorter(
    hour: int,
    by_itself: bool,
    call: CallAttempt,
    limit: SpendLimit,
    make_lead: MakeLead,
    settings: SettingsWrapper,
) -> None:
    settings.NEW_CALLING_HOURS = (time(8), time(21))  # in Israel until 19:00 UTC
    LeadSource.objects.update(call_from=None, call_until=None)
    SpendLimit.objects.update(cost_an_hour=None, cost_a_day=4)
    with time_machine.travel(NOON.replace(hour=hour), tick=False):
        now = timezone.now()
        standing = limits.used_up_for(call.lead.source_id, call.phone, now)
        assert standing
        lead = make_lead(
            limit_until=standing.ends_at,
            gap_until=standing.ends_at,
            call_after=NOON + timedelta(hours=18),
        )
        records.receive(leg(2, "BUSY"))
        lead.refresh_from_db()
        assert (lead.call_after == now) == by_itself
        spend_limits.open_again(limit.pk, SpendSpan.DAY, now)
        lead.refresh_from_db()
        assert lead.call_after == now, "a manager has asked for it"


def test_the_pages_say_the_same_as_the_count(source: LeadSource) -> None:
    """The pages write "three minutes"."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT callbacks_minutes_v2()")
        assert cursor.fetchone() == (MINUTES,) == (3,)
