"""The admin's first page: the situation now, what needs attention, and today's figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.access.scope import EVERYTHING, Scope
from callbacks.admin import filters, today
from callbacks.admin.attempts.unknown_outcomes import sees_attempts
from callbacks.common.formatting import in_words
from callbacks.explain import nobody_now, unroutable
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.monitoring import notices, right_now
from callbacks.opening_hours import sla_clock
from callbacks.reconciliation import manual_resolution
from callbacks.routing.availability import paused_at
from leads import sla
from leads.config_cache import one_version
from leads.models import OPEN_STATUSES, Lead, LeadStatus, is_held


@dataclass(frozen=True)
class Tile:
    """One number: what it counts, and the list of its rows. `alarming` when above zero."""

    title: str
    count: int
    address: str
    alarming: bool = False


@dataclass(frozen=True)
class Wait:
    """The longest wait against its target, in words. `late`: by how much, or ""."""

    address: str
    waited: str
    target: str
    late: str


def tiles(now: datetime, seen: Scope = EVERYTHING) -> list[Tile]:
    """Leads: waiting, scheduled, being called, overdue, failed, held, or with nobody to call."""
    failed, is_open = filters.failed_today(now), Q(status__in=OPEN_STATUSES)
    counts = Lead.objects.filter(is_open | failed, seen.leads()).aggregate(
        waiting=Count("pk", filter=filters.waiting(now)),
        later=Count("pk", filter=filters.later(now)),
        calling=Count("pk", filter=Q(status=LeadStatus.CALLING)),
        overdue=Count("pk", filter=is_open & sla.overdue_and_follow_ups(now)),
        failed=Count("pk", filter=failed),
    )
    counts |= _counted(
        {
            "held": Lead.objects.filter(is_held(), seen.leads()),
            "nobody_calls": Lead.objects.filter(unroutable.leads(now), seen.leads()),
        }
    )
    leads = reverse("admin:leads_lead_changelist")
    return [
        Tile(gettext("Waiting for an extension"), counts["waiting"], f"{leads}?todo=waiting"),
        Tile(gettext("To be called later"), counts["later"], f"{leads}?todo=later"),
        Tile(gettext("Calling now"), counts["calling"], f"{leads}?status__exact=calling"),
        Tile(
            gettext("Overdue, not rung yet"),
            counts["overdue"],
            f"{leads}?overdue=yes",
            alarming=True,
        ),
        Tile(
            gettext("Nobody will call"),
            counts["nobody_calls"],
            f"{leads}?unanswered=yes",
            alarming=True,
        ),
        Tile(
            gettext("Held for review"),
            counts["held"],
            reverse("admin:leads_heldlead_changelist"),
            alarming=True,
        ),
        Tile(
            gettext("Failed today"), counts["failed"], f"{leads}?todo=failed_today", alarming=True
        ),
    ]


def _counted(which: dict[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query has, in one query. A UNION, so that each part uses its own index:
    joined by OR, they would read the whole table.
    """
    of_each = [
        rows.order_by()
        .annotate(counted=Value(name))
        .values("counted")
        .annotate(count=Count("pk"))
        .values_list("counted", "count")
        for name, rows in which.items()
    ]
    return dict.fromkeys(which, 0) | dict(of_each[0].union(*of_each[1:], all=True))


def of_attempts(here: right_now.Now, seen: Scope = EVERYTHING) -> list[Tile]:
    """Calls with an unknown outcome, and calls that failed at the provider.

    One query.
    """
    attempts = reverse("admin:callbacks_callattempt_changelist")
    counts = _counted(
        {
            "questions": manual_resolution.open_questions().filter(seen.calls()),
            "not_placed": CallAttempt.objects.filter(notices.not_placed(here.now), seen.calls()),
        }
    )
    return [
        Tile(
            gettext("A call may be in progress, not known yet"),
            here.unknown,
            f"{attempts}?state__exact={AttemptState.UNKNOWN}",
            alarming=True,
        ),
        Tile(
            gettext("Unknown outcomes"),
            counts["questions"],
            reverse("admin:callbacks_unknownoutcome_changelist"),
            alarming=True,
        ),
        Tile(
            gettext("Failed at the provider in the last 30 minutes"),
            counts["not_placed"],
            f"{attempts}?trouble=yes",
            alarming=True,
        ),
    ]


def of_extensions(now: datetime, seen: Scope = EVERYTHING) -> list[Tile]:
    """Phones that stay silent until somebody, or the end of a pause, frees them. One query."""
    extensions = reverse("admin:callbacks_extension_changelist")
    counts = Extension.objects.filter(seen.of_teams("team")).aggregate(
        paused=Count("pk", filter=paused_at(now)), blocked=Count("pk", filter=Q(is_blocked=True))
    )
    return [
        Tile(
            gettext("Extensions paused"), counts["paused"], f"{extensions}?state=paused",
            alarming=True,
        ),
        Tile(
            gettext("Extensions blocked by the provider"), counts["blocked"],
            f"{extensions}?state=blocked", alarming=True,
        ),
    ]  # fmt: skip


def silent_sources(silent: list[nobody_now.SilentSource]) -> Tile:
    """Sources for whose leads nobody can be rung right now."""
    address = reverse("admin:leads_leadsource_changelist")
    return Tile(
        gettext("Sources nobody can take calls for now"), len(silent), f"{address}?nobody=yes",
        alarming=True,
    )  # fmt: skip


def longest_wait(here: right_now.Now) -> Wait | None:
    """The longest wait among leads to be called whose phone is not ringing, measured by the same
    clock as the target.
    """
    longest = here.longest
    if longest is None:
        return None
    promise = longest.promise
    waited = promise.shown(longest.since, here.now)
    target = in_words(promise.target.total_seconds())
    if promise.rule == sla_clock.OPEN:
        target = gettext("%(target)s of opening hours") % {"target": target}
    late = (waited - promise.target).total_seconds() if here.now > longest.due_at else 0
    return Wait(
        reverse("admin:leads_lead_change", args=[longest.lead_id]),
        in_words(waited.total_seconds()),
        target,
        in_words(late) if late > 0 else "",
    )


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Named in settings.UNFOLD. Shows each part only to people who may see what it counts."""
    with one_version():
        return context | _overview(request, timezone.now())


def _overview(request: HttpRequest, now: datetime) -> dict[str, Any]:
    context: dict[str, Any] = {"title": gettext("Overview")}
    shown: list[Tile] = []
    seen = scope.of(request.user)
    sees_leads = _may_see(request, "leads", "lead")
    sees_people = _may_see(request, "callbacks", "extension")
    context["sees_attempts"] = sees_attempts(request)
    context["as_of"] = f"{timezone.localtime(now):%H:%M:%S}"
    if sees_leads or sees_people or context["sees_attempts"]:
        context["here"] = here = right_now.read(now, seen)
    if sees_leads:
        shown += tiles(now, seen)
        context["longest"] = longest_wait(here)
    if scope.sees_figures(request.user) and not seen.is_limited:
        context["today"] = today.read(now, seen)
    if _may_see(request, "leads", "leadsource"):
        silent = nobody_now.sources(now)
        # The notices above the page need the same sources: this saves reading them twice.
        context["notices"] = notices.current(silent)
        shown.append(silent_sources(silent))
    if context["sees_attempts"]:
        shown += of_attempts(here, seen)
    if sees_people:
        shown += of_extensions(now, seen)
        context["teams"] = here.teams
    context["tiles"] = shown
    context["counts"] = [it for it in shown if not it.alarming]
    if context["sees_attempts"]:  # they get the tile of calls instead
        context["counts"] = [it for it in context["counts"] if "calling" not in it.address]
    context["needs"] = [it for it in shown if it.alarming and it.count]
    return context


def _may_see(request: HttpRequest, app: str, model: str) -> bool:
    return any(request.user.has_perm(f"{app}.{may}_{model}") for may in ("view", "change"))
