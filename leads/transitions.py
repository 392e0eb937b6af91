"""The transitions of a stored lead from one status to another. docs/architecture.md draws them.

Each transition is one conditional UPDATE and returns whether it won: something else may have been
first (a record of the call, the sweep, a manager), and the loser changes nothing. Two transitions
live elsewhere because they touch attempts too: the claim, waiting -> calling
(callbacks.routing.claim), and late corrections of a closed lead
(callbacks.reconciliation.corrections).

Each transition out of `waiting` adds the elapsed time to the lead's `waited_*` columns, in the same
UPDATE (leads.wait_accounting). The claim does not; `wait_again` and `close` add the wait until
`claimed_at` afterwards.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce

from leads import wait_accounting
from leads.models import Lead, LeadStatus
from leads.ports import CallPlan

_CAN_BE_CANCELLED = (LeadStatus.HELD, LeadStatus.WAITING)
# A live call must end first; for a duplicate, the lead that it joined is called.
_NOT_OPENED_AGAIN = (LeadStatus.CALLING, LeadStatus.DUPLICATE)

_CALL_AFTER = """
    UPDATE leads_lead SET call_after = put_off.until
    FROM unnest(%s::bigint[], %s::timestamptz[]) put_off(id, until)
    WHERE leads_lead.id = put_off.id AND status = 'waiting'
"""


def put_off(
    lead_id: int,
    until: datetime,
    at: datetime,
    *,
    gap_until: datetime | None = None,
    closed_until: datetime | None = None,
    limit_until: datetime | None = None,
    instead_of: datetime | None = None,
) -> bool:
    """waiting -> waiting: not called before `until`.

    From `at` on the lead waits until `gap_until` for its chosen time or for the gap before another
    call, then until `closed_until` for opening hours, and after that for an extension. With
    `limit_until`, a gap that ends then is the wait for a spending limit. With `instead_of`, only
    changes a lead whose `call_after` still has that value: nobody has changed it since it was read.
    """
    values: dict[str, Any] = {
        "call_after": until, "gap_until": gap_until, "closed_until": closed_until,
    }  # fmt: skip
    values |= {"limit_until": limit_until} if limit_until else {}
    was = {"call_after": instead_of} if instead_of else {}
    won = Lead.objects.filter(pk=lead_id, status=LeadStatus.WAITING, **was).update(
        **_waits_on(at), **values
    )
    return bool(won)


def put_off_all(
    untils: Mapping[int, datetime], at: datetime, *, closed_until: datetime | None
) -> int:
    """put_off for many leads, each until its own time. Returns how many were waiting.

    `gap_until` does not change. The caller has locked the leads in a transaction.
    """
    waiting = Lead.objects.filter(pk__in=untils, status=LeadStatus.WAITING)
    with connection.cursor() as cursor:
        cursor.execute(_CALL_AFTER, [list(untils), list(untils.values())])
    return waiting.update(closed_until=closed_until, **_waits_on(at))


def refuse(lead_id: int, message: str, at: datetime) -> bool:
    """waiting -> failed: the lead may not be called. `message` tells the manager why."""
    values = {"error_code": None, "error_message": message[:500]}
    return _move(lead_id, (LeadStatus.WAITING,), LeadStatus.FAILED, **waits_no_more(at), **values)


def cancel(lead_id: int, at: datetime, message: str = "") -> bool:
    """held | waiting -> cancelled: nobody calls. `message` tells a manager why. A held lead does
    not count as missed.
    """
    values = {**waits_no_more(at)} | ({"error_message": message[:500]} if message else {})
    while_held = Case(When(status=LeadStatus.HELD, then=True), default=False)
    return _move(
        lead_id,
        _CAN_BE_CANCELLED,
        LeadStatus.CANCELLED,
        cancelled_while_held=while_held,
        **values,
    )


def settle(lead_id: int, at: datetime, message: str) -> bool:
    """failed -> cancelled: a person has dealt with it. Gets a new closing time, so that a missed
    lead stays missed.
    """
    values = {"closed_at": at, "error_code": None, "error_message": message[:500]}
    return _move(lead_id, (LeadStatus.FAILED,), LeadStatus.CANCELLED, **values)


def wish_anew(lead_id: int, at: datetime, **values: Any) -> bool:
    """waiting -> waiting: a later request for the number changes the time or source of its call
    (leads.joining). `values`: the columns that change. The lead's own wish stays readable.
    """
    unchanged = When(first_source__isnull=True, then=F("chosen_at"))
    values["first_chosen_at"] = Case(unchanged, default=F("first_chosen_at"))
    values["first_source"] = Coalesce("first_source", "source")
    return _move(lead_id, (LeadStatus.WAITING,), LeadStatus.WAITING, **_waits_on(at), **values)


def plan_anew(lead_id: int, at: datetime, chosen_at: datetime, plan: CallPlan) -> bool:
    """waiting -> waiting: a salesperson agreed on another time for a follow-up. Its clock starts
    then, with the current target.
    """
    return _move(
        lead_id,
        (LeadStatus.WAITING,),
        LeadStatus.WAITING,
        **_waits_on(at),
        chosen_at=chosen_at,
        call_after=plan.call_after,
        clock_started_at=plan.clock_started_at,
        due_at=plan.due_at,
        sla_target=plan.sla_target,
        sla_clock=plan.sla_clock,
        sla_source=None,
        gap_until=plan.gap_until,
        closed_until=plan.closed_until,
    )


def hold(lead_id: int, at: datetime, message: str) -> bool:
    """waiting -> held: a manager must look at it before it is called. `message` tells them why."""
    return _move(
        lead_id,
        (LeadStatus.WAITING,),
        LeadStatus.HELD,
        is_held_back=True,
        error_code=None,
        error_message=message[:500],
        **_waits_on(at),
    )


def let_go(lead_id: int, at: datetime, plan: CallPlan) -> bool:
    """held -> waiting: released by a manager, or by a check that had no answer before. Its clock
    kept running since it was submitted, because its visitor was waiting.
    """
    return _move(
        lead_id,
        (LeadStatus.HELD,),
        LeadStatus.WAITING,
        call_after=plan.call_after,
        gap_until=plan.gap_until,
        closed_until=plan.closed_until,
        is_held_back=False,
        error_message="",
        waiting_since=wait_accounting.end_of_anything(at),
        **wait_accounting.anything_until(at),
    )


def give_way(lead_id: int, to_id: int, at: datetime) -> bool:
    """held -> duplicate: another request for its number is called."""
    values = {"duplicate_of": to_id, "is_held_back": True, **waits_no_more(at)}
    return _move(lead_id, (LeadStatus.HELD,), LeadStatus.DUPLICATE, **values)


def take_over(lead_id: int) -> bool:
    """duplicate -> waiting: the held lead that it joined has given way."""
    values = {"duplicate_of": None, "closed_at": None}
    return _move(lead_id, (LeadStatus.DUPLICATE,), LeadStatus.WAITING, **values)


def let_take_over(lead_id: int, at: datetime, plan: CallPlan) -> bool:
    """duplicate -> waiting: a manager releases it, and the held lead that it joined has given way.
    Its clock kept running since it was submitted; until now it waited for the manager.
    """
    since = wait_accounting.not_before(at, F("submitted_at"))
    return _move(
        lead_id,
        (LeadStatus.DUPLICATE,),
        LeadStatus.WAITING,
        duplicate_of=None,
        closed_at=None,
        call_after=plan.call_after,
        gap_until=plan.gap_until,
        closed_until=plan.closed_until,
        error_message="",
        waiting_since=since,
        waited_held=F("waited_held") + since - F("submitted_at"),
    )


def release(lead_id: int, at: datetime, plan: CallPlan, *, is_held: bool = False) -> bool:
    """duplicate -> waiting: the lead that it joined is closed, and it asks for another call; or ->
    held, if a manager must look at it first.

    Since it was submitted, it waited for the running call to end: its clock kept running, and the
    promise made then stands.
    """
    values: dict[str, Any] = {"waiting_since": F("submitted_at")}
    if is_held:  # that wait is over; the wait for a manager begins
        since = wait_accounting.not_before(at, F("submitted_at"))
        waited = F("waited_retry") + since - F("submitted_at")
        values = {"waiting_since": since, "waited_retry": waited}
    return _move(
        lead_id,
        (LeadStatus.DUPLICATE,),
        LeadStatus.HELD if is_held else LeadStatus.WAITING,
        duplicate_of=None,
        closed_at=None,
        call_after=plan.call_after,
        gap_until=plan.gap_until or at,
        closed_until=plan.closed_until,
        **values,
    )


def count(lead_id: int) -> bool:
    """duplicate -> duplicate: the request is no longer held back. False: it was not held back."""
    held_back = Lead.objects.filter(pk=lead_id, status=LeadStatus.DUPLICATE, is_held_back=True)
    return bool(held_back.update(is_held_back=False, error_message=""))


def leave(lead_id: int) -> bool:
    """duplicate -> cancelled: its submitter takes it back, or a manager rejects it, and the lead
    that it joined goes on. A request that was held back does not count as missed.
    """
    return _move(
        lead_id,
        (LeadStatus.DUPLICATE,),
        LeadStatus.CANCELLED,
        duplicate_of=None,
        cancelled_while_held=F("is_held_back"),
    )


def wait_again(
    lead_id: int,
    call_after: datetime | None,
    at: datetime,
    *,
    claimed_at: datetime,
    gap_until: datetime | None = None,
    closed_until: datetime | None = None,
    **shown: Any,
) -> bool:
    """calling -> waiting: the call is over, and the lead will be called again.

    `call_after` None: the lead keeps its time and may be called at once. `claimed_at`: when the
    wait before the call ended. `gap_until` and `closed_until`: as in `put_off`.
    """
    values = {"gap_until": gap_until, "closed_until": closed_until}
    values |= {"call_after": call_after} if call_after else {}
    values |= wait_accounting.waiting_until(claimed_at) | shown
    return _move(lead_id, (LeadStatus.CALLING,), LeadStatus.WAITING, waiting_since=at, **values)


def close(
    lead_id: int, as_: LeadStatus, at: datetime, *, claimed_at: datetime, **shown: Any
) -> bool:
    """calling -> connected | called | unreached | failed: the lead's last call is over; or ->
    cancelled: the call may go on, and the lead is not called again.

    `claimed_at`: when the wait before the call ended.
    """
    values = wait_accounting.waiting_until(claimed_at) | shown
    return _move(lead_id, (LeadStatus.CALLING,), as_, closed_at=at, **values)


def close_waiting(leads: QuerySet[Lead], as_: LeadStatus, at: datetime, **shown: Any) -> bool:
    """waiting -> connected | unreached | failed: a late record says how its last call ended.
    `leads`: that lead, with any further conditions.
    """
    waiting = leads.filter(status=LeadStatus.WAITING)
    return bool(waiting.update(status=as_, **waits_no_more(at), **shown))


def open_again(
    lead_id: int,
    call_after: datetime,
    at: datetime,
    *,
    gap_until: datetime | None = None,
    closed_until: datetime | None = None,
) -> bool:
    """Any status but calling and duplicate -> waiting: a manager wants the lead called.

    Its earlier attempts no longer count. What a cancelled lead says of why nobody calls it is not
    true any more, and goes. `gap_until` and `closed_until`: as in `put_off`. Raises
    IntegrityError if the lead's number has another open lead.
    """
    values: dict[str, Any] = {"call_after": call_after, "closed_at": None, "counted_from": at}
    values |= {"gap_until": gap_until, "closed_until": closed_until, "cancelled_while_held": False}
    values |= {"is_held_back": False}
    values |= {
        name: Case(When(status=LeadStatus.CANCELLED, then=Value(nothing)), default=F(name))
        for name, nothing in (("error_code", None), ("error_message", ""))
    }
    values |= wait_accounting.anything_until(at)
    come_from = tuple(status for status in LeadStatus if status not in _NOT_OPENED_AGAIN)
    since = wait_accounting.end_of_anything(at)
    return _move(lead_id, come_from, LeadStatus.WAITING, waiting_since=since, **values)


def _waits_on(at: datetime) -> dict[str, Any]:
    since = wait_accounting.not_before(at, F("waiting_since"))
    return {"waiting_since": since, **wait_accounting.waiting_until(at)}


def waits_no_more(at: datetime) -> dict[str, Any]:
    """The columns of a lead that closes without a call."""
    return {"closed_at": wait_accounting.end_of_anything(at), **wait_accounting.anything_until(at)}


def _move(lead_id: int, come_from: tuple[LeadStatus, ...], to: LeadStatus, **values: Any) -> bool:
    won = Lead.objects.filter(pk=lead_id, status__in=come_from).update(status=to, **values)
    return bool(won)
