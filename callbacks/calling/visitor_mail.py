"""Mail to visitors, if the source wants it: their request has arrived, or we did not reach them.

Anybody can type anybody's address. So a mail contains nothing that the visitor wrote, an address
gets few mails (leads.guard.mail_rates), and only the first request of a number is confirmed, if the
guard let it through. Each mail has a link that takes the request back.

A mail is written at most once, after the commit of what it reports: mail must not keep a lead from
being stored or a call from being settled. If the process dies in between, there is no mail, and
none is written later, when it might no longer be true. A task that runs again writes no second
mail: the mail has a key and counts once. The outbox delivers it at least once and at most twice.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from callbacks.common.site_address import absolute
from callbacks.mailing import outbox
from callbacks.routing import config
from callbacks.scheduling import calling_hours
from leads import language_choice, ports, standings, visitor_status
from leads.guard import mail_rates
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus

log = logging.getLogger(__name__)

RECEIVED, UNREACHED = "visitor: received", "visitor: unreached"
# A request with the same number and the same address or submitter within this time is the same
# wish.
_FIRST_WITHIN = timedelta(days=1)


def confirm_on_commit(lead: Lead) -> None:
    """Tells a visitor who has just asked for a call that the request has arrived."""
    if lead.email and lead.source.mails_visitors:
        _try_on_commit(lead.pk, RECEIVED)


def not_reached_on_commit(lead_id: int) -> None:
    """Tells a visitor that we could not reach them and have stopped calling."""
    _try_on_commit(lead_id, UNREACHED)


def _try_on_commit(lead_id: int, kind: str) -> None:
    def write() -> None:
        _try(lead_id, kind)

    # An error in the mail is logged, and nothing else fails because of it.
    transaction.on_commit(write, robust=True)


def _try(lead_id: int, kind: str) -> None:
    now = timezone.now()
    found = Lead.objects.select_related("source", "first_source").filter(pk=lead_id).first()
    if found is None or not _is_wanted(found, kind, now):
        return
    if not mail_rates.may_mail(found.email, f"{kind} {found.pk}", now):
        log.warning("mail to a visitor not written: rate limit lead=%s kind=%s", lead_id, kind)
        return
    try:
        _post(found, kind, now)
    except ValueError:
        log.warning("mail to a visitor not written: no address lead=%s", lead_id)


def _is_wanted(lead: Lead, kind: str, now: datetime) -> bool:
    if not lead.email or not lead.source.mails_visitors or lead.follow_up_of_id:
        return False
    if kind == UNREACHED:
        return lead.status == LeadStatus.UNREACHED
    if lead.status not in OPEN_STATUSES or lead.is_held_back or lead.status == LeadStatus.HELD:
        return False
    same = Q(phone=lead.phone, email__iexact=lead.email)
    if lead.submitter:  # who corrected the number, or chose another time
        same |= Q(submitter=lead.submitter)
    before = Lead.objects.filter(same, pk__lt=lead.pk, submitted_at__gt=now - _FIRST_WITHIN)
    return not before.exists()


def _post(lead: Lead, kind: str, now: datetime) -> None:
    source = lead.first_source or lead.source
    language = language_choice.choose([lead.language], source.language).language
    with translation.override(language):
        told = _words(lead, kind, source, language, now)
        outbox.post(
            kind,
            lead.email,
            told["title"],
            render_to_string("mail/visitor.txt", told).strip() + "\n",
            render_to_string("mail/visitor.html", told),
            # The unsubscribe button of a mail program does not end a request: the page asks first.
            headers={"List-Unsubscribe": f"<{told['not_mine']}>", "Content-Language": language},
            key=f"{kind} {lead.pk}",
            lead_id=lead.pk,
        )


def _words(
    lead: Lead, kind: str, source: LeadSource, language: str, now: datetime
) -> dict[str, Any]:
    def page(name: str, *more: object, **query: object) -> str:
        query = {language_choice.PARAMETER: language} | query
        return absolute(reverse(f"leads:{name}", args=[source.slug, *more], query=query))

    its_page = page("status", lead.public_id)
    told: dict[str, Any] = {
        "source": source,
        "last_digits": visitor_status.last_digits(lead.phone),
        "status_page": its_page,
        "not_mine": page("not-mine", lead.public_id),
        "is_unreached": kind == UNREACHED,
    }
    if kind == UNREACHED:
        told["not_mine"] = page("never-call", lead.public_id)
        told["title"] = gettext("We could not reach you")
        told["form"] = page("contact", earlier=lead.public_id)
        return told
    told["title"] = gettext("We have your request")
    told["message"] = _when(lead, source, now)
    return told


def _when(lead: Lead, source: LeadSource, now: datetime) -> str:
    """When they will be called, with an exact time if there is one: the mail may be read later.

    At night, a visitor is called at once if somebody is there, otherwise at the next usual hour.
    """
    found = visitor_status.find(lead.public_id)
    stands = visitor_status.standing(found, now) if found else None
    if stands and stands.status in {"scheduled", "received"}:
        return str(stands.message)
    current = config.current()
    hours = ports.hours(source.pk, lead.phone)
    soonest = max(ports.soonest(source, now).at, hours.next_time(now) or now)
    if soonest > now + visitor_status.SOON:
        return standings.FIRST_CALL.text(soonest, now, hours.zone)
    usual = calling_hours.next_usual_time(current, source.pk, lead.phone, now)
    if usual and usual > now:
        return standings.IF_NOT_BEFORE.text(usual, now, hours.zone)
    return gettext("We will call you as soon as one of us is free.")
