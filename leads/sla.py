"""How leads stand against their source's target: one set of conditions for everything that asks.

The visitor's clock stops when their phone first rings (`Lead.rang_at`). The provider's acceptance
of a call does not stop it, because the salesperson's phone rings first.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q

from leads.models import OPEN_STATUSES, Lead, LeadStatus

_NEVER_COUNTED = (LeadStatus.DUPLICATE, LeadStatus.HELD)
_RANG = Q(rang_at__isnull=False)
# If a person reported the talk, it may be unknown when the phone rang, but it did ring.
_SILENT = Q(rang_at__isnull=True, connected_at__isnull=True)
# A follow-up called as the salesperson planned it. If a visitor's later request moved it
# (`first_source`), it is called for that request, and counts as a lead.
_PLANNED = Q(follow_up_of__isnull=False, first_source__isnull=True)


def counted() -> Q:
    """Leads that somebody should have been called for.

    Leaves out duplicates (the number had an open lead) and leads held for a person. A cancelled
    lead counts if its phone had rung, they had talked, or its time was over by then, so that a
    missed lead does not disappear; but not if it was held until then. Leaves out follow-ups,
    because nobody new asked for a call (`follow_ups`).
    """
    return _promised() & ~_PLANNED


def follow_ups() -> Q:
    """Calls that salespeople planned after a talk, counted separately by the same rules."""
    return _promised() & _PLANNED


def _promised() -> Q:
    """Leads and follow-ups that somebody should have been called for."""
    missed_by_then = Q(closed_at__gt=F("due_at"), cancelled_while_held=False)
    judged_before_it_was_cancelled = ~_SILENT | missed_by_then
    return ~Q(status__in=_NEVER_COUNTED) & (
        ~Q(status=LeadStatus.CANCELLED) | judged_before_it_was_cancelled
    )


def is_counted(lead: Lead) -> bool:
    """Whether `counted` or `follow_ups` includes this lead."""
    if lead.status in _NEVER_COUNTED:
        return False
    if lead.status != LeadStatus.CANCELLED or lead.rang_at or lead.connected_at:
        return True
    missed = lead.closed_at is not None and lead.closed_at > lead.due_at
    return missed and not lead.cancelled_while_held


def rang() -> Q:
    """Counted leads whose phone rang at a known time."""
    return counted() & _RANG


def in_time() -> Q:
    """Counted leads whose phone rang by their due time."""
    return rang() & Q(rang_at__lte=F("due_at"))


def rang_within(limit: timedelta) -> Q:
    """Counted leads whose phone rang with at most `limit` on their clock."""
    return rang() & Q(time_to_ring__lte=limit)


def rang_after(limit: timedelta) -> Q:
    """Counted leads whose phone rang with more than `limit` on their clock."""
    return rang() & Q(time_to_ring__gt=limit)


def reached() -> Q:
    """Counted leads that somebody talked with."""
    return counted() & Q(connected_at__isnull=False)


def not_reached() -> Q:
    """Counted leads that nobody has talked with."""
    return counted() & Q(connected_at__isnull=True)


def answered() -> Q:
    """Counted leads whose visitor said whether the call helped."""
    return counted() & Q(helped__isnull=False)


def called() -> Q:
    """Counted leads for which the provider accepted a call. Their phone may not have rung."""
    return counted() & Q(first_dialed_at__isnull=False)


def missed(now: datetime) -> Q:
    """Counted leads, open or closed, whose due time passed before their phone rang."""
    return counted() & _SILENT & Q(due_at__lt=now)


def overdue(now: datetime) -> Q:
    """Open leads whose due time has passed and whose phone has not rung: they can still be
    called.
    """
    return Q(status__in=OPEN_STATUSES) & missed(now)


def overdue_and_follow_ups(now: datetime) -> Q:
    """The same, plus late follow-ups: a person who was promised a call waits for it."""
    return Q(status__in=OPEN_STATUSES) & _promised() & _SILENT & Q(due_at__lt=now)


def late(now: datetime) -> Q:
    """Counted leads that were called too late, or not at all: their phone rang after the due time,
    or they were still to be called then.

    Leaves out missed leads that were closed before the due time (nobody can call such a number).
    """
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=F("due_at"))
    return (rang() & Q(rang_at__gt=F("due_at"))) | (missed(now) & still_open)


def never_rang(now: datetime) -> Q:
    """Closed leads whose due time has passed and whose phone never rang."""
    return ~Q(status__in=OPEN_STATUSES) & missed(now)


def judged(now: datetime) -> Q:
    """Counted leads known to be in time or not: the phone rang, or the due time has passed."""
    return rang() | missed(now)
