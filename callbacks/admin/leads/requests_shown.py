"""Requests for one number, without what was written to another team
(callbacks.access.others_requests).
"""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access import others_calls, others_requests, scope
from callbacks.admin import html
from callbacks.admin.leads.consent_shown import ConsentFilter
from callbacks.admin.leads.feedback_shown import FeedbackFilter
from leads.admin import Admin
from leads.models import Lead


class AsksNothingHidden(Admin):
    """Refuses filters by hidden fields, whose values could be guessed letter by letter.

    `ask_what_is_told`: the parameters of filters that check by themselves what to show.
    """

    ask_what_is_told: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Refuses a hidden field by either of its names: `assigned_to` and `assigned_to_id`."""
        is_limited = request is not None and scope.of(request.user).is_limited
        told = (*others_requests.TOLD, *others_calls.TOLD)
        if is_limited and lookup not in self.ask_what_is_told and self._column(lookup) in told:
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def _column(self, lookup: str) -> str:
        name = lookup.partition("__")[0]
        try:
            return str(self.model._meta.get_field(name).name)
        except FieldDoesNotExist:
            return name


class ShowsRequests(AsksNothingHidden):
    """The part of the leads' admin that shows the requests for a number. Lists cannot be filtered
    by what a page hides.
    """

    ask_what_is_told = (
        FeedbackFilter.parameter_name,
        ConsentFilter.parameter_name,
        "disposition__id__exact",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Adds the hidden fields, because saving would overwrite them."""
        fields = super().get_readonly_fields(request, obj)
        is_hidden = obj is not None and others_requests.is_hidden(obj)
        return [*fields, "name", "email", "message"] if is_hidden else fields

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """For a lead from another team, redirects to its page, which hides what must be hidden."""
        seen = scope.of(request.user)
        if seen.is_limited:
            moved = Lead.objects.filter(others_requests.moved_here(seen.sources))
            if object_id.isdecimal() and moved.filter(pk=object_id).exists():
                return HttpResponseRedirect(reverse("admin:leads_lead_change", args=[object_id]))
        shown: HttpResponse = super().history_view(request, object_id, extra_context)
        return shown

    def hide_on_page(self, request: HttpRequest, lead: Lead) -> None:
        """Hides what the user may not see of a lead and of the requests beside it."""
        seen = scope.of(request.user)
        if seen.is_limited:
            others_requests.hide_on_page(lead, seen)

    @display(description=_("newest request"))  # type: ignore[untyped-decorator]
    def newest_request(self, obj: Lead) -> SafeString:
        """The newest request for this number, as the salesperson sees it."""
        newest, extension = obj.newest_request(), obj.extension_to_ask_for()
        ask = gettext("ask for extension %(extension)s") % {"extension": extension}
        who = [newest.name, newest.email, ask if extension else ""]
        return html.below(html.dotted(who), newest.message)

    @display(description=_("duplicate of"))  # type: ignore[untyped-decorator]
    def duplicate(self, obj: Lead) -> SafeString | str:
        """The earlier open lead with the same number."""
        first = obj.duplicate_of
        return (
            html.link(
                first, gettext("Lead %(pk)s, %(name)s") % {"pk": first.pk, "name": first.name}
            )
            if first
            else ""
        )

    @display(description=_("duplicates"))  # type: ignore[untyped-decorator]
    def duplicates_shown(self, obj: Lead) -> SafeString | str:
        """Later requests for the same number."""
        return html.joined(
            html.link(later, gettext("Lead %(pk)s") % {"pk": later.pk})
            for later in obj.duplicates.all()
        )
