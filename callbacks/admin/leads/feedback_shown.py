"""Visitors' feedback on the talk, on a lead's page and in the list's filter."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access import others_calls, scope
from callbacks.admin import html
from callbacks.explain.feedback import in_a_sentence, of
from leads.admin import Admin
from leads.models import Lead


class ShowsFeedback(Admin):
    """The part of the leads' admin that shows whether the talk helped."""

    @display(description=_("after the talk"))  # type: ignore[untyped-decorator]  # no types
    def said_after(self, obj: Lead) -> SafeString | str:
        """The visitor's answer and comment, and when. Hidden if the talk was another team's
        (callbacks.access.others_calls).
        """
        found = of(obj)
        if found is None:
            return ""
        said = html.below(format_html("{}", in_a_sentence(found)), html.written(found.at))
        return format_html('{}<p dir="auto">{}</p>', said, found.words) if found.words else said


class FeedbackFilter(SimpleListFilter):
    """Leads by their visitors' answer. The index `lead_by_helped` has only leads with an answer."""

    title = _("did it help?")
    parameter_name = "helped"
    _scores = {"any": (1, 2, 3, 4, 5), "low": (1, 2), "middle": (3,), "high": (4, 5)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Groups of scores: people looking for trouble do not need the exact number."""
        return [
            ("any", gettext("Answered")),
            ("low", gettext("No: 1 or 2")),
            ("middle", gettext("Neither: 3")),
            ("high", gettext("Yes: 4 or 5")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads with such an answer that the user may see."""
        scores = self._scores.get(self.value() or "")
        told = others_calls.answer_is_told(scope.of(request.user))
        return queryset.filter(told, helped__in=scores) if scores else queryset
