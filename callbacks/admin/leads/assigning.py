"""Assigning leads to a salesperson: one from its page, or many from the list."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from callbacks.access import scope
from callbacks.admin import html
from callbacks.admin.commands import NothingToDo
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.leads.actions import ActsOnLeads, page_of
from callbacks.admin.leads.commands import LeadCommand, not_chosen_yet
from callbacks.calling import assigning
from callbacks.common.formatting import all_of, in_words
from callbacks.explain import assigning as explained
from callbacks.routing.assignable import Assignee, assignees
from callbacks.routing.rules import FOLLOW_UP_WAITS
from leads.models import Lead

_NOBODY = "nobody"

ASSIGN = LeadCommand(
    run=not_chosen_yet,
    logged=_("Assigned"),
    title=_("Assign this lead?"),
    title_of_several=_("Assign these %(count)d leads?"),
    explanation=_("The salesperson you choose is called first for this lead."),
    button=_("Assign"),
)


class AssignForm(forms.Form):
    """Chooses the salesperson. Offers those who answer the source of at least one of `leads`."""

    person = forms.ChoiceField(
        label=_("Salesperson"),
        widget=forms.RadioSelect(attrs={"class": "choice"}),
        error_messages={
            "required": _("Choose a salesperson."),
            "invalid_choice": _("Choose one of these salespeople."),
        },
    )

    def __init__(self, people: Sequence[Assignee], leads: Sequence[Lead], data: Any) -> None:
        super().__init__(data)
        sources = {lead.source_id for lead in leads}
        self._people = {str(it.pk): it for it in people if it.sources & sources}
        choices = [(pk, _choice(it)) for pk, it in self._people.items()]
        if any(lead.assigned_to_id for lead in leads):
            nobody = gettext("Nobody: remove the assignment")
            choices.append((_NOBODY, format_html("{}", nobody)))
        field = self.fields["person"]
        field.choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def offers(self) -> bool:
        """Whether there is anybody to choose."""
        return bool(self.fields["person"].choices)  # type: ignore[attr-defined]

    def chosen(self) -> Assignee | None:
        """The choice in a valid form; None: remove the assignment."""
        return self._people.get(self.cleaned_data["person"])


class AgreedForm(forms.Form):
    """The second question, with the choice repeated in a hidden field."""

    person = forms.CharField(widget=forms.HiddenInput)
    agreed = forms.CharField(widget=forms.HiddenInput, initial="yes")


class AssignsLeads(ActsOnLeads):
    """The part of the leads' admin that assigns leads to salespeople."""

    actions = [
        "call_selected", "assign_selected", "cancel_selected", "done_selected", "block_selected",
    ]  # fmt: skip
    actions_detail = [
        "release", "call_now", "call_with", "assign", "they_talked", "after_talk", "play",
        "hang_up", "cancel", "hold_legally", "lift_hold",
    ]  # fmt: skip

    def has_assign_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may assign leads: the same right as to change them."""
        return bool(self.has_change_permission(request))

    @action(  # type: ignore[untyped-decorator]
        description=_("Assign"), url_path="assign", permissions=["assign"], icon="person_add"
    )
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for the salesperson, then assigns this lead."""
        lead = self._found(request, object_id)
        form = self._form(request, [lead])
        if not form.offers:
            self._tell_of_nobody(request)
            return HttpResponseRedirect(page_of(lead))
        if not (is_confirmed(request) and form.is_valid()):
            explained_ = _EXPLANATION % {"time": in_words(FOLLOW_UP_WAITS.total_seconds())}
            question = ASSIGN.saying(explained_).question(
                [lead], request.user, back=page_of(lead), form=form
            )
            return ask(request, self, question)
        command(form.chosen(), request.user).carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    @admin.action(description=_("Assign"), permissions=["assign"])
    def assign_selected(
        self, request: HttpRequest, queryset: QuerySet[Lead]
    ) -> HttpResponse | None:
        """Asks for the salesperson, says what will happen, then assigns the chosen leads."""
        leads = self._chosen(request, queryset)
        if leads is None:
            return None
        form = self._form(request, leads)
        if not form.offers:
            self._tell_of_nobody(request)
            return None
        back = request.get_full_path()
        if not (is_confirmed(request) and form.is_valid()):
            explained_ = _EXPLANATION % {"time": in_words(FOLLOW_UP_WAITS.total_seconds())}
            question = ASSIGN.saying(explained_, button=gettext("Continue"))
            return ask(
                request,
                self,
                question.question(leads, request.user, back, action="assign_selected", form=form),
            )
        person = form.chosen()
        what = command(person, request.user)
        if "agreed" not in request.POST:
            said = (
                explained.assigned(leads, person, timezone.now())
                if person
                else explained.taken_back(leads)
            )
            agreed = AgreedForm(initial={"person": form.cleaned_data["person"]})
            question = what.saying(" ".join(said))
            return ask(
                request,
                self,
                question.question(leads, request.user, back, action="assign_selected", form=agreed),
            )
        what.carry_out(self, request, leads)
        return None

    def _form(self, request: HttpRequest, leads: Sequence[Lead]) -> AssignForm:
        data = request.POST if is_confirmed(request) else None
        return AssignForm(assignees(scope.of(request.user)), leads, data)

    def _tell_of_nobody(self, request: HttpRequest) -> None:
        said = gettext(
            "No salesperson can take calls for this lead. Enter a login as the "
            "salesperson of an extension in a team that answers the source."
        )
        self.message_user(request, said, messages.ERROR)


_EXPLANATION = _(
    "The salesperson you choose is called first. If they are on a "
    "call, the lead waits for them for up to %(time)s; then anyone who "
    "is free gets it. A call in progress continues."
)


def command(person: Assignee | None, user: Any) -> LeadCommand:
    """ASSIGN with the salesperson chosen; None removes the assignment."""
    if person is None:
        return ASSIGN.doing(_take_back, gettext("Assignment removed")).saying(
            "",
            title=gettext("Remove the assignment?"),
            title_of_several=gettext("Remove the assignment of these %(count)d leads?"),
            button=gettext("Remove"),
        )
    seen = scope.of(user)

    def run(lead: Lead, user: Any) -> str:
        if not assigning.assign(lead.pk, person.pk, seen, user):
            raise NothingToDo(gettext("Already assigned to %(name)s.") % {"name": person.name})
        return gettext("Assigned to %(name)s.") % {"name": person.name}

    words = {"name": person.name}
    in_title = {"name": person.name.replace("%", "%%")}  # its %(count)d is filled in later
    return ASSIGN.doing(run, gettext("Assigned to %(name)s") % words).saying(
        "",
        title=gettext("Assign this lead to %(name)s?") % words,
        title_of_several=gettext("Assign these leads to %(name)s?") % in_title,
    )


def _take_back(lead: Lead, user: Any) -> str:
    if not assigning.take_back(lead.pk, user):
        raise NothingToDo(gettext("It was not assigned to anybody."))
    return gettext("No longer assigned to anybody.")


def _choice(person: Assignee) -> SafeString:
    return html.below(format_html("<bdi>{}</bdi>", person.name), all_of(person.teams))
