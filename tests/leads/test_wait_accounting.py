"""What a lead waits for: the rule in Python, and the same rule in the database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads import transitions, wait_accounting
from leads.models import Lead, LeadSource, LeadStatus
from leads.ports import CallPlan
from leads.wait_accounting import Wait, gap_of, waited

MakeLead = Callable[..., Lead]
AT = datetime(2026, 11, 23, 22, tzinfo=UTC)
NONE = timedelta(0)


def minutes(*parts: int) -> dict[Wait, timedelta]:
    """Minutes off hours, until a chosen time, between tries, for an extension, for a spending
    limit, and held.
    """
    given = {what: timedelta(minutes=part) for what, part in zip(Wait, parts, strict=False)}
    return dict.fromkeys(Wait, NONE) | given


def after(count: int | None) -> datetime | None:
    return None if count is None else AT + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("gap_until", "closed_until", "at", "gap", "wanted"),
    [
        pytest.param(None, None, 5, Wait.RETRY, minutes(0, 0, 0, 5), id="for an extension alone"),
        pytest.param(2, None, 5, Wait.RETRY, minutes(0, 0, 2, 3), id="a gap, then an extension"),
        pytest.param(
            2, None, 5, Wait.CHOSEN, minutes(0, 2, 0, 3), id="its time, then an extension"
        ),
        pytest.param(None, 4, 5, Wait.RETRY, minutes(4, 0, 0, 1), id="off hours"),
        pytest.param(2, 4, 5, Wait.RETRY, minutes(2, 0, 2, 1), id="a gap that ends off hours"),
        pytest.param(
            4, 2, 5, Wait.RETRY, minutes(0, 0, 4, 1), id="open again before the gap is over"
        ),
        pytest.param(8, 9, 5, Wait.CHOSEN, minutes(0, 5, 0, 0), id="called before its time"),
        pytest.param(2, 9, 5, Wait.RETRY, minutes(3, 0, 2, 0), id="ended while closed"),
        pytest.param(2, 4, 5, Wait.LIMIT, minutes(2, 0, 0, 1, 2), id="spent, then off hours"),
        pytest.param(8, None, 5, Wait.LIMIT, minutes(0, 0, 0, 0, 5), id="opened again sooner"),
        pytest.param(-3, -2, 5, Wait.RETRY, minutes(0, 0, 0, 5), id="times that are over"),
        pytest.param(2, 4, -1, Wait.RETRY, minutes(0, 0, 0, 0), id="a clock that is behind"),
    ],
)
def test_a_wait_is_divided(
    gap_until: int | None,
    closed_until: int | None,
    at: int,
    gap: Wait,
    wanted: dict[Wait, timedelta],
) -> None:
    ended = AT + timedelta(minutes=at)
    assert waited(AT, after(gap_until), after(closed_until), ended, gap=gap) == wanted


@pytest.mark.parametrize(
    ("gap", "chosen_at", "limit_until", "wanted"),
    [
        (2, 2, None, Wait.CHOSEN),
        (2, 3, None, Wait.RETRY),
        (2, None, None, Wait.RETRY),
        (None, None, None, Wait.RETRY),
        (2, None, 2, Wait.LIMIT),
        (2, 2, 2, Wait.CHOSEN),
        (3, None, 2, Wait.RETRY),  # the limit belongs to an earlier wait
        (None, None, 2, Wait.RETRY),
    ],
)
def test_what_a_gap_is_for(
    gap: int | None, chosen_at: int | None, limit_until: int | None, wanted: Wait
) -> None:
    assert gap_of(after(gap), after(chosen_at), after(limit_until)) is wanted


def moments(*, none: bool = False) -> st.SearchStrategy[datetime | None]:
    times = st.integers(-(10**10), 10**10).map(lambda us: AT + timedelta(microseconds=us))
    return st.none() | times if none else times


class TestTheSameInTheDatabase(TestCase):
    """Each example is rolled back."""

    @given(since=moments(), gap=moments(none=True), closed=moments(none=True), at=moments(),
           its=st.sampled_from([Wait.CHOSEN, Wait.LIMIT, Wait.RETRY]))  # fmt: skip
    @hypothesis_settings(max_examples=200)
    def test_it_divides_as_the_rule_does(
        self,
        since: datetime,
        gap: datetime | None,
        closed: datetime | None,
        at: datetime,
        its: Wait,
    ) -> None:
        source = LeadSource.objects.create(slug="website", name="Website")
        lead = Lead.objects.create(
            source=source, name="Noa", phone="+972505550101", due_at=AT + timedelta(days=99),
            waiting_since=since, gap_until=gap, closed_until=closed,
            chosen_at=gap if its is Wait.CHOSEN else AT - timedelta(days=9),
            limit_until=gap if its is Wait.LIMIT else AT - timedelta(days=8),
        )  # fmt: skip
        values = Lead.objects.annotate(
            **{str(what): part for what, part in wait_accounting.divided(at).items()}
        ).values(*Wait)
        which = gap_of(gap, lead.chosen_at, lead.limit_until)
        wanted = waited(since, gap, closed, at, gap=which)
        assert values.get(pk=lead.pk) == wanted
        assert sum(wanted.values(), NONE) == max(at - since, NONE)


def stands(lead: Lead, **values: object) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(submitted_at=AT, waiting_since=AT, **values)
    return lead


def columns(lead: Lead) -> dict[Wait, timedelta]:
    lead.refresh_from_db()
    return {what: getattr(lead, f"waited_{what}") for what in Wait}


NINE = AT + timedelta(minutes=9)
PLAN = CallPlan(NINE, AT, NINE, sla_target=60, sla_clock="always")
CALLED = AT + timedelta(minutes=7)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "go", "wanted"),
    [
        ("waiting", lambda pk: transitions.put_off(pk, NINE, NINE), minutes(2, 0, 3, 4)),
        ("waiting", lambda pk: transitions.refuse(pk, "no", NINE), minutes(2, 0, 3, 4)),
        ("waiting", lambda pk: transitions.cancel(pk, NINE), minutes(2, 0, 3, 4)),
        ("waiting", lambda pk: transitions.open_again(pk, NINE, NINE), minutes(2, 0, 3, 4)),
        ("held", lambda pk: transitions.cancel(pk, NINE), minutes(0, 0, 0, 0, 0, 9)),
        ("held", lambda pk: transitions.open_again(pk, NINE, NINE), minutes(0, 0, 0, 0, 0, 9)),
        ("held", lambda pk: transitions.let_go(pk, NINE, PLAN), minutes(0, 0, 0, 0, 0, 9)),
        ("held", lambda pk: transitions.give_way(pk, pk, NINE), minutes(0, 0, 0, 0, 0, 9)),
        ("waiting", lambda pk: transitions.hold(pk, NINE, "no"), minutes(2, 0, 3, 4)),
        (
            "calling",
            lambda pk: transitions.wait_again(pk, NINE, NINE, claimed_at=CALLED),
            minutes(2, 0, 3, 2),
        ),
        (
            "calling",
            lambda pk: transitions.close(pk, LeadStatus.CALLED, NINE, claimed_at=CALLED),
            minutes(2, 0, 3, 2),
        ),
    ],
    ids=["put off", "refuse", "cancel", "open again", "held, cancel", "held, open again",
         "held, let go", "held, another is called", "hold", "wait again", "close"],
)  # fmt: skip
def test_whoever_ends_a_wait_adds_it_up_once(
    make_lead: MakeLead,
    status: str,
    go: Callable[[int], bool],
    wanted: dict[Wait, timedelta],
) -> None:
    lead = stands(make_lead(), status=status, gap_until=after(3), closed_until=after(5))
    assert go(lead.pk)
    assert columns(lead) == wanted
    if lead.closed_at:
        # A second transition loses, and adds nothing.
        assert not go(lead.pk)
        assert columns(lead) == wanted


@pytest.mark.django_db
def test_put_off_again_it_adds_what_came_since(make_lead: MakeLead) -> None:
    lead = stands(make_lead())
    for count in (4, 6):
        at = AT + timedelta(minutes=count)
        assert transitions.put_off(lead.pk, NINE, at, closed_until=NINE)
    assert columns(lead) == minutes(2, 0, 0, 4)
    assert lead.waiting_since == AT + timedelta(minutes=6)


@pytest.mark.django_db
def test_put_off_together_they_stay_in_their_gaps(make_lead: MakeLead) -> None:
    first, second = stands(make_lead()), stands(make_lead(), gap_until=after(6))
    closed = stands(make_lead(), status="called", closed_at=AT)
    at = AT + timedelta(minutes=4)
    untils = dict.fromkeys((first.pk, second.pk, closed.pk), NINE)
    with transaction.atomic():
        assert transitions.put_off_all(untils, at, closed_until=NINE) == 2
    for lead in (first, second):
        assert transitions.cancel(lead.pk, AT + timedelta(minutes=10))
    assert columns(first) == minutes(5, 0, 0, 5)
    assert columns(second) == minutes(3, 0, 6, 1)
    assert columns(closed) == minutes(0, 0, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "since"), [("unreached", 5), ("connected", 3)])
def test_while_it_was_closed_it_was_between_two_tries(
    make_lead: MakeLead, status: str, since: int
) -> None:
    lead = stands(make_lead(), status=status, closed_at=after(5), connected_at=after(3))
    assert transitions.open_again(lead.pk, NINE, NINE, closed_until=after(20))
    assert columns(lead) == minutes(0, 0, 9 - since, 0)
    assert (lead.waiting_since, lead.closed_until) == (NINE, after(20))


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["waiting", "unreached"])
def test_a_clock_that_is_behind_takes_nothing_back(make_lead: MakeLead, status: str) -> None:
    closed_at = AT if status == "unreached" else None
    lead = stands(make_lead(), status=status, closed_at=closed_at)
    assert transitions.open_again(lead.pk, NINE, AT - timedelta(seconds=1))
    assert columns(lead) == minutes(0, 0, 0, 0)
    assert lead.waiting_since == AT
    assert transitions.cancel(lead.pk, AT - timedelta(seconds=2))
    lead.refresh_from_db()
    assert (columns(lead), lead.closed_at) == (minutes(0, 0, 0, 0), AT)


@pytest.mark.django_db
def test_a_new_lead_has_waited_since_its_submission(make_lead: MakeLead) -> None:
    lead = make_lead()
    assert lead.waiting_since == lead.submitted_at


@pytest.mark.django_db
def test_until_a_spending_limit_lets_it_go_it_waits_for_that_alone(make_lead: MakeLead) -> None:
    lead = stands(make_lead())
    assert transitions.put_off(lead.pk, NINE, after(1), gap_until=NINE, limit_until=NINE)
    # After hours change it is put off again, with the same gap.
    assert transitions.put_off(lead.pk, NINE, after(4), gap_until=NINE, closed_until=NINE)
    assert transitions.put_off(lead.pk, after(6), after(6))  # the limit is reopened
    assert transitions.put_off(lead.pk, NINE, after(7), gap_until=after(8))  # its number rests
    assert transitions.cancel(lead.pk, NINE)
    assert columns(lead) == minutes(0, 0, 1, 3, 5)


@pytest.mark.django_db
def test_one_that_joined_a_call_and_is_held_after_it_was_held_since_then(
    make_lead: MakeLead,
) -> None:
    first = make_lead()
    lead = stands(make_lead(), status="duplicate", duplicate_of=first, closed_at=AT)
    assert transitions.release(lead.pk, after(5), PLAN, is_held=True)
    assert transitions.let_go(lead.pk, NINE, PLAN)
    assert columns(lead) == minutes(0, 0, 5, 0, 0, 4)
