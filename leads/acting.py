"""Carries out what a visitor does on their request's page (leads.acts lists the acts on offer).

An act applies to all requests that the same submitter sent for the same number, from whichever
request's page they act: all are taken back, or all follow the new time. Other people who asked for
the number are called as if these requests had never come (leads.leaving).
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from leads import acts, intake, leaving, never_call, ports, transitions, visitor_status
from leads.acts import Act
from leads.guard.circumstances import Circumstances
from leads.models import (
    OPEN_STATUSES,
    Lead,
    LeadSource,
    LeadStatus,
    ListedBy,
    TakenBack,
    WhyTakenBack,
)
from leads.phones import TypedPhone
from leads.submission import Submission

log = logging.getLogger(__name__)

# Correcting a number takes back the requests that can still be cancelled, and none that are over.
_TAKES_BACK = tuple(it for it, its in acts.OFFERED.items() if Act.CANCEL in its)


class StillOpen(Exception):  # noqa: N818  # said of the request, to its visitor
    """A request could not be taken back, because a worker claimed it again each time. The visitor
    is promised nothing.
    """


def take_back(lead: Lead, why: WhyTakenBack, now: datetime) -> None:
    """Takes back this request and its submitter's other requests for the same number.

    Ends a call that has begun, if it still can be ended; the page then says that a call had begun.
    Raises StillOpen.
    """
    theirs, rang = _theirs(lead, now)
    _take_back(theirs, why, now, rang=rang)
    log.info("taken back why=%s requests=%s", why, len(theirs))


def never_again(lead: Lead, now: datetime, *, lists: bool) -> None:
    """Puts the lead's number on the never-call list. With `lists` false, only takes the request
    back.
    """
    if not lists:
        take_back(lead, WhyTakenBack.CANCELLED, now)
        return
    with translation.override(settings.LANGUAGE_CODE):  # managers read it
        reason = gettext("the visitor asked for it on the page of their request")
    never_call.add(lead.phone, reason, None, ListedBy.VISITOR, lead)
    # Only now: a call may have begun since `now`, and from here on none does.
    at = timezone.now()
    lead.refresh_from_db()
    if before := visitor_status.taken_back(lead):  # the page was sent twice, or it was cancelled
        rang = before.was_called
    else:
        rang = visitor_status.standing(lead, at).status in (*acts.RINGING, "talking")
    _note([lead], WhyTakenBack.NEVER, at, rang=rang)
    log.info("never call again")


def retime(lead: Lead, source: LeadSource, chosen_at: datetime, key: uuid.UUID, how: Circumstances,
           now: datetime) -> Lead:  # fmt: skip
    """Moves the call to another time. Returns the request for that time, which has its own page.
    Repeating the same `key` or the same time returns the same request.

    If a call has begun, takes the earlier requests back first, which ends the call if it still can
    be ended. Raises StillOpen.
    """
    if same := _asks_for(lead, chosen_at):
        return same
    if visitor_status.standing(lead, now).status in acts.RINGING:
        take_back(lead, WhyTakenBack.RETIMED, now)
    submission = _again(lead, source, key, how, lead.phone, lead.phone_extension, chosen_at)
    return intake.store_again(submission, now)


def correct(lead: Lead, source: LeadSource, phone: TypedPhone, key: uuid.UUID, how: Circumstances,
            now: datetime) -> Lead:  # fmt: skip
    """Asks for a call to another number instead; this request no longer calls the old one.

    The new request is judged like any other: raises Refused, and then nothing has changed. Returns
    the new request; repeating the same `key` returns the same request.
    """
    theirs, rang = _theirs(lead, now)
    wish = _own_wish(lead)
    hours = ports.hours(source.pk, phone.e164)
    chosen_at = wish if wish and wish > now and hours.next_time(wish) == wish else None
    submission = _again(lead, source, key, how, phone.e164, phone.extension, chosen_at)
    stored, had_begun = intake.correct(submission)
    _take_back(theirs, WhyTakenBack.CORRECTED, now, rang=rang or had_begun)
    log.info("number corrected")
    return stored


def _theirs(lead: Lead, now: datetime) -> tuple[list[Lead], bool]:
    """The submitter's requests for this number that can still be taken back, and whether a phone
    may be ringing for one of them.
    """
    same = Lead.objects.filter(pk=lead.pk)
    if lead.submitter:
        same = Lead.objects.filter(submitter=lead.submitter, phone=lead.phone)
    requests = same.select_related("source", "duplicate_of", "taken_back").order_by("pk")
    stand = {it: visitor_status.standing(it, now).status for it in requests}
    theirs = [it for it, status in stand.items() if status in _TAKES_BACK]
    return theirs, any(stand[it] in acts.RINGING for it in theirs)


def _take_back(theirs: Sequence[Lead], why: WhyTakenBack, now: datetime, *, rang: bool) -> None:
    rang |= leaving.withdraw(theirs, now, entirely=True)
    for request in theirs:
        rang |= ports.unsay(request.pk, now)
        _settle_failed(request, why, now)
    open_ones = Lead.objects.filter(pk__in=[it.pk for it in theirs], status__in=OPEN_STATUSES)
    # A lead that other people's requests joined may stay open, for those people alone.
    if open_ones.filter(duplicates=None).exists():
        raise StillOpen
    _note(theirs, why, timezone.now(), rang=rang)  # a call may have begun since `now`


def _settle_failed(request: Lead, why: WhyTakenBack, now: datetime) -> None:
    """Settles a failed request, so that nobody has to look at it, unless somebody else asked for
    the number.
    """
    if request.status == LeadStatus.FAILED and not request.duplicates.exists():
        transitions.settle(request.pk, now, str(why.label))


def _note(theirs: Sequence[Lead], why: WhyTakenBack, now: datetime, *, rang: bool) -> None:
    TakenBack.objects.bulk_create(
        [TakenBack(lead=it, why=why, at=now, was_called=rang) for it in theirs],
        update_conflicts=True,
        unique_fields=["lead"],
        update_fields=["why", "at", "was_called"],
    )


def _asks_for(lead: Lead, chosen_at: datetime) -> Lead | None:
    """The submitter's newest open request for this number, if it asks for this time; else None."""
    same = Lead.objects.filter(pk=lead.pk)
    if lead.submitter:
        same = Lead.objects.filter(submitter=lead.submitter, phone=lead.phone)
    still = same.filter(taken_back=None, status__in=(*OPEN_STATUSES, LeadStatus.DUPLICATE))
    newest = still.order_by("-submitted_at", "-pk").first()
    return newest if newest and _own_wish(newest) == chosen_at else None


def _own_wish(lead: Lead) -> datetime | None:
    """The time chosen with this request, whatever others have chosen since."""
    return lead.first_chosen_at if lead.first_source_id else lead.chosen_at


def _again(lead: Lead, source: LeadSource, key: uuid.UUID, how: Circumstances, phone: str,
           extension: str, chosen_at: datetime | None) -> Submission:  # fmt: skip
    """The same request with another number or time, so that nobody types the rest again."""
    # With the answers: the request is judged as a whole.
    lead = Lead.objects.select_related("answers").get(pk=lead.pk)
    submitter = lead.submitter or _named(lead)
    return Submission(
        source=source,
        key=key,
        name=lead.name,
        phone=phone,
        phone_extension=extension,
        email=lead.email,
        message=lead.message,
        language=lead.language,
        chosen_at=chosen_at,
        submitter=submitter,
        circumstances=how.after(Lead.objects.filter(submitter=submitter).count()),
        answers=lead.answers.given if hasattr(lead, "answers") else (),
        continues=lead,
    )


def _named(lead: Lead) -> uuid.UUID | None:
    """Gives this request a submitter; older releases stored none."""
    submitter = intake.key_from("by", str(lead.public_id))
    Lead.objects.filter(pk=lead.pk, submitter=None).update(submitter=submitter)
    return Lead.objects.values_list("submitter", flat=True).get(pk=lead.pk)
