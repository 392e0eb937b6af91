"""Which subscriptions are due, and the decision on each: a mail in the outbox, or why not.

Each decision is one transaction under its row's lock: the mail and the time of the next one are
committed together. So several beat processes write one mail, and an interrupted decision is made
again.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.formats import get_format

from callbacks.access import scope
from callbacks.models import ReportSubscription
from callbacks.models.subscriptions import NotSent
from callbacks.opening_hours import calendar
from callbacks.reports.saved_views import REPORTS, is_visible_to, problem
from callbacks.subscriptions import compose, times
from callbacks.subscriptions.times import Plan

log = logging.getLogger(__name__)

RIGHT = "callbacks.subscribe_reports"
# A report that could not be created is tried again after this time.
AGAIN_AFTER = timedelta(minutes=15)


def plan_of(subscription: ReportSubscription) -> Plan:
    """The times of a subscription. One query if it uses a calendar."""
    works = None
    if subscription.only_working_days:
        works = times.weekdays(int(get_format("FIRST_DAY_OF_WEEK")))
        if subscription.calendar is not None:
            hours = subscription.calendar.calendar()
            works = lambda day: calendar.is_working_day(hours, day)  # noqa: E731
    return Plan(
        subscription.rhythm,
        subscription.hour,
        subscription.zone,
        subscription.weekday,
        subscription.day_of_month,
        works,
    )


def why_not(subscription: ReportSubscription, now: datetime) -> NotSent | None:
    """Why nothing can be sent; None if it can. Checked again for each mail."""
    user, view = subscription.user, subscription.view
    if not user.is_active:
        return NotSent.LOGIN_OFF
    if not (user.has_perm(RIGHT) and REPORTS[view.report].may_see(user)):
        return NotSent.NO_RIGHT
    if not user.email:
        return NotSent.NO_ADDRESS
    if not is_visible_to(user, view):
        return NotSent.ONLY_OWN if view.is_shared else NotSent.NOT_SHARED
    return NotSent.BROKEN if problem(view, now, scope.of(user)) else None


def send_due(now: datetime) -> int:
    """Decides on each due subscription, and writes its mail; returns how many it decided on."""
    count = 0
    while _decide_next(now):
        count += 1
    return count


def _decide_next(now: datetime) -> bool:
    with transaction.atomic():
        subscription = (
            ReportSubscription.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(next_at__lte=now)
            .select_related("user", "view", "calendar")
            .order_by("next_at", "pk")
            .first()
        )
        if subscription is None:
            return False
        try:
            with transaction.atomic():
                _decide(subscription, now)
        except Exception:
            log.exception("report by mail failed subscription=%s", subscription.pk)
            plan = plan_of(subscription)
            following = times.next_after(plan, now)
            again = now + AGAIN_AFTER
            subscription.next_at = min(again, following) if following else again
            subscription.not_sent = NotSent.FAILED
            subscription.save(update_fields=["next_at", "not_sent"])
    return True


def _decide(subscription: ReportSubscription, now: datetime) -> None:
    plan = plan_of(subscription)
    # If several were missed, only the last is sent; its day decides what "yesterday" is.
    due = times.last_until(plan, now)
    subscription.next_at = times.next_after(plan, now)
    why = why_not(subscription, now)
    changed = ["next_at"]
    # Nothing is due if the day has become a day off meanwhile.
    if due is not None and due > subscription.decided_until:
        subscription.decided_until = due
        key = f"report:{subscription.pk}:{due.isoformat()}"
        changed += ["decided_until", "not_sent", "last_sent_at"]
        if why is None:
            compose.post(subscription, due, now, key)
            subscription.last_sent_at = now
        elif why is NotSent.BROKEN and subscription.not_sent != NotSent.BROKEN:
            seen = scope.of(subscription.user)
            compose.tell_broken(subscription, problem(subscription.view, now, seen), key)
        subscription.not_sent = why or ""
        log.info("report by mail subscription=%s %s", subscription.pk, why or "written")
    subscription.save(update_fields=changed)


def plan_next(subscription: ReportSubscription, now: datetime) -> None:
    """Sets `next_at` after its times have changed, or it was switched on or off; does not save."""
    is_on = subscription.is_on
    subscription.decided_until = now
    subscription.next_at = times.next_after(plan_of(subscription), now) if is_on else None


def end(subscription: ReportSubscription, now: datetime) -> None:
    """Unsubscribes by the link in a mail. Repeating it changes nothing."""
    ReportSubscription.objects.filter(pk=subscription.pk, is_on=True).update(
        is_on=False, next_at=None, ended_by_link_at=now
    )
