"""How long leads are kept: the setting of a source, and the sweep's step that applies it.

Days count from a lead's end. Due leads are made anonymous by `erase_lead`, or deleted. A lead is
not touched while it is open, has a live call, is under a legal hold, or belongs to an open lead as
a duplicate. A change of the setting applies a day later (`LeadSource.kept_since`), so that a wrong
number of days can be corrected.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt, CallNote, Erasure
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.models.erasures import ErasureWay
from callbacks.privacy.erasing import Numbers, erase_lead
from leads.models import OPEN_STATUSES, AfterThat, EarlierPlan, Lead, LeadSource

log = logging.getLogger(__name__)

# Leads of one source in one sweep; each has its own transaction.
_AT_ONCE = 20
# How far ahead the preview looks.
AHEAD = timedelta(days=7)
# How long nothing is erased after a change of the setting.
TIME_TO_THINK = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """`now`: how many leads are due already. `by_day`: how many more become due on each day."""

    now: int
    by_day: Mapping[date, int]


def preview(source: LeadSource, now: datetime) -> Due | None:
    """How many of a source's leads the sweep will erase; None: they are kept."""
    if source.kept_days is None:
        return None
    kept = timedelta(days=source.kept_days)
    begins = max(source.kept_since or now, now)
    leads = _kept_leads(source)
    at_first = leads.filter(closed_at__lte=begins - kept).count()
    later = leads.filter(closed_at__gt=begins - kept, closed_at__lte=now + AHEAD - kept)
    days = later.annotate(day=TruncDate("closed_at")).values("day").annotate(count=Count("pk"))
    return Due(
        at_first,
        {it["day"] + kept: it["count"] for it in days.order_by("day")},
    )


def keep_to_it() -> None:
    """A step of the sweep: erases or deletes the leads that are due."""
    now = timezone.now()
    for source in LeadSource.objects.filter(kept_days__isnull=False, kept_since__lte=now):
        _of_source(source, now)


def _of_source(source: LeadSource, now: datetime) -> None:
    until = now - timedelta(days=source.kept_days or 0)
    deletes = source.after_that == AfterThat.DELETED
    due = _kept_leads(source).filter(closed_at__lte=until)
    if deletes:  # duplicates and follow-ups go first, then the leads that they refer to
        due = due.filter(duplicates=None, follow_ups=None)
    ids = list(due.order_by("closed_at").values_list("pk", flat=True)[:_AT_ONCE])
    act = _delete if deletes else _empty
    done = [found for _, found in one_by_one(ids, lambda pk: act(pk, now), str) if found]
    if done:
        log.info("retention source=%s leads=%s", source.slug, len(done))


def _kept_leads(source: LeadSource) -> QuerySet[Lead]:
    """The source's leads that may be touched once they are due."""
    came_in = Q(source=source, first_source=None) | Q(first_source=source)
    leads = Lead.objects.filter(came_in, closed_at__isnull=False, legal_hold=None)
    leads = leads.exclude(duplicate_of__status__in=OPEN_STATUSES)
    return leads if source.after_that == AfterThat.DELETED else leads.filter(erased_at=None)


def _empty(lead_id: int, now: datetime) -> bool:
    with transaction.atomic():
        done = erase_lead(lead_id, Numbers(), now)
        if done is not None:
            _note(done, now)
        return done is not None


def _delete(lead_id: int, now: datetime) -> bool:
    """Deletes a lead with everything that belongs to it. Locks as `erase_lead` does."""
    with transaction.atomic():
        attempts = CallAttempt.objects.select_for_update().filter(lead=lead_id).order_by("pk")
        if any(attempt.state in LIVE_STATES for attempt in attempts):
            return False
        lead = Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id).first()
        if lead is None or lead.status in OPEN_STATUSES or hasattr(lead, "legal_hold"):
            return False
        CallNote.objects.filter(lead=lead).delete()
        EarlierPlan.objects.filter(Q(lead=lead) | Q(request=lead)).delete()
        attempts.delete()
        _note(lead.delete()[1], now)
    return True


def _note(done: Mapping[str, int], now: datetime) -> None:
    """Adds to the receipt of the day."""
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    receipt, _is_new = Erasure.objects.get_or_create(
        way=ErasureWay.RETENTION, asked_at=day, defaults={"never_call": False, "finished_at": now}
    )
    receipt = Erasure.objects.select_for_update().get(pk=receipt.pk)
    receipt.counts = dict(Counter(receipt.counts) + Counter(done))
    receipt.finished_at = now
    receipt.save(update_fields=["counts", "finished_at"])
