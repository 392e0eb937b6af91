"""From a number to the rows behind it: the address of their list, and the list's condition.

The list filters by the conditions that the number was counted by. The days in the address are
fixed, so the link shows the same days tomorrow. The rows are leads, or in the people report also
calls and pauses.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.models import CallAttempt, Pause
from callbacks.reports import filters, groupings
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.measures import MEASURES, Measure
from callbacks.reports.salespeople import meant, pauses
from callbacks.reports.salespeople import measures as people_measures
from leads.models import Lead

# The list's parameter. It holds the whole query, so no name can clash with another filter's.
PARAMETER = "report"
_MEASURES = MEASURES | people_measures.ALL
_PEOPLE_GROUPINGS = meant.CALL_GROUPINGS | {pauses.REASON.key: pauses.REASON}
# The list that a number links to, by Measure.listed.
_LISTS: dict[str, tuple[type[Model], str]] = {
    "leads": (Lead, "admin:leads_lead_changelist"),
    "talked_leads": (Lead, "admin:leads_lead_changelist"),
    "calls": (CallAttempt, "admin:callbacks_callattempt_changelist"),
    "times": (CallAttempt, "admin:callbacks_callattempt_changelist"),
    "pauses": (Pause, "admin:callbacks_pause_changelist"),
}


@dataclass(frozen=True)
class Behind:
    """The rows behind one number. `out_of`: the rows that a share is a share of."""

    asked: Asked
    measure: Measure
    grouping: Grouping | None = None
    key: Key | None = None
    out_of: bool = False

    @property
    def model(self) -> type[Model]:
        """The model of these rows."""
        return _LISTS[self.measure.listed][0]

    def condition(self, now: datetime) -> Q:
        """The condition that the number was counted by."""
        match self.measure.counts:
            case "pauses":
                behind = pauses.pauses_behind(
                    self.asked, self.measure, self.grouping, self.key, now
                )
                return Q(pk__in=behind)
            case "times":
                return meant.calls_on(self.asked, self.grouping, self.key)
            case "calls":
                found = meant.calls(self.asked) & self._of_group(now)
                if self.model is Lead:
                    return Q(pk__in=CallAttempt.objects.filter(found).values("lead"))
                return found
        return self.asked.condition() & self._of_group(now)

    def _of_group(self, now: datetime) -> Q:
        out_of = self.measure.out_of if self.out_of else None
        found = out_of(now) if out_of else self.measure.rows(now, self.asked.seen)
        if self.grouping is not None and self.key is not None:
            found &= self.grouping.condition(self.asked, self.key)
        return found

    def query(self) -> str:
        """For the list's parameter."""
        query = self.asked.fixed().query()
        query["measure"] = self.measure.key
        if self.grouping is not None and self.key is not None:
            query["by"], query["group"] = self.grouping.key, self.grouping.written(self.key)
        if self.out_of:
            query["of"] = "all"
        return query.urlencode()

    def address(self) -> str:
        """Of the list of these rows; "" for a user who sees figures but no names."""
        if not self.asked.seen.names:
            return ""
        query = QueryDict(mutable=True)
        query[PARAMETER] = self.query()
        return f"{reverse(_LISTS[self.measure.listed][1])}?{query.urlencode()}"

    def _names_group(self) -> bool:
        """Whether the user may read the group's name. A user who sees only some teams may read it
        if they see rows of the group, because it is then in their report.
        """
        if not self.asked.seen.is_limited:
            return True
        return self.model._default_manager.filter(self.condition(timezone.now())).exists()

    def words(self, label: str = "") -> str:
        """ "Within target, Dana, 3 Nov 2026": what is listed. `label`: the group's name, which is
        looked up if not given.
        """
        said = [str(self.measure.name), str(self.asked.days)]
        if self.grouping is not None and self.key is not None and (label or self._names_group()):
            said[1:1] = [label or self.grouping.labels([self.key]).get(self.key, "")]
        if self.out_of:
            said[0] = gettext("%(measure)s, and all leads it is a share of") % {"measure": said[0]}
        return gettext(", ").join(it for it in said if it)


def read(text: str, now: datetime, seen: Scope = EVERYTHING) -> Behind:
    """What `query` wrote. Raises NotUnderstood."""
    query = QueryDict(text)
    asked = filters.read(query, now, seen)
    measure = _MEASURES.get(query.get("measure") or "leads")
    if measure is None or not measure.listed:
        raise NotUnderstood({"measure": gettext("The report has no such figure.")})
    grouping, key = None, None
    if by := query.get("by"):
        known = groupings.ALL if measure.counts == "leads" else _PEOPLE_GROUPINGS
        grouping = known.get(by)
        key = grouping.parsed(query.get("group") or "") if grouping else None
        if key is None:
            raise NotUnderstood({"by": gettext("The report has no such group.")})
    return Behind(asked, measure, grouping, key, bool(query.get("of") and measure.out_of))
