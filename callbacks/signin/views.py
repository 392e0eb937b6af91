"""The pages for signing in: the code, setting up an authenticator, and one's own sessions."""

import io
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import django_otp
import segno
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from callbacks.common.sealing import CannotOpen
from callbacks.models import Authenticator, SignIn
from callbacks.signin import door, middleware, second_factor, sessions
from callbacks.signin.forms import CodeForm, SetUpForm

# How long after a code the most sensitive acts need no other code.
FRESH_FOR = timedelta(minutes=10)

Page = Callable[..., HttpResponse]


def signed_in(page: Page) -> Page:
    """For users who are signed in and owe nothing; no cache keeps the page."""

    @never_cache
    @wraps(page)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not middleware.has_passed(request):
            # The posted data is lost on the way: they come back to where they can send it again.
            back = request.path if request.method in ("GET", "HEAD") else reverse("sign-in:mine")
            return HttpResponseRedirect(door.with_next(reverse("desk:login"), back))
        return page(request, *args, **kwargs)

    return view


@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """Asks for the code: after the password, or before a most sensitive act."""
    user = _whose(request)
    wanted = door.asked_next(request)
    if user is None:
        return HttpResponseRedirect(door.with_next(reverse("desk:login"), wanted))
    if second_factor.of(user) is None:
        return HttpResponseRedirect(door.with_next(reverse("sign-in:set-up"), wanted))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            authenticator = second_factor.passes(user, form.cleaned_data["code"])
        except CannotOpen:
            form.add_error("code", _cannot_open())
        else:
            if authenticator is not None:
                _let_in(request, user, authenticator)
                return HttpResponseRedirect(wanted or door.home_of(user))
            form.add_error("code", _refusal(user))
    context = {"form": form, "next": wanted}
    return render(request, "signin/code.html", context, status=422 if form.errors else 200)


@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """Shows the picture that an authenticator app reads, and asks for its first code.

    A user who already has an authenticator must show one of its codes first; a signed-in user who
    has none, the password.
    """
    user = _whose(request)
    wanted = door.asked_next(request)
    if user is None:
        return HttpResponseRedirect(door.with_next(reverse("desk:login"), request.path))
    if second_factor.of(user) is not None and not _is_fresh(request):
        return HttpResponseRedirect(door.with_next(reverse("sign-in:code"), request.path))
    just_gave_it = middleware.at_the_door(request) is not None
    form = SetUpForm(
        request.POST if request.method == "POST" else None,
        user=user,
        asks_password=(
            second_factor.of(user) is None and not just_gave_it and user.has_usable_password()
        ),
    )
    offered = second_factor.offer(user)
    try:
        if form.is_valid():
            codes = second_factor.confirm(user, form.cleaned_data["code"])
            if codes is not None:
                _let_in(request, user, second_factor.of(user))
                return _shown_once(request, codes, wanted or door.home_of(user))
            form.add_error("code", _refusal(user, confirmed=False))
        context = {
            "form": form,
            "next": wanted,
            "picture": _picture(second_factor.address(offered)),
            "key": second_factor.key_to_type(offered),
            "is_demanded": just_gave_it,
        }
    except CannotOpen:
        offered.delete()  # sealed with a lost key: nobody has it on a phone
        return HttpResponseRedirect(request.get_full_path())
    return render(request, "signin/set_up.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def new_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, after a fresh code."""
    user = request.user
    if not isinstance(user, User) or second_factor.of(user) is None:
        return HttpResponseRedirect(reverse("sign-in:mine"))
    if not _is_fresh(request):
        return HttpResponseRedirect(
            door.with_next(reverse("sign-in:code"), reverse("sign-in:mine"))
        )
    return _shown_once(request, second_factor.new_codes(user), reverse("sign-in:mine"))


@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """The user's own second factor and sessions."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # `signed_in` ensures it
    here = middleware.sign_in_of(request)
    rows = [
        {
            "row": row,
            "browser": sessions.browser_of(row),
            "is_this": here is not None and row.pk == here.pk,
            "owes": row.passed_at is None and second_factor.of(user) is not None,
        }
        for row in sessions.open_ones(user)
    ]
    context = {
        "rows": rows,
        "authenticator": second_factor.of(user),
        "codes_left": second_factor.codes_left(user),
        "is_fresh": _is_fresh(request),
        "home": door.home_of(user),
    }
    return render(request, "signin/mine.html", context)


@require_POST
@signed_in
def end(request: HttpRequest) -> HttpResponse:
    """Ends one of the user's own sessions, or all others. The current session ends by logging
    out.
    """
    own = SignIn.objects.filter(user=request.user.pk)
    here = middleware.sign_in_of(request)
    others = own.exclude(pk=here.pk) if here else own
    chosen = request.POST.get("sign_in", "")
    if chosen:
        others = others.filter(pk=chosen) if chosen.isdecimal() and len(chosen) < 19 else own.none()
    ended = sessions.end(others)
    if ended:
        messages.success(
            request,
            gettext("The session has ended.")
            if chosen
            else gettext("All your other sessions have ended."),
        )
    return HttpResponseRedirect(reverse("sign-in:mine"))


@require_POST
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """Logs out, even a user who still owes the second factor."""
    logout(request)
    return HttpResponseRedirect(reverse("desk:login"))


def _whose(request: HttpRequest) -> User | None:
    user = middleware.at_the_door(request) or request.user
    return user if isinstance(user, User) else None


def _let_in(request: HttpRequest, user: User, authenticator: Authenticator | None) -> None:
    """Changes the session's key, so that somebody who knew the earlier key does not get in."""
    middleware.let_in(request, user)
    request.session.cycle_key()
    django_otp.login(request, authenticator)
    sessions.passed(request, timezone.now())


def _is_fresh(request: HttpRequest) -> bool:
    row = middleware.sign_in_of(request)
    if row is None or row.passed_at is None or not middleware.has_passed(request):
        return False
    return timezone.now() - row.passed_at < FRESH_FOR


def _refusal(user: User, *, confirmed: bool = True) -> str:
    """Why a code was not accepted, and when the next is checked."""
    wait = second_factor.seconds_to_wait(user, confirmed=confirmed)
    if wait > 1:
        return gettext(
            "This code was not accepted. After wrong codes, you have to wait: try again in "
            "%(seconds)d seconds."
        ) % {"seconds": wait}
    return gettext("This code was not accepted. Each code works only once: wait for the next one.")


def _cannot_open() -> str:
    return gettext(
        "Your authenticator no longer works here, because this site's keys were changed. Enter "
        "a recovery code, or ask an owner to reset your second factor."
    )


def _shown_once(request: HttpRequest, codes: list[str], onwards: str) -> HttpResponse:
    return render(request, "signin/recovery_codes.html", {"codes": codes, "next": onwards})


def _picture(text: str) -> str:
    """The QR code as an SVG without styles, which our CSP allows."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, border=4, omitsize=True, svgclass="qr"
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308  # segno's, of our own text
