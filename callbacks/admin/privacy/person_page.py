"""The page "A person's data": everything stored about somebody, as files, and its erasure.

What to search for is posted, so that no number or e-mail gets into a URL or a log.
"""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES, UnfoldBooleanWidget

from callbacks.admin import html
from callbacks.audit import entries
from callbacks.exports.records import Recorded
from callbacks.models import Erasure
from callbacks.models.erasures import ErasureWay
from callbacks.models.exports import ExportFormat, ExportWhat
from callbacks.privacy import course, held, persons
from callbacks.privacy.held import Held
from callbacks.privacy.persons import NotUnderstood, Person
from leads import phones

SEES, ERASES = "callbacks.see_person", "callbacks.erase_person"
# Seconds that the page waits for an erasure; the sweep finishes the rest.
_TAKES = 3.0
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
# At most this many leads with only the number or only the e-mail are listed for checking.
_MOST_ALONE = 200
_SEVERAL = 2
# Rows of one table shown on the page; the files have all of them.
_SHOWN = 20


def _input(kind: str) -> forms.TextInput:
    classes = " ".join(INPUT_CLASSES)
    return forms.TextInput(attrs={"class": classes, "type": kind, "autocomplete": "off"})


class PersonForm(forms.Form):
    """Whose data to find."""

    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=64,
        widget=_input("tel"),
        help_text=_("In any format."),
    )
    email = forms.CharField(
        label=_("E-mail"), required=False, max_length=254, widget=_input("text")
    )

    def __init__(self, *args: Any, also: Iterable[int] = (), **kwargs: Any) -> None:
        """`also`: leads with only one of the two that are ticked below as the person's."""
        super().__init__(*args, **kwargs)
        self._also = tuple(also)

    def clean(self) -> dict[str, Any]:
        """Sets `person`."""
        given: dict[str, Any] = super().clean() or {}
        try:
            self.person = persons.read(given.get("number", ""), given.get("email", ""), self._also)
        except NotUnderstood as problem:
            raise forms.ValidationError(str(problem)) from None
        return given


class EraseForm(forms.Form):
    """Details to enter when confirming an erasure."""

    never_call = forms.BooleanField(
        label=_("Never call this number again"),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
        help_text=_("The list then stores a keyed hash of the number, which does not reveal it."),
    )


@require_http_methods(["GET", "POST"])
def person_page(request: HttpRequest) -> HttpResponse:
    """For users who may see persons' data. Erasing needs its own right."""
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    ticked = [int(it) for it in request.POST.getlist("also") if _ID.fullmatch(it)]
    form = PersonForm(request.POST, also=ticked) if request.method == "POST" else PersonForm()
    context = {
        **admin.site.each_context(request),
        "title": gettext("A person's data"),
        "form": form,
        "may_erase": request.user.has_perm(ERASES),
    }
    if form.is_bound and form.is_valid():
        person, wanted = form.person, request.POST.get("do", "")
        if wanted in ("json", "html"):
            return _file(request, person, ExportFormat(wanted))
        if wanted in ("ask", "erase") and not request.user.has_perm(ERASES):
            raise PermissionDenied
        if wanted == "erase":
            return _erase(request, person)
        if wanted != "ask":  # the look-up before that question is in the audit already
            entries.note_look_up(request, person.leads().count())
        context |= _found(person) | {"asked": form.cleaned_data}
        is_shared = person.marks().numbers != person.numbers
        erase_form = EraseForm(initial={"never_call": not is_shared})
        context |= {"asks": wanted == "ask", "erase_form": erase_form, "is_shared": is_shared}
        context |= _by_one_alone(person, ticked)
    return TemplateResponse(request, "admin/person.html", context)


def _found(person: Person) -> dict[str, Any]:
    leads = list(person.leads().only("phone", "email", "erased_at"))
    numbers, emails = persons.others_named(leads, person)
    return {
        "person": person,
        "named": [*map(phones.readable, sorted(person.numbers)), *sorted(person.emails)],
        "held": [
            {
                "title": it.title,
                "count": len(it.rows),
                "rows": list(it.readable())[:_SHOWN],
                "more": max(len(it.rows) - _SHOWN, 0),
                "fate": it.place.fate.value,
            }
            for it in held.everything(person)
        ],
        "other_numbers": sorted(numbers),
        "other_emails": sorted(emails),
        "receipts": [
            {"page": html.page_of(Erasure, it.pk), "name": str(it), "at": html.moment(it.asked_at),
             "finished": it.finished_at is not None}
            for it in course.receipts_of(person)
        ],
    }  # fmt: skip


def _by_one_alone(person: Person, also: list[int]) -> dict[str, Any]:
    """The leads with only the number or only the e-mail, each to be ticked by a person. If only one
    of the two was typed, empty unless several people used it.
    """
    shared_by = 0
    if not (person.numbers and person.emails):
        shared_by = persons.who_share(person)
        if shared_by < _SEVERAL:
            return {}
    only = person.only or frozenset()
    leads = person.by_one().order_by("-pk")
    ticked = [it for it in leads if it.pk in only and it.pk in also]
    alone = [it for it in leads[:_MOST_ALONE] if it.pk not in only]
    return {
        "shared_by": shared_by,
        "all_count": person.only is None,
        "also": [it.pk for it in ticked],
        "alone": [
            {
                "pk": it.pk,
                "lead": it,
                "at": html.moment(it.submitted_at),
                "named": " · ".join(filter(None, [it.name, it.email])),
                "number": phones.readable(it.phone),
                "by_number": it.phone in person.numbers,
                "is_ticked": it in ticked,
            }
            for it in sorted([*ticked, *alone], key=lambda it: -it.pk)
        ],
    }


def _file(request: HttpRequest, person: Person, kind: ExportFormat) -> HttpResponse:
    """Everything as one file. Records who exported it, but not whom it is about."""
    now = timezone.now()
    found = held.everything(person)
    rows = sum(len(it.rows) for it in found)
    recorded = Recorded.of(request.user, ExportWhat.PERSON, kind, "", rows)
    if kind is ExportFormat.JSON:
        body = held.as_json(person, found, now)
        answer = HttpResponse(body, content_type="application/json; charset=utf-8")
    else:
        answer = HttpResponse(readable(person, found))
    recorded.tell(rows)
    recorded.complete()
    answer["Content-Disposition"] = f'attachment; filename="person-{now:%Y-%m-%d}.{kind.value}"'
    answer["Cache-Control"] = "no-store"
    return answer


def readable(person: Person, found: list[Held]) -> str:
    """Everything as one self-contained HTML page."""
    context = {
        "named": [*map(phones.readable, sorted(person.numbers)), *sorted(person.emails)],
        "held": [{"title": it.title, "rows": list(it.readable())} for it in found],
        "made_at": html.written(timezone.now()),
    }
    return render_to_string("privacy/held.html", context)


def _erase(request: HttpRequest, person: Person) -> HttpResponse:
    never = "never_call" in request.POST
    erasure = course.begin(person, ErasureWay.PAGE, request.user, never=never)
    messages.success(request, course.told(course.go_on_for(erasure.pk, _TAKES)))
    return HttpResponseRedirect(html.page_of(Erasure, erasure.pk))
