"""The kinds of alerts about what the guard holds and refuses (callbacks.alerts.held_back)."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from callbacks.alerts import held_back
from callbacks.alerts.kind import Kind
from callbacks.models import Alert


def _held(_alert: Alert) -> str:
    return reverse("admin:leads_heldlead_changelist")


def _listed(_alert: Alert) -> str:
    return f"{reverse('admin:leads_nevercallnumber_changelist')}?asked_by__exact=visitor"


def _entry(alert: Alert) -> str:
    return reverse("admin:leads_blockentry_change", args=[alert.facts["id"]])


OF_THE_GUARD = (
    Kind(
        "held_waits",
        _("Held lead waits"),
        _("Minutes a lead has been held without anybody releasing or "
          "rejecting it."),
        30,
        held_back.oldest_held,
        _(
            "Lead %(lead)s of %(source)s has been held since %(begin)s, and "
            "its visitor is waiting. Held in total: %(held)s. Release or "
            "reject them under “Held leads”."
        ),
        _("Lead %(lead)s of %(source)s was held from %(begin)s to %(end)s."),
        ngettext_lazy(
            "%(count)s held lead is waiting",
            "%(count)s held leads are waiting",
            "count",
        ),
        ngettext_lazy(
            "%(count)s held lead was waiting",
            "%(count)s held leads were waiting",
            "count",
        ),
        _held,
    ),
    Kind(
        "many_held",
        _("Many leads are held"),
        _("The number of held leads from which the alert is sent."),
        20,
        held_back.many_held,
        _(
            "%(number)s leads are held. If most of them share an address, "
            "domain or reason, select them under “Held leads” and decide for "
            "all of them at once. Genuine requests are waiting too."
        ),
        _("From %(begin)s to %(end)s many leads were held, %(number)s at the last count."),
        ngettext_lazy("Many leads are held", "Many leads are held", "count"),
        ngettext_lazy("Many leads were held", "Many leads were held", "count"),
        _held,
        least=held_back.LEAST_HELD,
    ),
    Kind(
        "never_call_grows",
        _("Never-call list grows by visitors"),
        _("The number of numbers visitors put on the never-call list within "
          "an hour."),
        5,
        held_back.listed_by_visitors,
        _(
            "Within an hour visitors put %(number)s numbers on the never-call "
            "list. If the owners of the numbers did not ask for this, remove "
            "the numbers from the list and block the senders of the requests."
        ),
        _(
            "From %(begin)s to %(end)s visitors put many numbers on the never-call list, "
            "%(number)s within an hour at the last count."
        ),
        ngettext_lazy(
            "The never-call list grows by visitors", "The never-call list grows by visitors",
            "count",
        ),
        ngettext_lazy(
            "The never-call list grew by visitors", "The never-call list grew by visitors", "count"
        ),
        _listed,
        least=held_back.LEAST_LISTED,
    ),
    Kind(
        "entry_refuses",
        _("Block list refuses many"),
        _("The number of requests a block list entry has refused since "
          "midnight."),
        50,
        held_back.refusing_entries,
        _(
            "The block list entry “%(entry)s” has refused %(number)s requests "
            "today, and they were not stored. If some may be from real "
            "visitors, change the entry so that it holds requests instead."
        ),
        _(
            "From %(begin)s to %(end)s the block list entry “%(entry)s” refused many requests, "
            "%(number)s of a day at the last count."
        ),
        ngettext_lazy(
            "%(count)s block list entry refuses many requests",
            "%(count)s block list entries refuse many requests",
            "count",
        ),
        ngettext_lazy(
            "%(count)s block list entry refused many requests",
            "%(count)s block list entries refused many requests",
            "count",
        ),
        _entry,
        least=held_back.LEAST_REFUSED,
    ),
)  # fmt: skip
