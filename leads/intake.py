"""Stores leads, for the form and the API.

A lead is committed before anybody is told of it. Three everyday cases must end in one lead: the
same submission arrives again (double click, reload, a client that repeats after a time-out), one
number is submitted twice at the same moment, or the number's earlier lead is still open. The unique
indexes decide these cases, not a query beforehand.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from leads import config_cache, joining, log_context, never_call, ports
from leads.guard.circumstances import Circumstances
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus
from leads.ports import CallPlan
from leads.signals import lead_received, wish_followed

# A try fails only if somebody else commits at the same moment, so a few tries are plenty.
_TRIES = 5


@dataclass(frozen=True)
class Submission:
    """A valid submission: `phone` is in E.164, and `source` accepts it.

    `language` "": the source's language. `chosen_at`: when the visitor wants to be called; None: as
    soon as possible. `fingerprint`: of the whole request, "" where nobody will ask for it.
    `submitter`: the same for what one person submits; None: nobody knows. `follow_up_of`: the lead
    after whose talk a salesperson plans this call. `circumstances`: how it reached us; None: it is
    no stranger's.
    """

    source: LeadSource
    key: uuid.UUID
    name: str
    phone: str
    phone_extension: str = ""
    email: str = ""
    message: str = ""
    language: str = ""
    chosen_at: datetime | None = None
    fingerprint: str = ""
    submitter: uuid.UUID | None = None
    follow_up_of: Lead | None = None
    circumstances: Circumstances | None = None


def key_from(*parts: str) -> uuid.UUID:
    """The key of a submission: equal parts always give the same key, in every process."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join(parts))


def fingerprint(fields: Mapping[str, str]) -> str:
    """Equal for equal fields, whatever space stands around them; an empty one is none. Keyed, so
    that nobody can guess a number and try it.
    """
    written = {name: value.strip() for name, value in fields.items()}
    content = json.dumps(sorted((name, value) for name, value in written.items() if value))
    return salted_hmac("leads.intake.fingerprint", content, algorithm="sha256").hexdigest()


def active_source(slug: str, as_of: uuid.UUID | None = None) -> LeadSource | None:
    """The active source with this slug, or None. `slug` may be any text from outside: "Website "
    is the source "website" where there is no other of that name.

    `as_of`: the version of the configuration, if the caller has just read it.
    """
    sources = config_cache.active_sources.get(as_of)
    return sources.get(slug) or sources.get(slug.strip().lower())


def find(key: uuid.UUID) -> Lead | None:
    """The lead that the submission with this key has become, or None."""
    return Lead.objects.filter(submission_key=key).select_related("source", "duplicate_of").first()


def submitter_of(public_id: uuid.UUID) -> uuid.UUID | None:
    """Who submitted the lead with this id, which only they know."""
    return Lead.objects.filter(public_id=public_id).values_list("submitter", flat=True).first()


def store_newest(submission: Submission) -> Lead:
    """Stores what a person submits who may have submitted something before.

    The newest request once more is the same lead: for a moment, and until its call begins
    (joining.still_stands).
    Requests of theirs with another number are taken back first: that number was wrong.
    """
    now = timezone.now()
    known = {it.submission_key: it for it in _corrected_by(submission, now)}
    key = submission.key
    while (lead := known.get(key)) and not joining.still_stands(lead, now):
        key = key_from("again", str(key))
    return store(replace(submission, key=key), now)


def store_correction(submission: Submission) -> Lead:
    """store_newest for a submission whose key is its own: the key once more is the same lead."""
    now = timezone.now()
    _corrected_by(submission, now)
    return store(submission, now)


def _corrected_by(submission: Submission, now: datetime) -> list[Lead]:
    """What its submitter has submitted before; those with another number are taken back."""
    before = Lead.objects.filter(submitter=submission.submitter).select_related("duplicate_of")
    joining.withdraw((it for it in before if it.phone != submission.phone), now)
    return list(before)


def store(submission: Submission, now: datetime | None = None) -> Lead:
    """Stores the submission as a lead, or returns the lead that it has become before.

    A new lead is `waiting`, `duplicate` if its number has an open lead already, or `held` if its
    number is on the never-call list. Only a waiting lead is announced, by `lead_received` inside
    the transaction.
    """
    now = now or timezone.now()
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                planned = ports.plan(submission.source, submission.phone, now, submission.chosen_at)
                lead = _waiting(submission, now, planned)
                log_context.follow(lead.public_id)
                if listed := never_call.entry(lead.phone):
                    lead.status = LeadStatus.HELD
                    lead.error_message = never_call.refusal(listed)
                lead.save(force_insert=True)
                if not listed:
                    lead_received.send(sender=Lead, lead=lead)
            return lead
        except IntegrityError:
            if known := find(submission.key):
                return known
        if duplicate := _store_duplicate(submission, now, planned):
            return duplicate
    raise RuntimeError("A lead could not be stored: its number's leads kept opening and closing.")


def _waiting(submission: Submission, now: datetime, planned: CallPlan) -> Lead:
    known = submission.circumstances
    return Lead(
        submitted_from=str(known.address) if known and known.address else None,
        source=submission.source,
        submission_key=submission.key,
        submitter=submission.submitter,
        name=submission.name,
        phone=submission.phone,
        phone_extension=submission.phone_extension,
        email=submission.email,
        message=submission.message,
        language=submission.language or submission.source.language,
        chosen_at=submission.chosen_at,
        submission_fingerprint=submission.fingerprint,
        follow_up_of=submission.follow_up_of,
        status=LeadStatus.WAITING,
        submitted_at=now,
        clock_started_at=planned.clock_started_at,
        due_at=planned.due_at,
        sla_target=planned.sla_target,
        sla_clock=planned.sla_clock,
        call_after=planned.call_after,
        waiting_since=now,
        gap_until=planned.gap_until,
        closed_until=planned.closed_until,
        counted_from=now,
    )


def _store_duplicate(submission: Submission, now: datetime, planned: CallPlan) -> Lead | None:
    """Stores a duplicate of the number's open lead, which follows its wish (leads.joining).

    None if that lead has just been closed.
    """
    opened = Lead.objects.filter(phone=submission.phone, status__in=OPEN_STATUSES)
    try:
        with transaction.atomic():
            seen = opened.select_related("source").first()
            if seen is None:
                return None
            wished = joining.wish(
                submission.source, submission.phone, now, submission.chosen_at, seen.source
            )
            # The lock keeps the earlier lead from being deleted or closed meanwhile.
            locked = opened.select_for_update(no_key=True, of=("self",))
            first = locked.select_related("source").first()
            if first is None:
                return None
            lead = _waiting(submission, now, planned)
            lead.status = LeadStatus.DUPLICATE
            lead.duplicate_of = first
            if not submission.language and joining.came_through(first, submission.source):
                lead.language = first.language
            lead.closed_at = now
            log_context.follow(lead.public_id)
            lead.save(force_insert=True)
            if joining.join(first, lead, wished, now):
                first.refresh_from_db()
                wish_followed.send(sender=Lead, lead=first)
            return lead
    except IntegrityError:
        return find(submission.key)
