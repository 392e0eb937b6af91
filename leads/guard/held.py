"""Releases held leads: by a manager, by a check that gets its answer later, or by a browser that
solves a challenge (leads.guard.challenge).
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from leads import attribution, joining, log_context, number_guard, ports, transitions
from leads.guard import blocks, findings, pipeline
from leads.guard.address import read
from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import Judgement
from leads.models import CameBy, Challenge, Finding, Lead, LeadStatus, TakenBack
from leads.phones import PhoneRefused
from leads.signals import wish_followed
from leads.submission import Submission

log = logging.getLogger(__name__)

# In one sweep; an outage of Redis may have left many held.
AT_ONCE = 50
# Older requests are left to a person.
ASKED_AGAIN_WITHIN = timedelta(days=1)


def release(lead_id: int, now: datetime, *, by_person: bool = True) -> bool:
    """Releases a held lead, to be called at once or at its chosen time; its clock kept running.

    Returns whether the lead was still held. Raises PhoneRefused if its number may not be called.
    Releases the same visitor's later requests too; without a person's decision, only those that
    would be called anyway. If the lead joined another request for its number, it counts there from
    now on.
    """
    with transaction.atomic():
        lead = Lead.objects.select_related("source").get(pk=lead_id)
        log_context.follow(lead.pk)
        number_guard.check_before_dial(lead.phone, lead.source)
        if lead.status == LeadStatus.DUPLICATE:
            return joining.let_count(lead, now)
        chosen_at = lead.chosen_at if lead.chosen_at and lead.chosen_at > now else None
        plan = ports.plan(lead.source, lead.phone, now, chosen_at)
        if not transitions.let_go(lead.pk, now, plan):
            return False
        if lead.submitter:
            theirs = Lead.objects.filter(duplicate_of=lead, submitter=lead.submitter)
            if not by_person:
                theirs = theirs.exclude(findings__in=_for_a_person())
            theirs.update(is_held_back=False)
            attribution.follow(lead.pk)
        lead.refresh_from_db()
        wish_followed.send(sender=Lead, lead=lead)
        return True


def reject(lead_id: int) -> bool:
    """Cancels a request that was held back when it joined another request of its number; the other
    request goes on. Returns False if the lead is not such a request.
    """
    held_back = Lead.objects.filter(pk=lead_id, is_held_back=True)
    return held_back.exists() and transitions.leave(lead_id)


def hold_if_blocked(lead: Lead, now: datetime) -> bool:
    """Holds a waiting lead whose number is now on the block list. False: it may be called.

    Does not hold a lead again that a manager released despite such an entry.
    """
    found = blocks.holding(lead.phone, now)
    if found is None or Finding.objects.filter(lead=lead.pk, asked=blocks.NAME).exists():
        return False
    with transaction.atomic():
        if transitions.hold(lead.pk, now, found.reason):
            findings.keep(lead, Judgement((found,)), now)
            log.info("held check=%s", found.asked)
    return True


def is_held(lead: Lead) -> bool:
    """Whether the lead is held, or was held back when it joined another request of its number."""
    return lead.status == LeadStatus.HELD or (
        lead.status == LeadStatus.DUPLICATE and lead.is_held_back
    )


def _held(lead_id: int) -> QuerySet[Lead]:
    joined = Q(status=LeadStatus.DUPLICATE, is_held_back=True)
    return Lead.objects.filter(Q(status=LeadStatus.HELD) | joined, pk=lead_id)


def _for_a_person() -> QuerySet[Finding]:
    return Finding.objects.filter(is_mild=False, is_unanswered=False)


def has_solved(lead: Lead) -> bool:
    """Whether the visitor's browser solved a challenge for this lead."""
    return Challenge.objects.filter(lead=lead).exclude(solved_at=None).exists()


def let_go_if_answered(lead_id: int, now: datetime) -> bool:
    """Releases a held lead if nothing is against it any more: all findings are mild, and a
    challenge was solved. Returns whether it was held until now.

    A challenge can be solved, and an unanswered check asked again, at any moment. Both callers call
    this function inside their transaction and again after it, so that the later one sees both
    changes.
    """
    lead = Lead.objects.get(pk=lead_id)
    against = list(lead.findings.all())
    if not is_held(lead) or any(not it.is_mild or it.is_unanswered for it in against):
        return False
    if against and not has_solved(lead):
        return False
    if TakenBack.objects.filter(lead=lead).exists():
        return False  # it is held for others who joined it: a person decides
    try:
        return release(lead_id, now, by_person=False)
    except PhoneRefused as refused:
        _held(lead_id).update(error_message=refused.message[:500])
        return False


def judge_again() -> None:
    """A step of the sweep: asks unanswered checks about held leads again.

    Oldest leads first; stops at the first check that still has no answer.
    """
    now = timezone.now()
    unanswered = Finding.objects.filter(is_unanswered=True).order_by("at", "pk")
    for found in unanswered.select_related("lead__source", "lead__api_client", "lead__answers")[
        :AT_ONCE
    ]:
        lead = found.lead
        is_open = is_held(lead) and now - lead.submitted_at < ASKED_AGAIN_WITHIN
        if not is_open:
            Finding.objects.filter(lead=lead).update(is_unanswered=False)
        elif not _judge_again(lead, now):
            return


def _judge_again(lead: Lead, now: datetime) -> bool:
    """Whether all checks answered."""
    log_context.follow(lead.pk)
    judged = pipeline.judge(_submission_of(lead), now)
    if any(it.is_unanswered for it in judged.findings):
        return False
    with transaction.atomic():
        lead.findings.filter(is_unanswered=True).delete()
        known = set(lead.findings.values_list("asked", flat=True))
        findings.keep(lead, judged.without(known), now)
        reason = " ".join(lead.findings.values_list("reason", flat=True))[:500]
        _held(lead.pk).update(error_message=reason)
        let_go_if_answered(lead.pk, now)
    let_go_if_answered(lead.pk, now)
    return True


def _submission_of(lead: Lead) -> Submission:
    """The submission as it came, rebuilt from what the lead stores."""
    known = Circumstances(
        address=read(lead.submitted_from or ""),
        is_by_api=lead.came_by == CameBy.API,
        client=lead.api_client,
    )
    return Submission(
        source=lead.source,
        key=lead.submission_key,
        name=lead.name,
        phone=lead.phone,
        email=lead.email,
        message=lead.message,
        answers=lead.answers.given if hasattr(lead, "answers") else (),
        circumstances=None if lead.follow_up_of_id else known,
    )
