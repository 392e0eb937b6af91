"""The kinds of alerts about patterns (callbacks.alerts.patterns). Each says what to do."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from callbacks.alerts import patterns
from callbacks.alerts.kind import Kind
from callbacks.models import Alert


def _alike(what: str) -> Callable[[Alert], str]:
    """The leads that have `what` in common with the lead that the alert names."""

    def page(alert: Alert) -> str:
        return f"{_leads()}?alike={what}-{alert.facts['lead']}"

    return page


def _unreached(_alert: Alert) -> str:
    return (
        f"{reverse('admin:callbacks_callattempt_changelist')}?called=today"
        "&outcome__exact=lead_no_answer&outcome__exact=lead_busy&outcome__exact=bad_number"
    )


def _leads() -> str:
    return reverse("admin:leads_lead_changelist")


PATTERNS = (
    Kind(
        "many_numbers",
        _("Many numbers from one address"),
        _("The number of different phone numbers one address asks to be "
          "called within an hour."),
        10,
        patterns.many_numbers,
        _(
            "One address asked for calls to %(number)s different numbers "
            "within an hour. If it is not one of your offices, block the "
            "address under “Held leads” or in the block list."
        ),
        _(
            "From %(begin)s to %(end)s one address asked for calls to many "
            "numbers, %(number)s within an hour at the last count."
        ),
        ngettext_lazy(
            "Many numbers from %(count)s address", "Many numbers from %(count)s addresses", "count"
        ),
        ngettext_lazy(
            "Many numbers came from %(count)s address",
            "Many numbers came from %(count)s addresses",
            "count",
        ),
        _alike("address"),
        least=patterns.LEAST_NUMBERS,
    ),
    Kind(
        "many_sources",
        _("Many sources for one number"),
        _("The number of sources through which calls to one number are "
          "requested within a day."),
        3,
        patterns.many_sources,
        _(
            "Calls to one number were requested through %(number)s sources "
            "within a day. Somebody may be using you to harass its owner. "
            "Check the requests, and add the number to the block list or the "
            "never-call list if its owner did not ask."
        ),
        _(
            "From %(begin)s to %(end)s calls to one number were requested "
            "through many sources, %(number)s within a day at the last count."
        ),
        ngettext_lazy(
            "%(count)s number comes through many sources",
            "%(count)s numbers come through many sources",
            "count",
        ),
        ngettext_lazy(
            "%(count)s number came through many sources",
            "%(count)s numbers came through many sources",
            "count",
        ),
        _alike("number"),
        least=patterns.LEAST_SOURCES,
    ),
    Kind(
        "unreached_share",
        _("More calls than usual reach nobody"),
        _(
            "Percentage points by which the share of calls that reach nobody "
            "exceeds the usual share of the previous 28 days. Counts calls of "
            "the last three hours that a salesperson picked up, once there are "
            "twenty."
        ),
        20,
        patterns.unreached,
        _(
            "Of the %(calls)s calls a salesperson picked up in the last "
            "%(hours)s hours, %(share)s%% reached nobody; %(usual)s%% is "
            "usual. Check the numbers. If strangers are entering them, block "
            "their address, or lower the spending limit until this is over."
        ),
        _(
            "From %(begin)s to %(end)s more calls than usual reached nobody: %(share)s%% at the "
            "last count, and %(usual)s%% is usual."
        ),
        ngettext_lazy(
            "More calls than usual reach nobody", "More calls than usual reach nobody", "count"
        ),
        ngettext_lazy(
            "More calls than usual reached nobody", "More calls than usual reached nobody", "count"
        ),
        _unreached,
        least=patterns.LEAST_POINTS,
    ),
    Kind(
        "new_country",
        _("Country never seen"),
        _("Minutes after the first request ever for a call to a country."),
        0,
        patterns.new_countries,
        _(
            "At %(begin)s a call to %(country)s was requested for the first "
            "time. If you do not call there, remove the country from the "
            "source's allowed countries."
        ),
        _("At %(begin)s a call to %(country)s was requested for the first "
          "time."),
        ngettext_lazy(
            "Calls to %(count)s new country", "Calls to %(count)s new countries", "count"
        ),
        ngettext_lazy(
            "Calls to %(count)s new country were requested",
            "Calls to %(count)s new countries were requested",
            "count",
        ),
        _alike("country"),
    ),
)  # fmt: skip
