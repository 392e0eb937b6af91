"""/admin/reports/lateness/: why the leads of some days were late, and what would have helped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from callbacks.access import scope
from callbacks.common.formatting import in_words, percent
from callbacks.common.translation import Text
from callbacks.lateness import studies, words
from callbacks.lateness.explained import Cause
from callbacks.lateness.remedies import is_near
from callbacks.models import Study, Team
from callbacks.models.studies import StudyKind
from callbacks.reports import choices, filters
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.periods import CHOSEN, PERIODS, TODAY
from callbacks.reports.views import periods_of
from leads import unavailable

# Past days change only by late records; a day in progress is calculated again.
_KEPT, _KEPT_TODAY = timedelta(hours=12), timedelta(minutes=5)
_NOT_NOW = _(
    "This cannot be calculated now because the database is read-only. Earlier results are shown."
)
# The list's parameter: "<study>:<cause>".
PARAMETER = "late_for"


@dataclass(frozen=True)
class ShownCause:
    """A row. `remedy`: what would have helped; "" if it is not shown."""

    key: str
    name: str
    meaning: str
    took: str
    share: str
    leads: str
    address: str
    remedy: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def lateness_page(request: HttpRequest) -> HttpResponse:
    """GET: the causes as last calculated for this address, with the time that they describe. If
    there are none, or they are old, starts a calculation. POST: starts one in any case.

    For users who see the leads of all teams, because it covers all teams; others get 403.
    """
    user = request.user
    if not may_see(user):
        raise PermissionDenied
    now = timezone.now()
    context: dict[str, Any] = {**admin.site.each_context(request), "title": gettext("Lateness")}
    problems: dict[str, str] = {}
    days = last_days(1, timezone.localdate())
    try:
        asked = filters.read(request.GET, now)
    except NotUnderstood as wrong:
        problems, query = wrong.problems, request.GET.copy()
    else:
        query, days = asked.query(), asked.days
        if request.method == "POST":
            studies.ask(StudyKind.LATENESS, _key(asked), user, now)
            return HttpResponseRedirect(f"{reverse('lateness')}?{query.urlencode()}")
        context |= _shown(asked, user, now)
    period = query.get("period") or (CHOSEN if query.get("first") else TODAY)
    context |= {
        "fields": [it for it in choices.fields(query, problems) if it.name != "by"],
        "problems": problems,
        "compares_nothing": True,
        "query": query,
        "period": period,
        "is_custom": period not in PERIODS,
        "periods": periods_of(query, days),
        "causes_defined": [(str(name), str(meaning)) for name, meaning in words.CAUSES.values()],
    }
    return TemplateResponse(request, "reports/lateness.html", context)


def may_see(user: User | AnonymousUser) -> bool:
    """Whether the user sees the leads of all teams."""
    return scope.sees_leads(user) and scope.sees_all_teams(user)


def _key(asked: Asked) -> str:
    """The key of a study: the days themselves, because "today" is another day tomorrow."""
    return asked.fixed().query().urlencode()


def _shown(asked: Asked, user: Any, now: datetime) -> dict[str, Any]:
    key = _key(asked)
    kept = list(Study.objects.filter(kind=StudyKind.LATENESS, asked=key)[:5])
    newest = kept[0] if kept else None
    is_refused = False
    if newest is None or _is_old(newest, asked, now):
        try:
            newest = studies.ask(StudyKind.LATENESS, key, user, now)
            kept.insert(0, newest)
        except Error as error:
            if unavailable.cause(error) is None:
                raise
            is_refused = True  # earlier results are still shown
    if newest:
        studies.look_after(newest, now)
    found = next((it for it in kept if it.result is not None), None)
    return {
        "asked": asked,
        "days": asked.days,
        "time_zone": asked.zone,
        "remarks": filters.remarks(asked),
        "under_way": newest if newest and newest.finished_at is None else None,
        "failed": _NOT_NOW if is_refused else newest and studies.problem_of(newest),
        "found": found,
        "as_of": found and found.started_at and found.started_at.astimezone(asked.tz),
        "callback_times": f"{reverse('callback-times')}?{asked.query().urlencode()}",
        **(_result(found) if found else {}),
    }


def _is_old(study: Study, asked: Asked, now: datetime) -> bool:
    if study.finished_at is None or study.started_at is None:
        return False
    goes_on = asked.bounds[1] > now
    return now - study.started_at > (_KEPT_TODAY if goes_on else _KEPT)


def _result(study: Study) -> dict[str, Any]:
    result = study.result or {}
    really, simulated = result.get("really"), result.get("simulated")
    near = is_near(really, simulated)
    tried = {it["cause"]: it for it in result.get("remedies", [])}
    teams = dict(Team.objects.values_list("pk", "name"))
    causes = []
    for place, it in enumerate(result["causes"]):
        said = ""
        if place < studies.LARGEST and near:
            said = words.remedy(tried.get(it["key"]), simulated, teams)
        causes.append(
            ShownCause(
                key=it["key"],
                name=words.name(it["key"]),
                meaning=words.meaning(it["key"]),
                took=in_words(it["seconds"]),
                share=percent(it["seconds"] / result["seconds"]) if result["seconds"] else "",
                leads=number_format(len(it["leads"]), force_grouping=True),
                address=address_of(study, it["key"]),
                remedy=said,
            )
        )
    return {
        "late": number_format(result["leads"], force_grouping=True),
        "late_address": address_of(study, studies.ALL),
        "late_for": in_words(result["seconds"]),
        "causes": causes,
        "largest": causes[: studies.LARGEST],
        "really": None if really is None else in_words(really),
        "replayed": _replayed(really, simulated, near=near),
        "has_pauses": any(it["key"] == Cause.PAUSED.value for it in result["causes"]),
    }


def _replayed(really: float | None, simulated: float | None, *, near: bool) -> Text:
    if really is None or simulated is None:
        return gettext(
            "What would have helped is not known: there are no calls, or too many leads, to replay."
        )
    values = {"really": in_words(really), "simulated": in_words(simulated)}
    if near:
        return gettext(
            "Based on the replay. Its p90 for these days is %(simulated)s; the "
            "measured p90 is %(really)s."
        ) % values  # fmt: skip
    return gettext(
        "What would have helped is not known: the replay's p90 for these "
        "days, %(simulated)s, is too far from the measured p90, %(really)s."
    ) % values  # fmt: skip


def address_of(study: Study, cause: str) -> str:
    """The address of the list of exactly the leads counted for a cause."""
    return f"{reverse('admin:leads_lead_changelist')}?{PARAMETER}={study.public_id}:{cause}"
