"""How a lead stands against its target, and why it is late: in the list, and on its page."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import html, labels
from callbacks.admin.filters import OverdueFilter, ReportFilter
from callbacks.common.formatting import in_words
from callbacks.lateness import explained, sentence
from leads.models import Lead

# With these, a list is about being late: each of its rows says why.
_ABOUT_LATENESS = frozenset({ReportFilter.parameter_name, OverdueFilter.parameter_name})


class ShowsLateness:
    """A column of the list, and a field of the page; leads may have `late_because`."""

    @display(description=_("due"), ordering="due_at")  # type: ignore[untyped-decorator]
    def promise(self, obj: Lead) -> SafeString | str:
        """How it stands against its target; why it is late, or after how long its phone rang."""
        said = labels.due(obj, timezone.now())
        took = ""
        if obj.time_to_ring is not None:
            duration = in_words(obj.time_to_ring.total_seconds())
            took = gettext("rang after %(duration)s") % {"duration": duration}
        if said.text:
            return html.label(said.text, said.colour, _because(obj) or took)
        return html.below(format_html("{}", ""), took)

    @display(description=_("due"), ordering="due_at")  # type: ignore[untyped-decorator]
    def due(self, obj: Lead) -> SafeString | str:
        """How it stands against its target, and why it is late."""
        said = labels.due(obj, timezone.now())
        return html.label(said.text, said.colour, _because(obj)) if said.text else ""


def is_about_lateness(request: HttpRequest) -> bool:
    """Whether a report, or a tile of what is overdue, has led to the list that is asked for."""
    return not _ABOUT_LATENESS.isdisjoint(request.GET)


def add_lateness(leads: Iterable[Any]) -> None:
    """Gives each of the leads the sentence that says why it is late, if it is."""
    leads = list(leads)
    late = explained.of_leads(leads, timezone.now())
    for lead in leads:
        if its := late.get(lead.pk):
            lead.late_because = sentence.of(its)


def _because(lead: Lead) -> str:
    return getattr(lead, "late_because", "")
