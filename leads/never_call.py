"""The never-call list: numbers that nobody and nothing dials until a manager takes them back.

Asked when a lead is stored: it is held, and a visitor reads the ordinary page (leads.guard). Asked
again before each dial, whoever wants it (leads.number_guard).
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from leads import transitions
from leads.models import Lead, LeadStatus, NeverCallNumber
from leads.phones import PhoneRefused

# For a row of leads_lead, in a query that reads it anyway.
LISTED_SQL = (
    "EXISTS (SELECT FROM leads_nevercallnumber listed WHERE listed.phone = leads_lead.phone)"
)


def entry(phone: str) -> NeverCallNumber | None:
    """The list's entry for this number (E.164); None: it may be called."""
    return NeverCallNumber.objects.filter(phone=phone).first()


def refusal(found: NeverCallNumber) -> str:
    """The sentence that tells a manager why this number is not called."""
    if not found.reason:
        return gettext(
            "This number is on the never-call list. Nobody calls it until a manager takes it off "
            "the list."
        )
    return gettext(
        "This number is on the never-call list: %(reason)s. Nobody calls it until a manager takes "
        "it off the list."
    ) % {"reason": found.reason}


def check(phone: str) -> None:
    """Raises PhoneRefused, with the sentence for a manager, if the number is on the list."""
    if found := entry(phone):
        raise PhoneRefused("never_call", refusal(found))


def add(phone: str, reason: str, user: object) -> bool:
    """Puts a number (E.164) on the list, and takes its waiting lead out of the queue.

    A call that is on goes on, and no other follows it. Returns False if the number is listed
    already; the first reason stays.
    """
    now = timezone.now()
    with transaction.atomic():
        found, is_new = NeverCallNumber.objects.get_or_create(
            phone=phone,
            defaults={
                "reason": reason[:200],
                "added_by_id": getattr(user, "pk", None),
                "added_at": now,
            },
        )
        waiting = Lead.objects.filter(phone=phone, status=LeadStatus.WAITING)
        for lead_id in waiting.values_list("pk", flat=True):
            transitions.cancel(lead_id, now, refusal(found))
    return is_new
