"""Filters for held leads: by what holds them, by the browser's behaviour, and by how and when they
came. They help to tell honest requests from hostile ones and to choose them together.
"""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter, RangeDateTimeFilter

from callbacks.admin.leads.held_filters import held_for, told_to
from callbacks.common.translation import Text
from callbacks.reconciliation import restored
from callbacks.reports.date_ranges import parsed_day
from leads.guard import blocks, keyless, listed_numbers, rates, robots, websites
from leads.models import CameBy, Finding, Lead

_CHECKS: dict[str, Text] = {
    listed_numbers.NAME: _("Never-call list"),
    blocks.NAME: _("Block lists"),
    rates.NAME: _("Too many requests"),
    robots.NAME: _("Signs of a robot"),
    websites.NAME: _("Another website"),
    keyless.NAME: _("API without a key"),
    restored.NAME: _("Restored backup"),
}


def counted_by_reason(reasons: Iterable[str], held: QuerySet[Lead]) -> "Counter[str]":
    """How many of the leads in `held` are held for each of these reasons."""
    holding = _findings(held).filter(reason__in=set(reasons))
    found = holding.order_by().values("reason").annotate(number=Count("lead", distinct=True))
    return Counter({row["reason"]: row["number"] for row in found})


def _findings(held: QuerySet[Lead]) -> QuerySet[Finding]:
    return Finding.objects.filter(lead__in=held.order_by().values("pk"))


def _found(**values: Any) -> Exists:
    return Exists(Finding.objects.filter(lead=OuterRef("pk"), **values))


class CheckFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """By the check that holds the lead. Offers the checks that hold any lead now."""

    title = _("check")
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The checks, each with the number of leads it holds."""
        holding = _findings(held_for(request.user)).order_by()
        found = holding.values("asked").annotate(number=Count("lead", distinct=True))
        counts = {row["asked"]: row["number"] for row in found}
        if self.value() and self.value() not in counts:
            counts[self.value()] = 0
        return [
            (
                name,
                gettext("%(check)s (%(number)d)")
                % {"check": _CHECKS.get(name, name), "number": number},
            )
            for name, number in sorted(counts.items(), key=lambda it: (-it[1], it[0]))
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads that this check holds."""
        if not self.value():
            return queryset
        return told_to(request.user, queryset).filter(_found(asked=self.value()))


class ReasonFilter(SimpleListFilter):
    """By one reason. Shown only after following a link in the list."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice."""
        value = self.value()
        return [(value, value)] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads held for this reason."""
        if not self.value():
            return queryset
        return told_to(request.user, queryset).filter(_found(reason=self.value()))


class WayFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """By the way they came: our form or the API."""

    title = _("way")
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [(CameBy.FORM.value, gettext("The form")), (CameBy.API.value, gettext("The API"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads that came this way."""
        return queryset.filter(came_by=self.value()) if self.value() in CameBy else queryset


class BrowserFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """By what the sender's browser did with the proof of work."""

    title = _("browser")
    parameter_name = "browser"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [
            ("solved", gettext("Solved the challenge")),
            ("asked", gettext("Did not solve the challenge")),
            ("none", gettext("Never asked for the challenge")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads from such browsers."""
        solved, none = Q(challenge__solved_at__isnull=False), Q(challenge=None)
        chosen = {"solved": solved, "asked": ~none & ~solved, "none": none}.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class SpanFilter(RangeDateTimeFilter):  # type: ignore[misc]  # unfold has no types
    """From one minute to another, in the site's time zone. Either end may be left out.

    A day without a time counts from its start, or to its end. If an end cannot be read, nothing is
    listed, so that nobody decides about all leads by mistake.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads submitted in this span."""
        try:
            first, last = self._read("from", time.min), self._read("to", time.max)
        except ValueError:
            return queryset.none()
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lte": last})
        return queryset

    def _read(self, end: str, otherwise: time) -> datetime | None:
        day, at = (
            str(self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") or "")
            for part in (0, 1)
        )
        if not day and not at:
            return None
        its = parsed_day(day)
        if its is None:
            raise ValueError(day)
        of_day = time.fromisoformat(at).replace(tzinfo=None) if at else otherwise
        return datetime.combine(its, of_day, timezone.get_current_timezone())
