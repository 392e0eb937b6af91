"""Who may read what is meant only for the engineer."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest

# Headers that a proxy adds.
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")


def may_read(request: HttpRequest) -> bool:
    """Whether the request has METRICS_TOKEN; if none is set, whether it comes from this machine.

    Behind a proxy on this machine every visitor comes from here. So behind a proxy, or with HTTPS,
    nothing is readable without a token. A proxy that the settings do not know identifies itself by
    its headers.
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
