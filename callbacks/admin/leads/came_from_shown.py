"""Where a lead's sender came from, on the lead's page and in the list's filters."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from callbacks.access import others_requests, scope
from callbacks.admin import html
from callbacks.common.translation import Text
from leads import attribution, visits
from leads.admin import Admin
from leads.models import Attribution, Lead
from leads.visits import CameFrom, Visit

# Longer addresses are cut to this many characters; the tooltip has all of it.
_MOST_SIGNS = 80
# The filters look at this many leads of a campaign.
_MOST = 10_000


def name_of(mark: str) -> str:
    """The label of a mark; a click id is its own label."""
    names = {
        "utm_source": gettext("Campaign source"),
        "utm_medium": gettext("Medium"),
        "utm_campaign": gettext("Campaign"),
        "utm_term": gettext("Search term"),
        "utm_content": gettext("Content"),
    }
    return names.get(mark, mark)


class ShowsWhereFrom(Admin):
    """The part of the leads' admin that shows where the sender came from."""

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Adds the fields of this section."""
        return [*super().get_readonly_fields(request, obj), "first_page", "last_page", "campaign"]

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Adds the section in third place, if anything is known."""
        rows = list(super().get_fieldsets(request, obj))
        if obj and _came(obj):
            fields = {"fields": ["first_page", "last_page", "campaign"]}
            rows.insert(2, (gettext("Where they came from"), fields))
        return rows

    @display(description=_("first page"))  # type: ignore[untyped-decorator]  # unfold has no types
    def first_page(self, obj: Lead) -> SafeString | str:
        """The first page known to have been visited, and what led there."""
        return _page(_came(obj).first)

    @display(description=_("last page"))  # type: ignore[untyped-decorator]  # unfold has no types
    def last_page(self, obj: Lead) -> SafeString | str:
        """The page from which the newest request was sent."""
        return _page(_came(obj).last)

    @display(description=_("campaign"))  # type: ignore[untyped-decorator]  # unfold has no types
    def campaign(self, obj: Lead) -> SafeString | str:
        """The campaigns that led to both pages; what both share is shown once."""
        came = _came(obj)
        last = list(_marks(came.last))
        first = [it for it in _marks(came.first) if it not in last]
        said = gettext("the first page: %(marks)s") % {"marks": ", ".join(first)}
        return html.below(html.dotted(last), said if first else "")


def _came(lead: Lead) -> CameFrom:
    """Without requests that the user may not see (callbacks.access.others_requests)."""
    requests = lead.requests_by_age()
    return attribution.shown(it for it in requests if not others_requests.is_hidden(it))


def _page(visit: Visit) -> SafeString | str:
    shown = _address(visit.get(visits.PAGE, ""))
    if referrer := visit.get(visits.REFERRER, ""):
        led = gettext("from %(page)s") % {"page": unquote(referrer)}
        return html.below(format_html("{}", shown), led)
    return shown


def _address(address: str) -> SafeString | str:
    """A link that does not tell the page where it was followed from."""
    text = unquote(address)
    short = text if len(text) <= _MOST_SIGNS else f"{text[:_MOST_SIGNS]}\N{HORIZONTAL ELLIPSIS}"
    if not html.is_web_address(address):
        return short
    return format_html(
        '<a class="quiet-link" href="{}" title="{}" target="_blank" rel="noopener noreferrer">'
        '<bdi dir="ltr">{}</bdi></a>',
        address,
        text,
        short,
    )


def _marks(visit: Visit) -> Iterator[str]:
    for mark in visits.MARKS:
        if value := visit.get(mark):
            yield gettext("%(name)s: %(value)s") % {"name": name_of(mark), "value": value}


class CampaignFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Leads by the campaign that reports count them under. Offers the values of the newest leads.

    Limited to the newest _MOST, because a common value would otherwise read all leads. Selects by
    ids, because PostgreSQL would read the whole table for a join.
    """

    title: Text = _("campaign (newest 10,000)")
    parameter_name = column = "utm_campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices, including the chosen value."""
        seen = scope.of(request.user)
        known = attribution.lately(self.column, seen.sources if seen.is_limited else None)
        asked = self.value()
        return [(it, it) for it in [*known, *([asked] if asked and asked not in known else [])]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads with this value."""
        asked = self.value()
        if not asked:
            return queryset
        seen = scope.of(request.user)
        if seen.is_limited:
            queryset = queryset.exclude(others_requests.moved_here(seen.sources))
        rows = Attribution.objects.filter(**{self.column: asked}).order_by("-pk")
        return queryset.filter(pk__in=list(rows.values_list("pk", flat=True)[:_MOST]))


class MediumFilter(CampaignFilter):
    """The same for the medium."""

    title = _("medium (newest 10,000)")
    parameter_name = column = "utm_medium"


class CampaignSourceFilter(CampaignFilter):
    """The same for the campaign source."""

    title = _("campaign source (newest 10,000)")
    parameter_name = column = "utm_source"


WHERE_FROM = (CampaignFilter, MediumFilter, CampaignSourceFilter)
