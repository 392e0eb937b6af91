"""The page "Who rings": what would happen to a lead, without creating one."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from callbacks.access import scope
from callbacks.common.formatting import dated, when
from callbacks.explain import preview
from leads.models import LeadSource

# Nobody reads hundreds of extensions.
SHOWN = 100


def may_ask(request: HttpRequest) -> bool:
    """Whether the user may ask: they see the leads and extensions of all teams."""
    user = request.user
    return scope.sees_all_teams(user) and all(
        user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}")
        for app, model in (("leads", "lead"), ("callbacks", "extension"))
    )


class QuestionForm(forms.Form):
    """The lead to ask about, and when it comes."""

    source = forms.ModelChoiceField(
        LeadSource.objects.all(),
        label=_("Source"),
        to_field_name="slug",
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": _("Choose one of the sources.")},
    )
    at = forms.CharField(
        label=_("Time of the request"),
        required=False,
        max_length=40,
        widget=forms.TextInput(
            attrs={"class": " ".join(INPUT_CLASSES), "placeholder": "2026-03-27 01:55"}
        ),
        help_text=_("In the teams' time zone. Empty: now."),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"class": " ".join(INPUT_CLASSES), "inputmode": "tel"}),
        help_text=_("Empty: any number."),
    )
    language = forms.CharField(
        label=_("Language"),
        required=False,
        max_length=8,
        widget=forms.TextInput(attrs={"class": " ".join(INPUT_CLASSES), "placeholder": _("he")}),
        help_text=_("Empty: not known."),
    )

    def question(self, now: Any) -> preview.PreviewQuestion | None:
        """What was asked; None, with an error in the form, if there is no answer."""
        given = self.cleaned_data
        try:
            return preview.question(
                given["source"].slug, given["at"], given["phone"], given["language"], now=now
            )
        except preview.CannotTell as problem:
            self.add_error(problem.field, str(problem))
            return None


@require_safe
def who_rings_page(request: HttpRequest) -> HttpResponse:
    """GET: the form, and the answer once a source is chosen. 403 for users who may not ask."""
    if not may_ask(request):
        raise PermissionDenied
    now = timezone.now()
    form = QuestionForm(request.GET) if "source" in request.GET else QuestionForm()
    context = {**admin.site.each_context(request), "title": gettext("Who rings"), "form": form}
    if form.is_bound and form.is_valid() and (asked := form.question(now)):
        found = preview.answer(asked, now)
        context |= {
            "found": found,
            "number": preview.readable(asked.phone),
            "comes": dated(asked.at, found.zone),
            "called": when(found.called_at, asked.at, found.zone) if found.called_at else "",
            "starts": when(found.clock_started_at, asked.at, found.zone),
            "due": when(found.due_at, asked.at, found.zone),
            "rung": found.rung[:SHOWN],
            "more_rung": max(len(found.rung) - SHOWN, 0),
            "not_rung": found.not_rung[:SHOWN],
            "more_not_rung": max(len(found.not_rung) - SHOWN, 0),
        }
    return TemplateResponse(request, "admin/who_rings.html", context)
