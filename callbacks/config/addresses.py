"""Says what is wrong with an address in the settings: the end of a sentence whose subject is the
setting's name.

No sentence shows the address, which may contain a password.
"""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "pgsql", "postgis", "pgconn"})
_LABEL = "[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
# For the hints of all such settings.
ESCAPES = "with %40 for an @ in the password, %2F for a slash and %23 for a #"


def split(address: str) -> SplitResult | None:
    """The parts of an address; None if it cannot be parsed, for example if its port has letters."""
    try:
        url = urlsplit(address)
        _ = url.port  # raises ValueError unless the port is a number
    except ValueError:
        return None
    return url


def split_server(address: str) -> SplitResult | None:
    """The parts of a server's address, which may contain a password. None also if an unescaped
    character ends the password too early: its rest would be taken for the host.
    """
    url = split(address)
    if url is not None and "@" in f"{url.path}{url.query}{url.fragment}":
        return None
    return url


def is_host(text: str) -> bool:
    """Whether the text is a host name or an IP address (IPv6 in brackets)."""
    if text.startswith("[") and text.endswith("]"):
        return _is_ip(text[1:-1], 6)
    # Text that looks like an IP address has to be one.
    if re.fullmatch(r"[0-9.]+", text):
        return _is_ip(text, 4)
    return len(text) <= 253 and bool(_NAME.fullmatch(text))


def is_host_pattern(text: str) -> bool:
    """Whether ALLOWED_HOSTS accepts it: a host, ".example.com" for all its subdomains, or "*"."""
    return text == "*" or is_host(text.removeprefix("."))


def is_origin(text: str) -> bool:
    """Whether it is what a browser sends as Origin: scheme, host, port, and nothing after them."""
    url = split(text)
    if url is None or url.scheme not in {"http", "https"} or url.username is not None:
        return False
    rest = text.partition("://")[2]
    return is_host((url.hostname or "").removeprefix("*.")) and not re.search(r"[/?#]", rest)


def is_site(text: str) -> bool:
    """Whether it is an http or https address."""
    url = split(text)
    return url is not None and url.scheme in {"http", "https"} and bool(url.hostname)


def database_problem(address: str) -> str:
    """ "is missing", "names no database", ...; "" for the address of a PostgreSQL database.

    An address without a host means PostgreSQL's Unix socket.
    """
    if not address:
        return "is missing"
    url = split_server(address)
    if url is None:
        return "is an address that cannot be read"
    if url.scheme not in POSTGRES_SCHEMES:
        return "is not a PostgreSQL address"
    return "" if url.path.strip("/") else "names no database"


def broker_problem(address: str, schemes: Collection[str], what: str) -> str:
    """The same for a server with one of these schemes; `what` names it, with its article."""
    if not address:
        return "is missing"
    url = split_server(address)
    if url is None:
        return "is an address that cannot be read"
    if url.scheme not in schemes:
        return f"is not {what}"
    if not url.hostname:
        return "names no host"
    if url.scheme.startswith("redis") and not re.fullmatch("/?[0-9]*", url.path):
        return "names a database that is not a number"
    return ""


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False
