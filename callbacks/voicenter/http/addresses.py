"""The addresses of the provider's services."""

from __future__ import annotations

from dataclasses import dataclass, fields
from urllib.parse import urlsplit, urlunsplit

import requests

from callbacks.voicenter.errors import ConfigurationError

DEFAULT_URL = "https://api.voicenter.co.il/ForwardDialer/click2call.aspx"
_PROVIDERS_OWN = ("voicenter.co.il", "voicenter.com", "voicenter.co")


@dataclass(frozen=True)
class Services:
    """The address of each service; the defaults are the documented ones.

    `blacklist_url` is the folder that contains AddBlackList and RemoveBulkFromBlacklist. All are
    http or https, without a query. Raises ConfigurationError, naming the field.
    """

    click2call_url: str = DEFAULT_URL
    call_log_url: str = "https://api.voicenter.com/hub/cdr/"
    active_calls_url: str = "https://monapisec.voicenter.co.il/comet/API/GetExtensionsCalls"
    extensions_url: str = "https://monitor.voicenter.co.il/Comet/api/GetExtensions"
    login_status_url: str = "https://api.voicenter.com/UserLogin/SetStatusFromAPI"
    blacklist_url: str = "https://api.voicenter.com/Blacklist"

    def __post_init__(self) -> None:
        for one in fields(self):
            check_url(one.name, getattr(self, one.name))


def services_at(base: str) -> Services:
    """All services on one host, under their own paths: a simulator, or a gateway.

    `base` is like `http://127.0.0.1:8010`; a path in it is put before the services' own. Raises
    ConfigurationError.
    """
    check_url("base", base)
    return Services(
        **{one.name: base.rstrip("/") + urlsplit(str(one.default)).path for one in fields(Services)}
    )


def services_beside(click2call_url: str) -> Services:
    """The services that belong to this Click2Call address.

    For one of the provider's own addresses, the documented services. For any other, the same host:
    a code that is meant for a simulator, or has to pass a gateway, must not reach anyone else.
    """
    check_url("url", click2call_url)
    parts = urlsplit(click2call_url)
    host = (parts.hostname or "").rstrip(".")
    if any(host == own or host.endswith("." + own) for own in _PROVIDERS_OWN):
        return Services(click2call_url=click2call_url)
    rest = services_at(urlunsplit((parts.scheme, parts.netloc, "", "", "")))
    return Services(**{**vars(rest), "click2call_url": click2call_url})


def check_url(name: str, url: str) -> None:
    """Raise ConfigurationError, naming the option, if the code may not be sent to this address.

    The error does not quote the address: someone may have pasted one with the code in its query.
    """
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        raise ConfigurationError(f"{name}: must have no spaces or control characters")
    problem = None
    try:
        parts = urlsplit(url)
        requests.Request("POST", url).prepare()
        port = parts.port  # raises ValueError for an invalid port
        (parts.hostname or "").encode("idna")  # ... for an impossible host name
    except (ValueError, requests.RequestException):
        problem = f"{name}: not an address"
    else:
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            problem = f"{name}: must begin with https:// (or http://) and a host"
        elif parts.query or parts.fragment or "@" in parts.netloc:
            problem = f"{name}: must have no query, fragment or user name"
    if problem:
        raise ConfigurationError(problem)
