"""After a backup was restored: holds the leads that waited in it for a manager.

A backup is older than the failure. A lead that waited in it may have been called since, or may have
given up: nobody is called without a person's decision.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from callbacks.reconciliation import holds
from leads import log_context, transitions
from leads.guard import findings
from leads.guard.verdicts import Finding, Judgement, Verdict
from leads.models import Lead, LeadStatus

log = logging.getLogger(__name__)

NAME = "restored"


@dataclass(frozen=True)
class Held:
    """How many leads hold_waiting held and how many calls it ended, or would."""

    leads: int
    calls: int


def would_hold(now: datetime, older_than: timedelta, *, appointments: bool) -> Held:
    """What hold_waiting would do now, without doing it."""
    waiting = _waiting(now, older_than, appointments=appointments)
    return Held(waiting.count(), holds.live().count())


def hold_waiting(now: datetime, older_than: timedelta, *, appointments: bool) -> Held:
    """Ends the live calls and holds the waiting leads. Can be repeated.

    `older_than`: only leads that were submitted at least this long ago. With `appointments`: also
    leads with a chosen time in the future. A call that was live in the backup ends with an unknown
    outcome: its lead counts as called if the provider had accepted the call; otherwise a manager
    finds it under "Unknown outcomes".
    """
    calls = holds.end_live(now)
    leads = 0
    waiting = _waiting(now, older_than, appointments=appointments)
    for lead in waiting.order_by("pk").iterator(chunk_size=500):
        leads += _hold(lead, now)
    return Held(leads, calls)


def _waiting(now: datetime, older_than: timedelta, *, appointments: bool) -> QuerySet[Lead]:
    found = Lead.objects.filter(status=LeadStatus.WAITING, submitted_at__lte=now - older_than)
    return found if appointments else found.exclude(Q(chosen_at__gt=now))


def _hold(lead: Lead, now: datetime) -> bool:
    log_context.follow(lead.pk)
    reason = gettext("It waited in a backup that was restored; somebody may have called since.")
    with transaction.atomic():
        won = transitions.hold(lead.pk, now, reason)
        if won:
            findings.keep(lead, Judgement((Finding(NAME, Verdict.HOLD, reason),)), now)
            log.info("held check=%s", NAME)
    return won
