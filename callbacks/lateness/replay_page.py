"""/admin/reports/replay/: the leads of some days, replayed with a changed team."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from callbacks.access import scope
from callbacks.common.formatting import in_words, percent
from callbacks.lateness import studies
from callbacks.lateness.remedies import is_near
from callbacks.models import Schedule, Study, Team, TeamSource
from callbacks.models.studies import StudyKind
from callbacks.replay.engine import ASSUMED
from callbacks.reports import filters
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.periods import CHOSEN, PERIODS

RIGHT = "callbacks.run_replay"
_MOST_PEOPLE, _LONGEST_WRAP_UP, _EARLIEST = 50, 3600, 240
_NOTHING = "-"


def may_replay(request: HttpRequest) -> bool:
    """Whether the user sees the leads of all teams, and has the right."""
    user = request.user
    sees = scope.sees_leads(user) and scope.sees_all_teams(user)
    return bool(sees and user.has_perm(RIGHT))


def _input(kind: str = "number", **attributes: Any) -> forms.TextInput:
    classes = " ".join(INPUT_CLASSES)
    return forms.TextInput(attrs={"class": classes, "type": kind, **attributes})


class ReplayForm(forms.Form):
    """The days, the team, and the change. `asked`: what the study is asked for."""

    period = forms.ChoiceField(
        label=_("Days"),
        choices=[*((key, it.name) for key, it in PERIODS.items()), (CHOSEN, _("From, to"))],
        widget=UnfoldAdminSelectWidget,
    )
    first = forms.CharField(label=_("From"), required=False, widget=_input("date"))
    last = forms.CharField(label=_("To"), required=False, widget=_input("date"))
    change_team = forms.ModelChoiceField(
        Team.objects.filter(is_active=True).order_by("name"),
        label=_("Team"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
        help_text=_("The leads of the sources this team answers are replayed."),
        error_messages={"invalid_choice": _("Choose one of the teams.")},
    )
    people = forms.IntegerField(
        label=_("People"),
        required=False,
        min_value=-_MOST_PEOPLE,
        max_value=_MOST_PEOPLE,
        widget=_input(),
        help_text=_("How many more or fewer, for example 1 or -1."),
    )
    wrap_up = forms.IntegerField(
        label=_("Rest after a call"),
        required=False,
        min_value=0,
        max_value=_LONGEST_WRAP_UP,
        widget=_input(),
        help_text=_("Seconds. Empty: unchanged."),
    )
    waits = forms.ChoiceField(
        label=_("Gaps between tries"),
        choices=[
            ("100", _("unchanged")), ("50", _("half as long")),
            ("25", _("a quarter as long")), ("200", _("twice as long")),
        ],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    schedule = forms.ModelChoiceField(
        Schedule.objects.order_by("name"),
        label=_("Hours"),
        required=False,
        empty_label=_("unchanged"),
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": _("Choose one of the schedules.")},
    )
    earlier = forms.IntegerField(
        label=_("Opens earlier"),
        required=False,
        min_value=0,
        max_value=_EARLIEST,
        widget=_input(),
        help_text=_("Minutes."),
    )
    strategy = forms.ChoiceField(
        label=_("Strategy"),
        choices=[("", _("unchanged")), *Team.Strategy.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        """Checks that the days and the team give something to replay."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        if given.get("schedule") and given.get("earlier"):
            self.add_error("earlier", gettext("Choose either other hours or an earlier opening."))
        sources = TeamSource.objects.filter(team=given["change_team"])
        ids = list(sources.values_list("source", flat=True))
        if not ids:
            self.add_error("change_team", gettext("This team answers no source."))
            return given
        query = QueryDict(mutable=True)
        for name in ("period", "first", "last"):
            if given.get(name):
                query[name] = given[name]
        query.setlist("source", [str(it) for it in ids])
        try:
            asked = filters.read(query, timezone.now())
        except NotUnderstood as wrong:
            for name, words in wrong.problems.items():
                self.add_error(name if name in self.fields else "period", words)
            return given
        self.asked = self._written(asked, given)
        return given

    def _written(self, asked: Asked, given: Mapping[str, Any]) -> str:
        query = asked.fixed().query()
        for name in ("people", "wrap_up", "waits", "earlier", "strategy"):
            if given.get(name) not in (None, ""):
                query[name] = str(given[name])
        query["change_team"] = str(given["change_team"].pk)
        if given.get("schedule"):
            query["schedule"] = str(given["schedule"].pk)
        return query.urlencode()


@require_http_methods(["GET", "HEAD", "POST"])
def replay_page(request: HttpRequest, key: Any = None) -> HttpResponse:
    """GET: the form, and the result that the address names. POST: starts a replay by the form, and
    redirects to its result. 403 without the right, 404 if the result is no longer kept.
    """
    if not may_replay(request):
        raise PermissionDenied
    now = timezone.now()
    if request.method == "POST":
        form = ReplayForm(request.POST)
        if form.is_valid():
            study = studies.ask(StudyKind.REPLAY, form.asked, request.user, now)
            return HttpResponseRedirect(reverse("replay-result", args=[study.public_id]))
        return _answer(request, {"form": form})
    if key is None:
        return _answer(request, {"form": ReplayForm(initial=_begins(request.GET))})
    found = Study.objects.filter(kind=StudyKind.REPLAY, public_id=key).first()
    if found is None:
        raise Http404
    studies.look_after(found, now)
    query = QueryDict(found.asked)
    context: dict[str, Any] = {"form": ReplayForm(initial=query.dict())}
    if found.finished_at is None:
        context["under_way"] = found
    elif found.problem:
        context["failed"] = studies.problem_of(found)
    return _answer(request, context | _result(found, query))


def _begins(query: QueryDict) -> dict[str, str]:
    return {"period": "7", "waits": "100", **{key: str(it) for key, it in query.items()}}


def _answer(request: HttpRequest, context: Mapping[str, Any]) -> HttpResponse:
    shown = {**admin.site.each_context(request), "title": gettext("Replay"), "assumed": ASSUMED}
    return TemplateResponse(request, "reports/replay.html", {**shown, **context})


@dataclass(frozen=True)
class Line:
    """A row of the table: a figure as measured, replayed unchanged, and replayed with the change.
    Each has the name of its column.
    """

    name: str
    values: tuple[tuple[str, str], ...]


def _result(study: Study, query: QueryDict) -> dict[str, Any]:
    if study.result is None:
        return {}
    columns = [
        (gettext("As it was"), study.result["really"], "soft"),
        (gettext("Replayed unchanged"), study.result["simulated"], "bars"),
    ]
    if study.result["changed"]:
        columns.append((gettext("Replayed with the change"), study.result["changed"], "accent"))
    names: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [
        (gettext("Leads"), lambda it: _count(it["leads"])),
        (gettext("Phones that rang"), lambda it: _count(it["rang"])),
        (gettext("Time to ring, p50"), lambda it: _time(it["ring_p50"])),
        (gettext("Time to ring, p90"), lambda it: _time(it["ring_p90"])),
        (gettext("Within target"), lambda it: _share(it["within_target"], it["judged"])),
    ]
    limits = [gettext("within %(time)s") % {"time": in_words(it)} for it in studies.LIMITS]
    lines = [Line(name, tuple((head, say(of)) for head, of, _c in columns)) for name, say in names]
    within = [
        Line(limit, tuple((head, percent(of["within"][place])) for head, of, _c in columns))
        for place, limit in enumerate(limits)
    ]
    return {
        "found": study,
        "far_off": _far_off(*(study.result[it]["ring_p90"] for it in ("really", "simulated"))),
        "days": filters.read(query, study.asked_at).days if not _gone(query, study) else "",
        "change": _change(query),
        "head": [name for name, _of, _colour in columns],
        "lines": lines,
        "within": within,
        "chart": {
            "kind": "bars",
            "labels": limits,
            "series": [
                {
                    "name": name,
                    "colour": colour,
                    "values": [round(100 * it, 1) for it in of["within"]],
                    "words": [percent(it) for it in of["within"]],
                }
                for name, of, colour in columns
            ],
        },
    }  # fmt: skip


def _far_off(really: float | None, simulated: float | None) -> str:
    """Why the replay of these days cannot be believed, else ""."""
    if really is None or simulated is None or is_near(really, simulated):
        return ""
    return gettext(
        "The replay is not accurate for these days. Even without a change "
        "its p90 is %(simulated)s, while the measured p90 is %(really)s. "
        "It cannot tell what a change would have achieved."
    ) % {"simulated": in_words(simulated), "really": in_words(really)}


def _gone(query: QueryDict, study: Study) -> bool:
    """Whether the query can no longer be read, because a source was deleted since."""
    try:
        filters.read(query, study.asked_at)
    except NotUnderstood:
        return True
    return False


def _change(asked: QueryDict) -> str:
    """The change, in words; "" if there was none."""
    query = {key: str(it) for key, it in asked.items()}
    said = []
    if people := int(query.get("people") or 0):
        said.append(
            ngettext("%(count)d more person", "%(count)d more people", people) % {"count": people}
            if people > 0
            else ngettext("%(count)d fewer person", "%(count)d fewer people", -people)
            % {"count": -people}
        )
    if query.get("wrap_up"):
        said.append(gettext("a rest of %(time)s") % {"time": in_words(float(query["wrap_up"]))})
    if (waits := query.get("waits") or "100") != "100":
        said.append(gettext("gaps of %(share)s %%") % {"share": waits})
    if query.get("schedule"):
        schedule = Schedule.objects.filter(pk=query["schedule"]).first()
        said.append(gettext("the hours of %(name)s") % {"name": schedule or _NOTHING})
    if earlier := int(query.get("earlier") or 0):
        said.append(gettext("open %(time)s earlier") % {"time": in_words(60.0 * earlier)})
    if strategy := query.get("strategy"):
        said.append(str(dict(Team.Strategy.choices).get(strategy, strategy)))
    team = Team.objects.filter(pk=query.get("change_team") or 0).first()
    if not said or team is None:
        return ""
    values = {"team": team.name, "what": gettext(", ").join(said)}
    return gettext("%(team)s: %(what)s") % values


def _count(value: int) -> str:
    return number_format(value, force_grouping=True)


def _time(seconds: float | None) -> str:
    return _NOTHING if seconds is None else in_words(seconds)


def _share(count: int, of: int) -> str:
    return percent(count / of) if of else _NOTHING
