"""Stores leads, for the form and the API.

A lead is committed before anybody is told about it. Three everyday cases must end in one lead: the
same submission arrives again (double click, reload, a client that repeats after a timeout), one
number is submitted twice at the same moment, or the number's earlier lead is still open. The unique
indexes decide these cases, not an earlier query.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from leads import (
    attribution,
    config_cache,
    consent,
    form_fields,
    joining,
    leaving,
    log_context,
    ports,
    sent_again,
    wishes,
)
from leads.guard import findings, pipeline
from leads.guard.verdicts import Judgement, Refused, Verdict
from leads.models import OPEN_STATUSES, CameBy, Lead, LeadSource, LeadStatus
from leads.ports import CallPlan
from leads.signals import lead_received, wish_followed
from leads.submission import Submission

# A try fails only if somebody else commits at the same moment, so a few tries are enough.
_TRIES = 5


def key_from(*parts: str) -> uuid.UUID:
    """The key of a submission: equal parts always give the same key, in every process."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join(parts))


def fingerprint(fields: Mapping[str, str]) -> str:
    """Equal for equal fields, ignoring space around values and empty fields. Keyed, so that nobody
    can confirm a guessed number.
    """
    written = {name: value.strip() for name, value in fields.items()}
    content = json.dumps(sorted((name, value) for name, value in written.items() if value))
    return salted_hmac("leads.intake.fingerprint", content, algorithm="sha256").hexdigest()


def active_source(slug: str, as_of: uuid.UUID | None = None) -> LeadSource | None:
    """The active source with this slug, or None. `slug` may be any text from outside: "Website "
    means the source "website" if no other source has that name.

    `as_of`: the version of the configuration, if the caller has just read it.
    """
    sources = config_cache.active_sources.get(as_of)
    return sources.get(slug) or sources.get(slug.strip().lower())


def active_by_id(source_id: int, as_of: uuid.UUID | None = None) -> LeadSource | None:
    """The active source with this id, or None. `as_of`: as in active_source."""
    sources = config_cache.active_sources.get(as_of).values()
    return next((it for it in sources if it.pk == source_id), None)


def slug_of_any(slug: str) -> str:
    """The slug of the source with this name, even if it is switched off; "" if there is none."""
    spelled = {slug, slug.strip().lower()} if "\x00" not in slug else set()
    found = LeadSource.objects.filter(slug__in=spelled).values_list("slug", flat=True)
    return next(iter(sorted(found, key=lambda it: it != slug)), "")


def find(key: uuid.UUID) -> Lead | None:
    """The lead stored for the submission with this key, or None."""
    return Lead.objects.filter(submission_key=key).select_related("source", "duplicate_of").first()


def submitter_of(public_id: uuid.UUID) -> uuid.UUID | None:
    """The submitter of the lead with this id, which only they know."""
    return Lead.objects.filter(public_id=public_id).values_list("submitter", flat=True).first()


def store_newest(submission: Submission) -> Lead:
    """Stores the submission of a person who may have submitted something before. Raises Refused.

    The newest request sent again is the same lead, for a moment and until its call begins
    (sent_again.still_stands). The person's requests with another number are taken back first: that
    number was wrong.
    """
    now = timezone.now()
    before = _by(submission)
    known = {it.submission_key: it for it in before}
    key = submission.key
    while (lead := known.get(key)) and not sent_again.still_stands(lead, now):
        key = key_from("again", str(key))
    if lead:
        _correct(submission, before, now)
        return lead
    known_as = submission.circumstances and submission.circumstances.after(len(before))
    submission = replace(submission, key=key, circumstances=known_as)
    judged = _judged(submission, now)
    _correct(submission, before, now)
    return _store(submission, now, judged)


def store_correction(submission: Submission) -> Lead:
    """store_newest for a submission with its own key: the same key again is the same lead."""
    return correct(submission)[0]


def correct(submission: Submission) -> tuple[Lead, bool]:
    """store_correction; also returns whether a call for what it takes back had begun."""
    now = timezone.now()
    judged = _judged(submission, now)
    had_begun = _correct(submission, _by(submission), now)
    return _store(submission, now, judged), had_begun


def store_again(submission: Submission, now: datetime) -> Lead:
    """Stores a request for another time for a number that was accepted before. Whoever may have it
    called now may have it called later, so only the checks for everybody run again.
    """
    return _store(submission, now, pipeline.judge(replace(submission, circumstances=None), now))


def _by(submission: Submission) -> list[Lead]:
    """The submitter's earlier submissions."""
    before = Lead.objects.filter(submitter=submission.submitter)
    return list(before.select_related("source", "duplicate_of"))


def _correct(submission: Submission, before: Iterable[Lead], now: datetime) -> bool:
    """Takes back the submitter's requests for other numbers. Returns whether a call for them had
    begun.
    """
    return leaving.withdraw((it for it in before if it.phone != submission.phone), now)


def store(submission: Submission, now: datetime | None = None) -> Lead:
    """Stores the submission as a lead, or returns the lead that it was stored as before.

    A new lead is `waiting`, `duplicate` if its number already has an open lead, or `held` if a
    check wants a manager to look at it. Only a waiting lead is announced, by `lead_received` inside
    the transaction. Raises Refused.
    """
    now = now or timezone.now()
    return _store(submission, now, _judged(submission, now))


def _judged(submission: Submission, now: datetime) -> Judgement:
    """Judges a submission. Raises Refused, unless it was stored before: then it keeps its first
    answer.
    """
    judged = pipeline.judge(submission, now)
    if judged.verdict is Verdict.REFUSE and find(submission.key) is None:
        raise Refused(judged)
    return judged


def _store(submission: Submission, now: datetime, judged: Judgement) -> Lead:
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                planned = ports.plan(submission.source, submission.phone, now, submission.chosen_at)
                lead = _new(submission, now, planned, judged)
                _insert(lead, submission, judged, now)
                if not judged.is_held:
                    lead_received.send(sender=Lead, lead=lead)
            return lead
        except IntegrityError:
            if known := find(submission.key):
                return known
        try:
            with transaction.atomic():
                if joined := _join_open(submission, now, planned, judged):
                    return joined
        except IntegrityError:
            if known := find(submission.key):
                return known
    raise RuntimeError("A lead could not be stored: its number's leads kept opening and closing.")


def _insert(lead: Lead, submission: Submission, judged: Judgement, now: datetime) -> None:
    lead.save(force_insert=True)
    log_context.follow(lead.pk)
    consent.keep(lead, submission, now)
    attribution.keep(lead, submission)
    form_fields.keep(lead, submission)
    findings.keep(lead, judged, now)


def _new(submission: Submission, now: datetime, planned: CallPlan, judged: Judgement) -> Lead:
    known = submission.circumstances
    return Lead(
        submitted_from=str(known.address) if known and known.address else None,
        came_by=_way(submission),
        api_client=known.client if known else None,
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
        status=LeadStatus.HELD if judged.is_held else LeadStatus.WAITING,
        is_held_back=judged.is_held,
        error_message=judged.reason[:500] if judged.is_held else "",
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


def _way(submission: Submission) -> CameBy | str:
    if submission.circumstances is None:
        return ""
    return CameBy.API if submission.circumstances.is_by_api else CameBy.FORM


def _join_open(
    submission: Submission, now: datetime, planned: CallPlan, judged: Judgement
) -> Lead | None:
    """Stores a duplicate of the number's open lead, which follows the duplicate's wish
    (leads.joining). If the open lead is held and the new request is not, stores a lead that is
    called, and the held lead joins it.

    None if the open lead has just closed.
    """
    opened = Lead.objects.filter(phone=submission.phone, status__in=OPEN_STATUSES)
    seen = opened.select_related("source").first()
    if seen is None:
        return None
    takes_over = seen.status == LeadStatus.HELD and not judged.is_held
    wished = None
    if takes_over:
        planned = ports.plan(submission.source, submission.phone, now, submission.chosen_at)
    elif not judged.is_held:
        wished = wishes.wish(
            submission.source, submission.phone, now, submission.chosen_at, seen.source
        )
    # The lock keeps the earlier lead from being deleted or closed meanwhile.
    locked = opened.select_for_update(no_key=True, of=("self",))
    first = locked.select_related("source").first()
    if first is None or takes_over != (first.status == LeadStatus.HELD and not judged.is_held):
        return None
    lead = _new(submission, now, planned, judged)
    lead.status = LeadStatus.DUPLICATE
    lead.duplicate_of = first
    if not submission.language and joining.came_through(first, submission.source):
        lead.language = first.language
    lead.closed_at = now
    _insert(lead, submission, judged, now)
    if takes_over:
        joining.take_over(first, lead, now)
        lead_received.send(sender=Lead, lead=lead)
    else:
        attribution.follow(first.pk)
        if joining.join(first, lead, wished, now):
            first.refresh_from_db()
            wish_followed.send(sender=Lead, lead=first)
    return lead
