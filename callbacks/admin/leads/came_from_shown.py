"""Where a lead's sender came from: on its page, in the list's filters."""

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

# An address is read to here; pointed at, it is whole.
_MOST_SIGNS = 80
# As many leads of a campaign as the list counts to.
_MOST = 10_000


def name_of(mark: str) -> str:
    """The name of a mark for people; that of a click id is its own."""
    names = {
        "utm_source": gettext("Campaign source"),
        "utm_medium": gettext("Medium"),
        "utm_campaign": gettext("Campaign"),
        "utm_term": gettext("Search term"),
        "utm_content": gettext("Content"),
    }
    return names.get(mark, mark)


class ShowsWhereFrom(Admin):
    """The part of the leads' admin that shows where somebody came from."""

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """With these."""
        return [*super().get_readonly_fields(request, obj), "first_page", "last_page", "campaign"]

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """With a section for it after the second one, where something is known."""
        rows = list(super().get_fieldsets(request, obj))
        if obj and _came(obj):
            fields = {"fields": ["first_page", "last_page", "campaign"]}
            rows.insert(2, (gettext("Where they came from"), fields))
        return rows

    @display(description=_("first page"))  # type: ignore[untyped-decorator]  # unfold has no types
    def first_page(self, obj: Lead) -> SafeString | str:
        """The page on which they arrived, as far as anybody knows, and what led there."""
        return _page(_came(obj).first)

    @display(description=_("last page"))  # type: ignore[untyped-decorator]  # unfold has no types
    def last_page(self, obj: Lead) -> SafeString | str:
        """The page from which the newest request was sent."""
        return _page(_came(obj).last)

    @display(description=_("campaign"))  # type: ignore[untyped-decorator]  # unfold has no types
    def campaign(self, obj: Lead) -> SafeString | str:
        """The campaigns that led to both pages; what both have is said once."""
        came = _came(obj)
        last = list(_marks(came.last))
        first = [it for it in _marks(came.first) if it not in last]
        said = gettext("the first page: %(marks)s") % {"marks": ", ".join(first)}
        return html.below(html.dotted(last), said if first else "")


def _came(lead: Lead) -> CameFrom:
    """Without those that somebody may not see (callbacks.access.others_requests)."""
    requests = lead.requests_by_age()
    return attribution.shown(it for it in requests if not others_requests.is_hidden(it))


def _page(visit: Visit) -> SafeString | str:
    shown = _address(visit.get(visits.PAGE, ""))
    if referrer := visit.get(visits.REFERRER, ""):
        led = gettext("from %(page)s") % {"page": unquote(referrer)}
        return html.below(format_html("{}", shown), led)
    return shown


def _address(address: str) -> SafeString | str:
    """A link that tells the page nothing of where it was followed."""
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
    """Leads by what they are counted by in reports; offered are the values of the newest leads.

    Bounded, since the list is: of a common answer all leads would be looked through. By their ids:
    PostgreSQL would read the whole table to join it.
    """

    title: Text = _("campaign (newest 10,000)")
    parameter_name = column = "utm_campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices, with the one that is asked for."""
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
    """The same by the medium."""

    title = _("medium (newest 10,000)")
    parameter_name = column = "utm_medium"


class CampaignSourceFilter(CampaignFilter):
    """The same by the campaign's source."""

    title = _("campaign source (newest 10,000)")
    parameter_name = column = "utm_source"


WHERE_FROM = (CampaignFilter, MediumFilter, CampaignSourceFilter)
