"""From a number to the leads behind it, and back: the address of the list, and its condition.

The list filters by the same conditions that the number was counted by. The days in the address are
fixed, so a link that is opened tomorrow shows the same leads.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from callbacks.reports import filters, groupings, measures
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.measures import Measure

# The list's parameter; all that was asked stands in it, so that it meets no other filter's name.
PARAMETER = "report"


@dataclass(frozen=True)
class Behind:
    """The leads behind one number. `out_of`: those that a share is a share of."""

    asked: Asked
    measure: Measure
    grouping: Grouping | None = None
    key: Key | None = None
    out_of: bool = False

    def condition(self, now: datetime) -> Q:
        """What the number was counted by."""
        leads = self.measure.out_of if self.out_of else None
        found = self.asked.condition() & (leads or self.measure.leads)(now)
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
        """Of the list of these leads."""
        query = QueryDict(mutable=True)
        query[PARAMETER] = self.query()
        return f"{reverse('admin:leads_lead_changelist')}?{query.urlencode()}"

    def words(self, label: str = "") -> str:
        """ "Within target, Dana, 3 Nov 2026": what is listed. `label`: the group's name; without
        it, it is looked up.
        """
        said = [str(self.measure.name), str(self.asked.days)]
        if self.grouping is not None and self.key is not None:
            said[1:1] = [label or self.grouping.labels([self.key]).get(self.key, "")]
        if self.out_of:
            said[0] = gettext("%(measure)s, and those that were not") % {"measure": said[0]}
        return gettext(", ").join(it for it in said if it)


def read(text: str, now: datetime) -> Behind:
    """What `query` has written. Raises NotUnderstood."""
    query = QueryDict(text)
    asked = filters.read(query, now)
    measure = measures.MEASURES.get(query.get("measure") or "leads")
    if measure is None:
        raise NotUnderstood({"measure": gettext("The report has no such figure.")})
    grouping, key = None, None
    if by := query.get("by"):
        grouping = groupings.ALL.get(by)
        key = grouping.parsed(query.get("group") or "") if grouping else None
        if key is None:
            raise NotUnderstood({"by": gettext("The report has no such group.")})
    return Behind(asked, measure, grouping, key, bool(query.get("of") and measure.out_of))
