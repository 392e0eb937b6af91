"""After a backup was restored: what waited in it is held for a manager.

A backup is older than what broke. Who waited in it may have been called since, or has given up:
nobody is rung for it without a person's word.
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
    """What hold_waiting has done, or would do."""

    leads: int
    calls: int


def would_hold(now: datetime, older_than: timedelta, *, appointments: bool) -> Held:
    """What hold_waiting would do now."""
    waiting = _waiting(now, older_than, appointments=appointments)
    return Held(waiting.count(), holds.live().count())


def hold_waiting(now: datetime, older_than: timedelta, *, appointments: bool) -> Held:
    """Ends the calls that were on, and holds the leads that wait. It may be repeated.

    `older_than`: only leads that were submitted so long ago. With `appointments`, also those with
    a chosen time that is still to come. A call that was on in the backup ends as one of which
    nobody knows how it ended: its lead counts as called if the provider had accepted the call;
    otherwise a manager finds it under "Unknown outcomes".
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
