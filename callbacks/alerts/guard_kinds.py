"""The kinds of alerts on what the guard holds and refuses (callbacks.alerts.held_back)."""

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
        _("Minutes for which a lead has been held, and nobody has released or rejected it."),
        30,
        held_back.oldest_held,
        _(
            "Lead %(lead)s of %(source)s has been held since %(begin)s, and its visitor waits. "
            "Held in all: %(held)s. Release or reject them under “Held leads”."
        ),
        _("Lead %(lead)s of %(source)s was held from %(begin)s to %(end)s."),
        ngettext_lazy("%(count)s held lead waits", "%(count)s held leads wait", "count"),
        ngettext_lazy("%(count)s held lead waited", "%(count)s held leads waited", "count"),
        _held,
    ),
    Kind(
        "many_held",
        _("Many leads are held"),
        _("How many leads at least are held for somebody to look at."),
        20,
        held_back.many_held,
        _(
            "%(number)s leads are held. If one address, domain or reason stands behind them, "
            "choose those under “Held leads” and decide about them at once. Honest ones wait, too."
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
        _("How many numbers visitors put on the never-call list within an hour."),
        5,
        held_back.listed_by_visitors,
        _(
            "Within an hour visitors put %(number)s numbers on the never-call list. If their "
            "owners did not ask for it, take them off the list and block who sent the requests."
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
        _("How many requests an entry of the block lists has refused since midnight."),
        50,
        held_back.refusing_entries,
        _(
            "The block list entry “%(entry)s” has refused %(number)s requests today, and nothing "
            "is stored of them. If visitors of yours may be among them, have it hold them instead."
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
