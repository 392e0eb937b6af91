"""Importing the account's extensions: a page with the differences, and what to do about each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminSelectWidget

from callbacks.admin.extensions import empty_teams
from callbacks.common.translation import Text
from callbacks.extensions import account_import
from callbacks.extensions.account_import import ImportChoice, ImportPlan, ImportResult, PlanChanged
from callbacks.models import Team
from callbacks.telephony import account as provider_account
from callbacks.voicenter import (
    AccountExtension,
    ConfigurationError,
    Forbidden,
    InvalidCall,
    NotSent,
    Refused,
    VoicenterError,
)
from leads.admin import Admin

NEW, RENAMED, GONE = "add", "rename", "switch_off"
# Rows on each page: nobody can check more boxes at once.
ROWS = 80

_SECTIONS = {
    NEW: (
        _("New in the account"),
        _("Ticked extensions are added to the team and get calls for its leads."),
    ),
    RENAMED: (
        _("Different name in the account"),
        _("Ticked extensions take the account's name; the others keep the name they have here."),
    ),
    GONE: (
        _("No longer in the account"),
        _(
            "Ticked extensions are switched off: they get no calls, and their call history "
            "is kept. Nothing is deleted."
        ),
    ),
}


@dataclass(frozen=True)
class ImportRow:
    """An extension that differs, and whether it is ticked."""

    section: str
    number: str
    name: str
    before: str = ""
    ticked: bool = True


@dataclass(frozen=True)
class Section:
    """Rows of one kind, with what ticking them does."""

    field: str
    title: Text
    explanation: Text
    rows: list[ImportRow]


class ImportForm(forms.Form):
    """What was ticked, and the plan that was shown."""

    seen = forms.CharField(widget=forms.HiddenInput)
    team = forms.ModelChoiceField(
        Team.objects.all(),
        required=False,
        label=_("Team for the new extensions"),
        empty_label=_("Choose a team"),
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": _("This team no longer exists. Choose another.")},
    )

    def __init__(self, plan: ImportPlan, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            (NEW, plan.new), (RENAMED, plan.renamed), (GONE, plan.gone),
        ):  # fmt: skip
            choices = [(it.number, it.number) for it in rows]
            self.fields[name] = forms.MultipleChoiceField(choices=choices, required=False)

    def clean(self) -> dict[str, Any]:
        """New extensions need a team."""
        cleaned = super().clean() or {}
        if cleaned.get(NEW) and not cleaned.get("team") and "team" not in self.errors:
            self.add_error("team", gettext("Choose a team for the new extensions."))
        return cleaned

    def choice(self) -> ImportChoice:
        """What to do. For a valid form."""
        team: Team | None = self.cleaned_data["team"]
        return ImportChoice(
            team_id=team.pk if team else None,
            add=self.cleaned_data[NEW],
            rename=self.cleaned_data[RENAMED],
            switch_off=self.cleaned_data[GONE],
        )


class ImportsExtensions(Admin):
    """The button above the list of extensions, and its page."""

    actions_list = ("import_extensions",)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether the user may add and change extensions."""
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    @action(  # type: ignore[untyped-decorator]
        description=_("Import from the account"),
        url_path="import",
        permissions=["import"],
        icon="sync",
    )
    def import_extensions(self, request: HttpRequest) -> HttpResponse:
        """GET: shows what differs. POST: does what was ticked, unless the plan changed since."""
        try:
            account = provider_account.client().extensions()
        except VoicenterError as error:
            return self._page(request, problem=_problem(error))
        if not account:
            return self._page(request, nothing=True)
        plan = account_import.plan_for(account)
        if request.method != "POST":
            return self._page(request, plan=plan, form=_fresh(plan))
        if request.POST.get("seen") != plan.fingerprint:
            return self._changed(request, plan)
        form = ImportForm(plan, request.POST)
        if not form.is_valid():
            return self._page(request, plan=plan, form=form)
        try:
            done = self._apply(request, account, plan, form.choice())
        except PlanChanged:
            return self._changed(request, account_import.plan_for(account))
        self.message_user(request, _said(done), messages.SUCCESS if _any(done) else messages.INFO)
        gone = Team.objects.filter(extensions__number__in=form.choice().switch_off)
        empty_teams.warn(self, request, gone)
        return HttpResponseRedirect(reverse("admin:callbacks_extension_changelist"))

    def _apply(
        self,
        request: HttpRequest,
        account: list[AccountExtension],
        plan: ImportPlan,
        choice: ImportChoice,
    ) -> ImportResult:
        """The changes and their log entries, in one transaction."""
        with transaction.atomic():
            done = account_import.apply(account, plan.fingerprint, choice)
            for extension in done.added:
                self.log_addition(request, extension, gettext("Imported from the account"))
            for extension, before in done.renamed:
                self.log_change(
                    request,
                    extension,
                    gettext("Renamed by an import, from: %(or)s") % {"or": before or "-"},
                )
            for extension in done.switched_off:
                self.log_change(
                    request, extension, gettext("Switched off: no longer in the account")
                )
        return done

    def _changed(self, request: HttpRequest, plan: ImportPlan) -> HttpResponse:
        self.message_user(
            request,
            gettext(
                "The account or the extensions here have changed in the meantime. Nothing was "
                "done. Check the differences again."
            ),
            messages.WARNING,
        )
        return self._page(request, plan=plan, form=_fresh(plan))

    def _page(
        self,
        request: HttpRequest,
        *,
        plan: ImportPlan | None = None,
        form: ImportForm | None = None,
        **more: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Import extensions"),
            "opts": self.model._meta,
            "back": reverse("admin:callbacks_extension_changelist"),
            "plan": plan,
            "form": form,
            "checkbox": " ".join(CHECKBOX_CLASSES),
            **more,
        }
        if plan and form:
            page = Paginator(_rows(plan, form), ROWS).get_page(request.GET.get("page"))
            context |= {"page": page, "sections": _sections(page)}
        return TemplateResponse(request, "admin/callbacks/extension/import.html", context)


def _fresh(plan: ImportPlan) -> ImportForm:
    """The form as first shown. If there is only one team, it is chosen already."""
    teams = list(Team.objects.values_list("pk", flat=True)[:2])
    initial = {"seen": plan.fingerprint, "team": teams[0] if len(teams) == 1 else None}
    return ImportForm(plan, initial=initial)


def _rows(plan: ImportPlan, form: ImportForm) -> list[ImportRow]:
    """The differences, with ticks. A person's ticks survive an error in the form."""

    def ticked(section: str, number: str) -> bool:
        if not form.is_bound:
            return section == NEW or number in plan.to_be_named
        return number in form[section].value()

    rows = [ImportRow(NEW, it.number, it.name, "", ticked(NEW, it.number)) for it in plan.new]
    rows += [
        ImportRow(
            RENAMED,
            it.number,
            it.after,
            it.before or gettext("no name"),
            ticked(RENAMED, it.number),
        )
        for it in plan.renamed
    ]
    rows += [ImportRow(GONE, it.number, it.name, "", ticked(GONE, it.number)) for it in plan.gone]
    return rows


def _sections(rows: "Page[ImportRow]") -> Iterable[Section]:
    for field, (title, explanation) in _SECTIONS.items():
        of_kind = [row for row in rows if row.section == field]
        if of_kind:
            yield Section(field, title, explanation, of_kind)


def _any(done: ImportResult) -> bool:
    return bool(done.added or done.renamed or done.switched_off)


def _said(done: ImportResult) -> str:
    parts = [
        f"{len(found)} {what}"
        for found, what in (
            (done.added, "added"),
            (done.renamed, "renamed"),
            (done.switched_off, gettext("switched off")),
        )
        if found
    ]
    return (
        gettext("Extensions: %(join)s.") % {"join": ", ".join(parts)}
        if parts
        else gettext("Nothing was ticked, so nothing was changed.")
    )


def _problem(error: VoicenterError) -> str:
    """Why the account could not be read, as a sentence."""
    if isinstance(error, ConfigurationError | InvalidCall):
        return gettext(
            "The provider settings are wrong. Run `manage.py voicenter check` to see what to fix."
        )
    if isinstance(error, Forbidden):
        return gettext("The provider does not accept this server's address or its code.")
    if isinstance(error, Refused):
        return gettext("The provider refused the request (%(error)s).") % {
            "error": error.error_message or error
        }
    if isinstance(error, NotSent):
        return gettext("The provider cannot be reached.")
    return gettext("The provider sent no usable answer. Try again in a minute.")
