"""A lead's status, and what it waits for or why nobody will call it, in list and page."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import html, labels
from callbacks.explain import unroutable, waiting_reason
from callbacks.explain.waiting import WaitingReason
from leads.models import Lead, LeadStatus


class ShowsStanding:
    """A column of the list and fields of the page. Leads may have `waits` and `unanswered`."""

    @display(description=_("status"), ordering="status")  # type: ignore[untyped-decorator]
    def standing(self, obj: Lead) -> SafeString:
        """The status, and what went wrong with the newest attempt."""
        trouble = _unanswered(obj) or html.error(obj.error_code, obj.error_message)
        waits: WaitingReason | None = getattr(obj, "waits", None)
        told = waits.short if waits and not waits.for_ever else ""
        told = html.dotted([obj.disposition.name if obj.disposition else "", told])
        return html.trouble_below(html.below(_label(obj), told), trouble)

    @display(description=_("status"), ordering="status")  # type: ignore[untyped-decorator]
    def status_shown(self, obj: Lead) -> SafeString:
        """The status as a label, and why nobody will call the lead, if that is so."""
        return html.trouble_below(_label(obj), _unanswered(obj))

    @display(description=_("waiting because"))  # type: ignore[untyped-decorator]
    def waits_for(self, obj: Lead) -> SafeString | str:
        """Why the lead is waiting now."""
        waits = waiting_reason.of_lead(obj, timezone.now())
        if waits is None:
            return ""
        return html.trouble(waits.text) if waits.for_ever else waits.text


def add_unanswered(leads: Iterable[Any]) -> None:
    """Sets `unanswered` on each lead: why nobody will ever call it, or ""."""
    why = unroutable.of_leads(leads, timezone.now())
    for lead in leads:
        lead.unanswered = why.get(lead.pk, "")


def _label(lead: Lead) -> SafeString:
    return html.label(lead.get_status_display(), labels.LEAD_COLOURS.get(lead.status, ""))


def _unanswered(lead: Lead) -> str:
    why: str = getattr(lead, "unanswered", "") if lead.status == LeadStatus.WAITING else ""
    return gettext("nobody will call it: %(why)s") % {"why": why} if why else ""
