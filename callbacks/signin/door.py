"""Guards every page that takes a password.

Checking a password is slow on purpose: it takes a fraction of a second of one core. Two checks at a
time in a process are enough for people; a few more wait for their turn, and the rest are told to
come back. So somebody who posts passwords takes neither cores nor threads from the contact form.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from callbacks.signin import known_browsers, tries
from callbacks.signin.middleware import at_the_door

AT_A_TIME = 2
WAITING = 2  # of the eight threads of a web process
LONGEST_WAIT = 3.0  # seconds
_COME_BACK = 5  # seconds

_hashing = threading.BoundedSemaphore(AT_A_TIME)
_inside = threading.BoundedSemaphore(AT_A_TIME + WAITING)


def guarded(login_page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`login_page` with limits on strangers' passwords."""

    @never_cache
    @wraps(login_page)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD") and at_the_door(request):
            return HttpResponseRedirect(with_next(reverse("sign-in:code"), asked_next(request)))
        if request.method != "POST":
            return login_page(request, *args, **kwargs)
        if not known_browsers.is_known(request):
            name = request.POST.get("username", "")
            if seconds := tries.take(tries.PASSWORDS, name, timezone.now()):
                return _later(request, 429, seconds)
        return few_at_a_time(request, lambda: login_page(request, *args, **kwargs))

    return page


def few_at_a_time(request: HttpRequest, check: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of `check`, which hashes passwords; 503 if too many are doing so."""
    if not _inside.acquire(blocking=False):
        return _later(request, 503, _COME_BACK)
    try:
        if not _hashing.acquire(timeout=LONGEST_WAIT):
            return _later(request, 503, _COME_BACK)
        try:
            return check()
        finally:
            _hashing.release()
    finally:
        _inside.release()


def asked_next(request: HttpRequest) -> str:
    """Where the user was going; "" if that is not on this site."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""


def with_next(address: str, wanted: str) -> str:
    """`address`, which then leads on to `wanted`."""
    return f"{address}?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else address


def home_of(user: User | AbstractBaseUser | AnonymousUser) -> str:
    """Where the user works: the admin or the desk."""
    return reverse("admin:index" if getattr(user, "is_staff", False) else "desk:home")


def _later(request: HttpRequest, status: int, seconds: int) -> HttpResponse:
    context = {"is_busy": status == 503, "seconds": seconds}
    answer = render(request, "signin/later.html", context, status=status)
    answer["Retry-After"] = str(seconds)
    return answer
