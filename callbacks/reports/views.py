"""The report's page in the admin."""

from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from callbacks.common.formatting import in_words
from callbacks.reports.forms import CHOSEN, PERIODS, TODAY, PeriodForm
from callbacks.reports.queries import DEFINITIONS, SMALL_SAMPLE, CallbackTimes, callback_times
from callbacks.reports.stages import Group, StageTimes, stage_times
from callbacks.reports.time_breakdown import STAGES, Part, Stage
from leads.models import SlaClock

NO_DATA = _("no data")


@dataclass(frozen=True)
class Shown:
    """A row of the report as text; what is not known is said in words."""

    name: str
    row: CallbackTimes
    not_counted: str
    overdue: str
    clock: str
    ring_p50: str
    ring_p90: str
    ring_p95: str
    ring_p95_said: str
    ring_of: str
    talk_p50: str
    talk_of: str
    within_target: str
    judged: str
    accepted_p50: str
    accepted_p95: str


@dataclass(frozen=True)
class ShownStage:
    """The mean of a stage, and its share of all time; no share where there was no time."""

    stage: Stage
    mean: str
    share: str


@dataclass(frozen=True)
class ShownTimes:
    """A row of "where the time goes" as text, and its bar."""

    name: str
    leads: int
    mean: str
    stages: tuple[ShownStage, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ShownGroup:
    """A table of "where the time goes"."""

    title: str
    nothing: str
    rows: tuple[ShownTimes, ...]


@require_safe
def callback_times_page(request: HttpRequest) -> HttpResponse:
    """GET: leads, phones that rang, talks, times and share within target for the chosen days.

    For people who may see leads; others get 403.
    """
    user = request.user
    if not (user.has_perm("leads.view_lead") or user.has_perm("leads.change_lead")):
        raise PermissionDenied
    zone = timezone.get_current_timezone()
    form = PeriodForm(request.GET or {"period": TODAY}, timezone.localdate())
    context = {
        **admin.site.each_context(request),
        "title": gettext("Callback times"),
        "form": form,
        "periods": [period for period in PERIODS if period[0] != CHOSEN],
        "chosen": CHOSEN,
        "time_zone": str(zone),
        "definitions": DEFINITIONS.items(),
        "stages": STAGES,
    }
    if form.is_valid():
        days = form.days()
        now = timezone.now()
        report = callback_times(*days.bounds(zone), now)
        connected, others = stage_times(*days.bounds(zone), now)
        context |= {
            "days": days,
            "groups": [
                _group(
                    gettext("Leads they talked with"),
                    gettext("With no lead of these days has anybody talked yet"),
                    connected,
                ),
                _group(gettext("All other leads, so far"), gettext("There are no others"), others),
            ],
            "total": shown(gettext("All sources"), report.total),
            "rows": [shown(row.source or "", row) for row in report.by_source],
        }
    return TemplateResponse(request, "reports/callback_times.html", context)


def shown(name: str, row: CallbackTimes) -> Shown:
    """The row as people read it."""
    share = row.share_within_target
    return Shown(
        name=name,
        row=row,
        not_counted=_not_counted(row.not_counted),
        overdue=gettext("%(count)s still overdue") % {"count": row.overdue} if row.overdue else "",
        clock=str(SlaClock(row.clock).label)
        if row.clock
        else gettext("each by its source's clock"),
        ring_p50=_duration(row.ring_p50),
        ring_p90=_duration(row.ring_p90),
        ring_p95=_duration(row.ring_p95),
        ring_p95_said=gettext("p95: %(duration)s") % {"duration": _duration(row.ring_p95)},
        ring_of=_small(row.rang),
        talk_p50=_duration(row.talk_p50),
        talk_of=_small(row.talked),
        within_target=str(NO_DATA) if share is None else percent(share),
        judged=gettext("%(within_target)s of %(judged)s")
        % {"within_target": row.within_target, "judged": row.judged}
        if row.judged
        else "",
        accepted_p50=_duration(row.accepted_p50),
        accepted_p95=_duration(row.accepted_p95),
    )


def _not_counted(leads: int) -> str:
    sentence = ngettext("%(count)s more not counted", "%(count)s more not counted", leads)
    return sentence % {"count": leads} if leads else ""


def _small(leads: int) -> str:
    """Said below percentiles of so few leads that they mean little; "" of many, or of none."""
    if not 0 < leads < SMALL_SAMPLE:
        return ""
    sentence = ngettext("of %(count)s lead only", "of %(count)s leads only", leads)
    return sentence % {"count": leads}


def _group(title: str, nothing: str, group: Group) -> ShownGroup:
    rows = [_times(row.source or "", row) for row in group.by_source]
    if group.total and len(rows) > 1:
        rows.append(_times(gettext("All sources"), group.total))
    return ShownGroup(title, nothing, tuple(rows))


def _times(name: str, row: StageTimes) -> ShownTimes:
    stages = [
        ShownStage(stage, in_words(row.means[stage.column]), percent(share) if share else "")
        for stage in STAGES
        for share in [row.share(stage)]
    ]
    return ShownTimes(name, row.leads, in_words(row.total), tuple(stages), row.parts)


def percent(share: float) -> str:
    """0.987 -> "98.7 %". Never rounded up to 100 or down to 0 when it is not quite that."""
    tenths = round(share * 1000)
    if share < 1:
        tenths = min(tenths, 999)
    if share > 0:
        tenths = max(tenths, 1)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def _duration(seconds: float | None) -> str:
    return str(NO_DATA) if seconds is None else in_words(seconds)
