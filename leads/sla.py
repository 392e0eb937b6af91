"""How a lead stands against its source's target: one set of conditions for all who ask.

The visitor's clock stops when their phone first rings (`Lead.rang_at`). That the provider has
accepted a call says nothing of it: the salesperson's phone rings first.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q

from leads.models import OPEN_STATUSES, Lead, LeadStatus

_NEVER_COUNTED = (LeadStatus.DUPLICATE, LeadStatus.HELD)
_RANG = Q(rang_at__isnull=False)
# Of a talk that a person told of, nobody may know when the phone rang; that it did is certain.
_SILENT = Q(rang_at__isnull=True, connected_at__isnull=True)
# A follow-up that is called as the salesperson has planned it. One that a visitor's later request
# has moved (`first_source`) is called for that request, and counts as a lead.
_PLANNED = Q(follow_up_of__isnull=False, first_source__isnull=True)


def counted() -> Q:
    """Leads that somebody was to be called for.

    Not duplicates (the number had an open lead), nor leads that are held for a person to look at.
    A cancelled lead counts if its phone had rung, they had talked, or its time was over by then:
    what was missed does not disappear. Not if it was held until then. Not follow-ups: nobody new
    has asked to be called (`follow_ups`).
    """
    return _promised() & ~_PLANNED


def follow_ups() -> Q:
    """Calls that salespeople have planned after a talk, counted as leads are, and beside them."""
    return _promised() & _PLANNED


def _promised() -> Q:
    """Leads and follow-ups that somebody was to be called for."""
    missed_by_then = Q(closed_at__gt=F("due_at"), cancelled_while_held=False)
    judged_before_it_was_cancelled = ~_SILENT | missed_by_then
    return ~Q(status__in=_NEVER_COUNTED) & (
        ~Q(status=LeadStatus.CANCELLED) | judged_before_it_was_cancelled
    )


def is_counted(lead: Lead) -> bool:
    """As `counted` and `follow_ups`, of one lead."""
    if lead.status in _NEVER_COUNTED:
        return False
    if lead.status != LeadStatus.CANCELLED or lead.rang_at or lead.connected_at:
        return True
    missed = lead.closed_at is not None and lead.closed_at > lead.due_at
    return missed and not lead.cancelled_while_held


def rang() -> Q:
    """Counted leads whose phone has rung, and it is known when."""
    return counted() & _RANG


def in_time() -> Q:
    """Counted leads whose phone rang by their due time."""
    return rang() & Q(rang_at__lte=F("due_at"))


def rang_within(limit: timedelta) -> Q:
    """Counted leads whose phone rang before their clock showed more than `limit`."""
    return rang() & Q(time_to_ring__lte=limit)


def rang_after(limit: timedelta) -> Q:
    """Counted leads whose phone rang when their clock showed more than `limit`."""
    return rang() & Q(time_to_ring__gt=limit)


def reached() -> Q:
    """Counted leads with whom somebody has talked."""
    return counted() & Q(connected_at__isnull=False)


def not_reached() -> Q:
    """Counted leads with whom nobody has talked yet, or ever."""
    return counted() & Q(connected_at__isnull=True)


def answered() -> Q:
    """Counted leads whose visitor has said whether the talk helped."""
    return counted() & Q(helped__isnull=False)


def called() -> Q:
    """Counted leads for whom the provider has accepted a call. Their phone may not have rung."""
    return counted() & Q(first_dialed_at__isnull=False)


def missed(now: datetime) -> Q:
    """Counted leads whose due time was over before their phone had rung: open ones and closed."""
    return counted() & _SILENT & Q(due_at__lt=now)


def overdue(now: datetime) -> Q:
    """Open leads whose due time is over, and whose phone has not rung: there is still time to."""
    return Q(status__in=OPEN_STATUSES) & missed(now)


def overdue_and_follow_ups(now: datetime) -> Q:
    """The same, and follow-ups that are late: who was promised a call waits for it."""
    return Q(status__in=OPEN_STATUSES) & _promised() & _SILENT & Q(due_at__lt=now)


def late(now: datetime) -> Q:
    """Counted leads that were called too late, or not at all: their phone rang after the due time,
    or they were still to be called then.

    Not those that were missed because they had been closed before (nobody can call such a number).
    """
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=F("due_at"))
    return (rang() & Q(rang_at__gt=F("due_at"))) | (missed(now) & still_open)


def never_rang(now: datetime) -> Q:
    """Closed leads whose due time is over, and whose phone has not rung."""
    return ~Q(status__in=OPEN_STATUSES) & missed(now)


def judged(now: datetime) -> Q:
    """Counted leads that were in time or not: the phone has rung, or the due time is over."""
    return rang() | missed(now)
