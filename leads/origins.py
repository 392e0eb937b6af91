"""Websites that may show a source's form inside their pages, as a manager types them."""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext

MOST_LETTERS: Final = 200
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_DEFAULT_PORT = {"http": 80, "https": 443}


class NoOrigin(ValueError):  # noqa: N818  # what is wrong, not that something is
    """The text names no website; the message says what to do."""


def read(typed: str) -> str:
    """ "WWW.Example.com/contact/" -> "https://www.example.com": what browsers call an origin.

    Raises NoOrigin.
    """
    text = typed.strip()
    with_scheme = text if re.match(r"[a-zA-Z][\w+.-]*://", text) else f"https://{text}"
    try:
        parts = urlsplit(with_scheme)
        scheme, port = parts.scheme.lower(), parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise _refused(typed) from None
    if scheme not in _DEFAULT_PORT or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise _refused(typed)
    if "." not in host and host != "localhost":
        raise _refused(typed)
    origin = f"{scheme}://{host}"
    if port is not None and port != _DEFAULT_PORT[scheme]:
        origin += f":{port}"
    if len(origin) > MOST_LETTERS:
        raise _refused(typed)
    return origin


def shown_inside(stored: Iterable[str]) -> list[str]:
    """The stored websites that a header may name: older releases stored any text."""
    found = []
    for it in stored:
        with suppress(NoOrigin):
            found.append(read(it))
    return found


def _ascii(host: str) -> str:
    """The form that browsers send: "bücher.example" is "xn--bcher-kva.example"."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _refused(typed: str) -> NoOrigin:
    sentence = gettext(
        "%(typed)s is not a website. Enter websites separated by commas: "
        "https://www.example.com, https://example.org."
    )
    return NoOrigin(sentence % {"typed": typed.strip()[:MOST_LETTERS]})
