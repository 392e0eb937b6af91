"""The admin's first page: what needs somebody now, in a few numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.admin import filters
from callbacks.admin.attempts.unknown_outcomes import sees_attempts
from callbacks.explain import nobody_now, unroutable
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import manual_resolution
from leads import sla
from leads.models import OPEN_STATUSES, Lead, LeadStatus


@dataclass(frozen=True)
class Tile:
    """One number: what it counts, and where its leads are listed. `alarming` when above zero."""

    title: str
    count: int
    address: str
    alarming: bool = False

    @property
    def tone(self) -> str:
        """The colour's name for the template."""
        return "danger" if self.alarming and self.count else "none"


def tiles(now: datetime) -> list[Tile]:
    """What waits, is on, is late, has failed, and what nobody will call.

    Seven queries, and those of the set-up when it has changed.
    """
    counts = Lead.objects.filter(status__in=OPEN_STATUSES).aggregate(
        waiting=Count("pk", filter=filters.waiting(now)),
        later=Count("pk", filter=filters.later(now)),
        calling=Count("pk", filter=Q(status=LeadStatus.CALLING)),
        overdue=Count("pk", filter=sla.overdue_and_follow_ups(now)),
    )
    failed = Lead.objects.filter(filters.failed_today(now)).count()
    nobody_calls = Lead.objects.filter(unroutable.leads(now)).count()
    leads = reverse("admin:leads_lead_changelist")
    return [
        Tile(gettext("Waiting for an extension"), counts["waiting"], f"{leads}?todo=waiting"),
        Tile(gettext("To be called later"), counts["later"], f"{leads}?todo=later"),
        Tile(gettext("Calling now"), counts["calling"], f"{leads}?status__exact=calling"),
        Tile(
            gettext("Overdue, the phone has not rung"),
            counts["overdue"],
            f"{leads}?overdue=yes",
            alarming=True,
        ),
        Tile(gettext("Nobody will call"), nobody_calls, f"{leads}?unanswered=yes", alarming=True),
        Tile(gettext("Failed today"), failed, f"{leads}?todo=failed_today", alarming=True),
    ]


def questions() -> Tile:
    """Calls that somebody has to find out about."""
    address = reverse("admin:callbacks_unknownoutcome_changelist")
    count = manual_resolution.open_questions().count()
    return Tile(gettext("Nobody knows how it ended"), count, address, alarming=True)


def lost_answers() -> Tile:
    """Calls whose answer was lost, and that are being looked for: they keep lead and phone."""
    address = reverse("admin:callbacks_callattempt_changelist")
    count = CallAttempt.objects.filter(state=AttemptState.UNKNOWN).count()
    title = gettext("A call may be on, nobody knows yet")
    return Tile(title, count, f"{address}?state__exact={AttemptState.UNKNOWN}", alarming=True)


def silent_sources(now: datetime) -> Tile:
    """Sources for whose leads nobody can be rung at this moment."""
    address = reverse("admin:leads_leadsource_changelist")
    count = len(nobody_now.sources(now))
    return Tile(gettext("Nobody can be rung now"), count, f"{address}?nobody=yes", alarming=True)


def add_tiles(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Named in settings.UNFOLD; for people who may see leads, or attempts."""
    context["title"] = "Overview"
    if request.user.has_perm("leads.view_lead"):
        context["tiles"] = tiles(timezone.now())
    if request.user.has_perm("leads.view_leadsource"):
        context["tiles"] = [*context.get("tiles", []), silent_sources(timezone.now())]
    if sees_attempts(request):
        context["tiles"] = [*context.get("tiles", []), lost_answers(), questions()]
    return context
