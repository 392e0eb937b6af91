"""How a lead stands against its target and why it is late, in the list and on its page."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from callbacks.admin import html, labels
from callbacks.admin.filters import OverdueFilter, ReportFilter
from callbacks.common.formatting import in_words
from callbacks.common.translation import Text
from callbacks.lateness import explained, sentence, studies, words
from callbacks.lateness import views as lateness_views
from callbacks.models import Study
from callbacks.models.studies import StudyKind
from leads.models import Lead


class LatenessFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """The leads behind a cause of lateness. Shown only after a link from the lateness page."""

    title = _("late by")
    parameter_name = lateness_views.PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The cause, and when it was calculated."""
        asked = self.value()
        if not asked:
            return []
        study, cause = _study(asked)
        if study is None:
            return [(asked, gettext("Cause no longer known"))]
        what = gettext("All causes") if cause == studies.ALL else words.name(cause)
        return [(asked, f"{what}, {study.asked_at:%d %b %H:%M}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Exactly the leads that were counted."""
        asked = self.value()
        if not asked:
            return queryset
        study, cause = _study(asked)
        if study is None:
            messages.warning(
                request,
                gettext(
                    "The calculation behind this list is no longer kept. Open the "
                    "Lateness page again."
                ),
            )
            return queryset.none()
        return queryset.filter(pk__in=studies.leads_of(study, cause))


def _study(asked: str) -> tuple[Study | None, str]:
    """The named study, if it has this cause; and the cause."""
    key, _colon, cause = asked.partition(":")
    try:
        study = Study.objects.filter(public_id=key, kind=StudyKind.LATENESS).first()
    except ValidationError:
        return None, cause
    known = study is not None and (cause == studies.ALL or studies.leads_of(study, cause))
    return (study if known else None), cause


# With one of these filters, a list is about lateness, and its rows say why they are late.
_ABOUT_LATENESS = frozenset(
    {ReportFilter.parameter_name, OverdueFilter.parameter_name, LatenessFilter.parameter_name}
)


class ShowsLateness:
    """A column of the list and a field of the page. Leads may have `late_because`."""

    @display(description=_("due"), ordering="due_at")  # type: ignore[untyped-decorator]
    def promise(self, obj: Lead) -> SafeString | str:
        """How the lead stands against its target, and why it is late or when its phone rang."""
        said = labels.due(obj, timezone.now())
        took = ""
        if obj.time_to_ring is not None:
            duration = in_words(obj.time_to_ring.total_seconds())
            took = gettext("rang after %(duration)s") % {"duration": duration}
        if said.text:
            return _with_reason(
                obj, html.label(said.text, said.colour, "" if _because(obj) else took)
            )
        return html.below(format_html("{}", ""), took)

    @display(description=_("due"), ordering="due_at")  # type: ignore[untyped-decorator]
    def due(self, obj: Lead) -> SafeString | str:
        """How the lead stands against its target, and why it is late."""
        said = labels.due(obj, timezone.now())
        return _with_reason(obj, html.label(said.text, said.colour)) if said.text else ""


def is_about_lateness(request: HttpRequest) -> bool:
    """Whether the list is filtered by a report's figure, a cause of lateness, or being overdue."""
    return not _ABOUT_LATENESS.isdisjoint(request.GET)


def add_lateness(leads: Iterable[Any]) -> None:
    """Sets the sentence why it is late on each late lead."""
    leads = list(leads)
    late = explained.of_leads(leads, timezone.now())
    for lead in leads:
        if its := late.get(lead.pk):
            lead.late_because = sentence.of(its)


def _with_reason(lead: Lead, shown: SafeString) -> SafeString:
    if not (why := _because(lead)):
        return shown
    return format_html(
        '<span class="noted">{}<small class="why-late">{}</small></span>', shown, why
    )


def _because(lead: Lead) -> str:
    return getattr(lead, "late_because", "")
