"""Whose wrong passwords are counted together (django-axes): an address's, or a known browser's.

A stranger who types wrong passwords for a name blocks that name for their own address. If many
people share one address, such as an office or a proxy that does not forward addresses, the stranger
would block the name's owner too, for as long as they go on. So a browser where somebody has logged
in is counted separately: a signed cookie, valid for that name only, replaces its address.
"""

import ipaddress
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from leads.guard import address as addresses

COOKIE = "known_browser"
_A_YEAR = 365 * 24 * 3600  # seconds
_LONGEST_NAME = 255  # axes.models.AccessBase.username


def address(request: HttpRequest) -> str:
    """For axes (AXES_CLIENT_IP_CALLABLE): the address that failed logins are counted under."""
    browser = _browser(request)
    if browser is None:
        return _sender(request)
    # A private address that nobody can send from.
    return str(ipaddress.IPv6Address((0xFD << 120) | (browser.int >> 8)))


def is_known(request: HttpRequest) -> bool:
    """Whether the owner of the typed name has signed in here before."""
    return _browser(request) is not None


def name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """For axes (AXES_USERNAME_CALLABLE): the name that failed logins are counted under.

    Cut to the length of its column; no login's name is that long.
    """
    typed = (credentials or request.POST).get("username")
    return None if typed is None else str(typed)[:_LONGEST_NAME]


def _browser(request: HttpRequest) -> uuid.UUID | None:
    typed = request.POST.get("username", "")
    try:
        kept = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
        return uuid.UUID(_signer(typed).unsign(kept, max_age=_A_YEAR))
    except (signing.BadSignature, ValueError):
        return None


def _sender(request: HttpRequest) -> str:
    """The visitor's address, behind the proxies that we trust."""
    return str(addresses.of_request(request) or "")


@receiver(user_logged_in)
def remember(request: HttpRequest | None, user: AbstractBaseUser, **_kwargs: Any) -> None:
    """Notes that this browser is known from now on."""
    if request is not None:
        request.META[COOKIE] = user.get_username()


class KnownBrowserMiddleware:
    """Sets the cookie in a browser where somebody has just logged in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on."""
        response = self._get_response(request)
        if known := request.META.get(COOKIE):
            response.set_cookie(
                settings.KNOWN_BROWSER_COOKIE_NAME,
                _signer(known).sign(str(uuid.uuid4())),
                max_age=_A_YEAR,
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )
        return response


def _signer(name: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{COOKIE}:{name}")
