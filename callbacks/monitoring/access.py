"""Who may read what is meant for the engineer alone."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest

# What a proxy adds to what it passes on.
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")


def may_read(request: HttpRequest) -> bool:
    """Whether the request brings METRICS_TOKEN; without one set, whether it comes from here.

    A proxy on this machine makes every visitor come from here, so that behind one, or with HTTPS,
    nothing is open without a token. One that the settings do not know says so itself.
    """
    if settings.METRICS_TOKEN:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        expected = settings.METRICS_TOKEN.encode()
        return kind.lower() == "bearer" and secrets.compare_digest(token.encode(), expected)
    if settings.DEBUG:
        return True
    return _from_here(request) and not (settings.HTTPS or settings.SECURE_PROXY_SSL_HEADER)


def _from_here(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
