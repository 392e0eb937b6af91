"""Filters of the admin's lists."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    DropdownFilter,
    RadioFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)

from callbacks.access import others_calls, scope
from callbacks.admin import ai_data
from callbacks.common.translation import Text
from callbacks.explain import nobody_now, unroutable
from callbacks.models import Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.models.people import shown_name
from callbacks.monitoring import notices
from callbacks.reports import drilldown
from callbacks.reports.date_ranges import EARLIEST, LATEST, Days, last_days, midnight, parsed_day
from callbacks.reports.filters import NotUnderstood
from callbacks.routing.availability import paused_at
from leads import sla, visible_rows
from leads.models import Lead, LeadStatus


def waiting(now: datetime) -> Q:
    """Leads whose call time has come and that wait for an extension."""
    return Q(status=LeadStatus.WAITING, call_after__lte=now)


def later(now: datetime) -> Q:
    """Leads to be called at a time in the future."""
    return Q(status=LeadStatus.WAITING, call_after__gt=now)


def failed_today(now: datetime) -> Q:
    """Leads that failed today, in the site's time zone."""
    today = midnight(timezone.localdate(now), timezone.get_current_timezone())
    return Q(status=LeadStatus.FAILED, closed_at__gte=today)


class RelatedFilter(RelatedDropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Rows by a related object. Offers only the objects that the user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """The choices."""
        its = visible_rows.of(request.user, field.related_model._default_manager.all())
        return [(it.pk, str(it)) for it in its.order_by(*its.model._meta.ordering)]


class DispositionFilter(RelatedFilter):
    """Leads by disposition, if the user may see it."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads with the chosen one."""
        found: QuerySet[Any] = super().queryset(request, queryset)
        if found is queryset:
            return found
        return found.filter(others_calls.disposition_is_told(scope.of(request.user)))


class SubmittedFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Leads by the day they were submitted, in the site's time zone."""

    title = _("submitted")
    parameter_name = "submitted"
    field = "submitted_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [
            ("today", gettext("Today")),
            ("yesterday", gettext("Yesterday")),
            ("7", gettext("Last 7 days")),
            ("30", gettext("Last 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen days."""
        today = timezone.localdate()
        chosen = {
            "today": last_days(1, today),
            "yesterday": Days(last_days(2, today).first, last_days(2, today).first),
            "7": last_days(7, today),
            "30": last_days(30, today),
        }.get(self.value() or "")
        if chosen is None:
            return queryset
        return _on(chosen, self.field, queryset)


def _on(days: Days, field: str, queryset: QuerySet[Any]) -> QuerySet[Any]:
    start, end = days.bounds(timezone.get_current_timezone())
    return queryset.filter(**{f"{field}__gte": start, f"{field}__lt": end})


class ClaimedFilter(SubmittedFilter):
    """Attempts by the day they were made."""

    title = _("called")
    parameter_name = "called"
    field = "claimed_at"


class DaysFilter(RangeDateFilter):  # type: ignore[misc]  # unfold has no types
    """From one day to another, both included, in the site's time zone. Either end may be left out.

    A day that cannot be read counts as left out. Days are written as in the report.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of these days."""
        typed = self.used_parameters.get
        first, last = (
            parsed_day(str(typed(f"{self.parameter_name}_{end}") or "")) for end in ("from", "to")
        )
        if first is None and last is None:
            return queryset
        return _on(Days(first or EARLIEST, last or LATEST), self.parameter_name, queryset)


class PersonFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Attempts by salesperson: a login with all its phones, or a phone without a login."""

    title = _("salesperson")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices, by name."""
        seen = scope.of(request.user)
        phones = Extension.objects.filter(seen.of_teams("team"))
        phones = phones.select_related("user").order_by("number")
        people = {f"user-{it.user_id}": shown_name(it.user) for it in phones if it.user}
        alone = {f"phone-{it.pk}": str(it) for it in phones if not it.user}
        return sorted({**people, **alone}.items(), key=lambda choice: choice[1].casefold())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The person's attempts: by the stored salesperson, else by the phone's owner now."""
        kind, _hyphen, number = (self.value() or "").partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < _MOST_DIGITS):
            return queryset
        if kind == "user":
            now_theirs = Q(salesperson__isnull=True, extension__user=number)
            return queryset.filter(Q(salesperson=number) | now_theirs)
        return queryset.filter(extension=number) if kind == "phone" else queryset


class AssignedFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Leads by the salesperson they are assigned to."""

    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices, by name: users with a phone that is seen, and, if all teams are seen, users
        with assigned leads.
        """
        seen = scope.of(request.user)
        phones = Extension.objects.filter(seen.of_teams("team"), user=OuterRef("pk"))
        theirs = Q(Exists(phones))
        if not seen.is_limited:
            theirs |= Q(Exists(Lead.objects.filter(assigned_to=OuterRef("pk"))))
        people = [(str(it.pk), shown_name(it)) for it in User.objects.filter(theirs)]
        people.sort(key=lambda choice: choice[1].casefold())
        return [(_ANYBODY, gettext("Anybody")), (_NOBODY, gettext("Nobody")), *people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads of that person."""
        chosen = self.value() or ""
        told = others_calls.assignee_is_told(scope.of(request.user))
        if chosen == _NOBODY:
            is_nobodys = Q(assigned_to__isnull=True)
            return queryset.filter(is_nobodys | ~told if told else is_nobodys)
        queryset = queryset.filter(told) if chosen else queryset
        if chosen == _ANYBODY:
            return queryset.filter(assigned_to__isnull=False)
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < _MOST_DIGITS):
            return queryset
        seen = scope.of(request.user)
        if seen.is_limited and not seen.has_phone_of(int(chosen)):
            return queryset.none()  # another team's assignee is hidden
        return queryset.filter(assigned_to=chosen)


_ANYBODY, _NOBODY = "anybody", "nobody"
_MOST_DIGITS = 19  # of an id in the database


class _OnlyFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """All rows, or only those for which a condition holds now."""

    words: Text
    condition: Callable[[datetime], Q]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [("yes", self.words)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows for which the condition holds, if that is chosen."""
        if self.value() != "yes":
            return queryset
        return queryset.filter(type(self).condition(timezone.now()))


class ToDoFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """What the overview's tiles count, where no other filter exists."""

    title = _("to do")
    parameter_name = "todo"
    conditions: ClassVar[dict[str, tuple[Text, Callable[[datetime], Q]]]] = {
        "waiting": (_("Waiting for an extension"), waiting),
        "later": (_("To be called later"), later),
        "failed_today": (_("Failed today"), failed_today),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [(value, words) for value, (words, _condition) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads of the chosen kind."""
        chosen = self.conditions.get(self.value() or "")
        return queryset.filter(chosen[1](timezone.now())) if chosen else queryset


class ReportFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """The rows behind a report's number. Shown only after following a link from a report."""

    title = _("from the report")
    parameter_name = drilldown.PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """What is listed, in words."""
        asked = self.value()
        if not asked:
            return []
        seen = scope.of(request.user)
        try:
            return [(asked, drilldown.read(asked, timezone.now(), seen).words())]
        except NotUnderstood as problem:
            return [(asked, str(problem).removesuffix("."))]  # the page adds one

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that were counted; none, with a warning, if the link cannot be read."""
        asked = self.value()
        if not asked:
            return queryset
        now = timezone.now()
        try:
            behind = drilldown.read(asked, now, scope.of(request.user))
            if behind.model is not queryset.model:
                raise NotUnderstood({"measure": gettext("The report has no such figure.")})
            return queryset.filter(behind.condition(now))
        except NotUnderstood as problem:
            messages.warning(request, str(problem))
            return queryset.none()


class MoodFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Leads by the AI's findings about their calls. For users who may read them."""

    title = _("AI findings (newest 1,000 calls)")
    parameter_name = "heard"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        moods = [(it, ai_data.mood_in_words(it)) for it in ("positive", "neutral", "negative")]
        return [*moods, (ai_data.ANY, gettext("Any finding"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads of these calls."""
        chosen = self.value()
        return (
            queryset.filter(pk__in=ai_data.leads_heard(chosen, scope.of(request.user)))
            if chosen
            else queryset
        )


class OverdueFilter(_OnlyFilter):
    """Open leads past their due time whose phone has not rung, including follow-ups."""

    title = _("overdue")
    parameter_name = "overdue"  # part of addresses: never translated
    words = _("Overdue, not rung yet")
    condition = staticmethod(sla.overdue_and_follow_ups)


class FollowUpFilter(_OnlyFilter):
    """Follow-up calls that salespeople planned after a talk."""

    title = _("follow-ups")
    parameter_name = "follow_ups"
    words = _("Follow-ups only")

    @staticmethod
    def condition(_now: datetime) -> Q:
        """Includes follow-ups that are done."""
        return Q(follow_up_of__isnull=False)


class UnansweredFilter(_OnlyFilter):
    """Waiting leads that nobody will ever call with the present setup."""

    title = _("unanswered")
    parameter_name = "unanswered"
    words = _("Nobody will call")
    condition = staticmethod(unroutable.leads)


class LiveFilter(_OnlyFilter):
    """Calls in progress."""

    title = _("in progress")
    parameter_name = "live"
    words = _("Calls in progress")

    @staticmethod
    def condition(_now: datetime) -> Q:
        """Counted as on the overview and the wallboard: without messages."""
        return Q(state__in=LIVE_STATES, kind=AttemptKind.CALL)


class TroubleFilter(_OnlyFilter):
    """Attempts that failed at the provider in the last 30 minutes."""

    title = _("trouble")
    parameter_name = "trouble"
    words = _("Failed at the provider in the last 30 minutes")
    condition = staticmethod(notices.not_placed)


class NobodyNowFilter(_OnlyFilter):
    """Sources for whose leads nobody can be rung right now."""

    title = _("reachable")
    parameter_name = "nobody"
    words = _("Nobody can take calls now")

    @staticmethod
    def condition(now: datetime) -> Q:
        """Selects those sources by id."""
        return Q(pk__in=[source.source_id for source in nobody_now.sources(now)])


class AvailabilityFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Extensions by what keeps them from being rung, apart from opening hours."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [
            ("busy", gettext("On a call or dialing")),
            ("paused", gettext("Paused")),
            ("blocked", gettext("Blocked by the provider")),
            ("out", gettext("Temporarily out")),
            ("seen", gettext("On another call, or away")),
            ("off", gettext("Off")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The extensions in that state."""
        now = timezone.now()
        condition = {
            "busy": Q(call_attempts__state__in=LIVE_STATES),
            "paused": paused_at(now),
            "blocked": Q(is_blocked=True),
            "out": Q(unavailable_until__gt=now),
            "seen": Q(provider_busy_until__gt=now),
            "off": Q(is_active=False) | Q(team__is_active=False),
        }.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)
