"""The salesperson's page, and its buttons: pause, available again, "No call came", after a talk.

A visitor who is not logged in must log in first; a user without an extension is told whom to ask.
Every query is limited to the salesperson's own extensions: another person's extension answers 404.
A button posts and returns to the page, which shows the current state; pressed twice or too late, it
changes nothing.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.admin.attempts.talk_form import TalkForm
from callbacks.calling import after_talk as calls_after_talk
from callbacks.calling.manual_requests import CannotCall
from callbacks.desk import talks
from callbacks.desk.forms import PauseForm
from callbacks.desk.own_figures import own_figures
from callbacks.desk.work import Desk, desk_of
from callbacks.extensions import pauses
from callbacks.models import CallAttempt, Extension, chosen_languages
from callbacks.models.call_notes import note_of
from callbacks.reconciliation import manual_resolution
from callbacks.routing import config
from callbacks.scheduling import follow_up_times
from callbacks.signin import door, ways
from leads import dated_sentences, language_choice

# Seconds until a browser without JavaScript reloads the page.
REFRESH = 5
_HOME = reverse_lazy("desk:home")
_LOGIN = reverse_lazy("desk:login")
# The parts of the page that update themselves: fields of Desk, and templates.
_PARTS = ("live", "talks", "assigned", "phones", "calls")


class _LogIn(LoginView):
    """Stores the language that a user chooses while logging in."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        if language := language_choice.asked(self.request):
            chosen_languages.choose(form.get_user().pk, language)
        return answer


log_in = door.guarded(
    _LogIn.as_view(
        template_name="desk/login.html",
        next_page=_HOME,
        redirect_authenticated_user=True,
        extra_context={"ways": ways.ways},
    )
)
# With the mail about it (callbacks.signin.login_mail) in the same transaction.
change_password = transaction.atomic(
    PasswordChangeView.as_view(template_name="desk/password.html", success_url=_HOME)
)
_log_out = LogoutView.as_view(next_page=_LOGIN)


class SeeOther(HttpResponseRedirect):
    """303: the browser gets the page by GET, so that a reload does not repeat the action."""

    status_code = 303


def log_out(request: HttpRequest) -> HttpResponse:
    """Logs out only after a POST: a browser may prefetch links."""
    return _log_out(request) if request.method == "POST" else SeeOther(str(_HOME))


@login_required(login_url=_LOGIN)
def home(request: HttpRequest) -> HttpResponse:
    """Shows the page, or 403 to a user without an extension."""
    now = timezone.now()
    desk = desk_of(request.user, now)
    if not desk.phones:
        return _private(render(request, "desk/no_phone.html", status=403))
    context = {
        "desk": desk,
        "parts": _parts(request, desk),
        "refresh": REFRESH,
        "figures": own_figures(request.user, now),
    }
    return _private(render(request, "desk/home.html", context))


def now(request: HttpRequest) -> HttpResponse:
    """What the page asks for every few seconds: its parts as HTML in JSON.

    `?seen=` is the version that the page shows; 204 if it is current. 401 tells the page to reload:
    the user was logged out, or no longer has a phone.
    """
    desk = desk_of(request.user, timezone.now()) if request.user.is_authenticated else None
    if desk is None or not desk.phones:
        return _private(JsonResponse({"error": gettext("Log in again.")}, status=401))
    seen = _digest(asdict(desk))
    if request.GET.get("seen") == seen:
        return _private(HttpResponse(status=204))
    parts = _parts(request, desk)
    return _private(JsonResponse({"seen": seen, "title": desk.title, "parts": parts}))


def figures(request: HttpRequest) -> HttpResponse:
    """The salesperson's own figures, which the page asks for every minute and after a call.

    401 as for `now`.
    """
    # Not for an anonymous user, whose missing id would match phones without a user.
    is_theirs = request.user.is_authenticated
    if not is_theirs or not Extension.objects.filter(user=request.user.pk).exists():
        return _private(HttpResponse(status=401))
    context = {"figures": own_figures(request.user, timezone.now())}
    return _private(render(request, "desk/figures.html", context))


@login_required(login_url=_LOGIN)
def language(request: HttpRequest) -> HttpResponse:
    """Stores the language that a user chooses for their pages, if it is one of ours."""
    chosen = language_choice.ours(request.POST.get("language", ""))
    if chosen and request.user.pk:
        chosen_languages.choose(request.user.pk, chosen)
    return SeeOther(str(_HOME))


@login_required(login_url=_LOGIN)
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks how long and why, then pauses one of the salesperson's own extensions."""
    extension = _own(request, pk)
    if extension is None:
        return _not_yours(request)
    form = PauseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        change = form.change(timezone.now(), timezone.get_current_timezone())
        pauses.carry_out(change, extension, request.user)
        return SeeOther(str(_HOME))
    context = {"extension": extension, "form": form}
    return _private(
        render(request, "desk/pause.html", context, status=422 if form.is_bound else 200)
    )


@login_required(login_url=_LOGIN)
def available(request: HttpRequest, pk: int) -> HttpResponse:
    """Makes the phone ring again: ends its pause, or the time that it was left out for."""
    if request.method == "POST":
        extension = _own(request, pk)
        if extension is None:
            return _not_yours(request)
        for change in (pauses.UNPAUSE, pauses.BRING_BACK):
            if pauses.carry_out(change, extension, request.user):
                break
    # A login page in between turns the POST into a GET, which only shows the page.
    return SeeOther(str(_HOME))


@login_required(login_url=_LOGIN)
def no_call_came(request: HttpRequest, pk: int) -> HttpResponse:
    """The salesperson says that their phone did not ring for a call whose answer was lost."""
    if request.method == "POST":
        attempt = CallAttempt.objects.filter(extension__user=request.user.pk, pk=pk).first()
        if attempt is None:
            return _not_yours(request)
        # Pressed twice, too early or too late: the page shows the current state.
        with suppress(CannotCall):
            manual_resolution.no_call_came(attempt.pk, request.user)
    return SeeOther(str(_HOME))


@login_required(login_url=_LOGIN)
def after_talk(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks how one of the salesperson's own calls ended, even while it is on, and stores the
    answer.

    This page does not reload itself, so that typed text stays.
    """
    attempt = talks.for_writing(request.user, pk)
    if attempt is None:
        return _private(render(request, "desk/not_your_call.html", status=404))
    now = timezone.now()
    current = config.current()
    zone = follow_up_times.zone_of(current, attempt.extension)
    stands = note_of(attempt)
    form = TalkForm(attempt, stands, now, zone, request.POST if request.method == "POST" else None)
    if form.is_valid():
        writing, seen = form.cleaned_data["writing"], form.cleaned_data["seen"]
        try:
            note = calls_after_talk.write(pk, writing, request.user, now, seen=seen)
        except CannotCall as refusal:
            form.add_error(None, str(refusal))
            attempt = talks.for_writing(request.user, pk) or attempt
        else:
            messages.success(request, talks.said(note, now, zone))
            return SeeOther(str(_HOME))
    context = {
        "form": form,
        "call": talks.talk(attempt, form.offered, current, attempt.extension, now),
        "stands": note_of(attempt),
        "history": talks.history(attempt, now, zone),
        "zone": dated_sentences.zone_name(zone, now),
        "doubt": talks.record_says(attempt),
    }
    status = 422 if form.is_bound else 200
    return _private(render(request, "desk/after_talk.html", context, status=status))


def _own(request: HttpRequest, pk: int) -> Extension | None:
    return Extension.objects.filter(user=request.user.pk, pk=pk).first()


def _not_yours(request: HttpRequest) -> HttpResponse:
    return _private(render(request, "desk/not_yours.html", status=404))


def _parts(request: HttpRequest, desk: Desk) -> dict[str, dict[str, str]]:
    """The HTML of each part, and its version: a CSRF token makes the HTML differ every time."""
    values, context = asdict(desk), {"desk": desk}
    return {
        name: {
            "seen": _digest(values[name]),
            "html": render_to_string(f"desk/{name}.html", context, request),
        }
        for name in _PARTS
    }


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:16]


def _private(answer: HttpResponse) -> HttpResponse:
    """Keeps the answer, which shows people's names, out of caches and search engines."""
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
