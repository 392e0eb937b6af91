"""Reads settings from the environment, and remembers what cannot be read.

A value that cannot be read counts as not set while the settings are loaded, and nothing starts
with it: `callbacks.config.checks` (E015) names all of them at once. The same goes for the worker
and beat, which run no checks (`callbacks.config.celery`), and for gunicorn's own numbers.
"""

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from datetime import time
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from leads.guard import rate

YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})
# With TLS from the start (ssl), after a greeting (tls), or not at all.
MAIL_SCHEMES = ("smtp://", "smtp+tls://", "smtps://", "smtp+ssl://")
SSL_PORT = 465
_MAIL_HINT = (
    "Set {var}=smtp+tls://user:password@mail.example.com:587, with %40 for an @ in the password, "
    "and %2F for a slash."
)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    """A reader whose `mistakes` are pairs of sentences: what is wrong, and the way out.

    An empty value counts as not set. Lists and text are never wrong here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mistakes: list[tuple[str, str]] = []

    def bool(self, var: str, default: bool | None = None) -> Any:
        """True or false. No other word counts: a typing mistake must not switch anything off."""
        hint = f"Set {var} to true or false."
        return self._read(var, default, _flag, "is neither true nor false", hint)

    def int(self, var: str, default: int | None = None) -> Any:
        """A whole number."""
        hint = f"Set {var} to a number without a unit, for example {var}={default}."
        return self._read(var, default, int, "is not a whole number", hint)

    def float(self, var: str, default: float | None = None) -> Any:
        """A number. "nan" is one too: the checks refuse it where a range is asked for."""
        hint = f"Set {var} to a number without a unit, for example {var}={default:g}."
        return self._read(var, default, float, "is not a number", hint)

    def time_zone(self, var: str, default: str) -> Any:
        """The name of a time zone."""
        hint = f"Set {var} to a name from the IANA list, such as {default}."
        return self._read(var, default, _zone, "is not a known time zone", hint)

    def one_of(self, var: str, default: str, allowed: tuple[str, ...]) -> Any:
        """One of a few words in capital letters, however it is written."""

        def read(text: str) -> str:
            return allowed[allowed.index(text.upper())]

        hint = f"Set {var} to one of these: {', '.join(allowed)}."
        return self._read(var, default, read, "is not allowed", hint)

    def hosts(self, var: str) -> Any:
        """Names of hosts, without scheme, port and path, separated by commas; none by default."""

        def read(text: str) -> list[str]:
            names = [name.strip().lower() for name in text.split(",") if name.strip()]
            if not all(_HOST.fullmatch(name) for name in names):
                raise ValueError
            return names

        hint = f"Set {var} to names such as recordings.example.com, separated by commas."
        return self._read(var, [], read, "is not a list of host names", hint)

    def networks(self, var: str, default: str = "") -> Any:
        """Networks, or single addresses, separated by commas."""

        def read(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return [ipaddress.ip_network(part) for part in parts]

        hint = f"Set {var} to networks such as 10.0.0.0/8, separated by commas."
        return self._read(var, read(default), read, "is not a list of networks", hint)

    def names(self, var: str, default: str) -> list[str]:
        """Names, separated by commas; none for "off"."""
        text = str(self.str(var, default="")).strip() or default
        if text.lower() == "off":
            return []
        return [name.strip() for name in text.split(",") if name.strip()]

    def pairs(self, var: str) -> Any:
        """Pairs "a=b", separated by commas; none by default."""

        def read(text: str) -> list[tuple[str, str]]:
            pairs = [part.partition("=") for part in text.split(",") if part.strip()]
            if not all(left.strip() and right.strip() for left, _, right in pairs):
                raise ValueError
            return [(left.strip(), right.strip()) for left, _, right in pairs]

        hint = f"Set {var} to pairs such as their-name=Our name, separated by commas."
        return self._read(var, [], read, "is not a list of pairs", hint)

    def rates(self, var: str, default: str) -> Any:
        """Rates such as "20/10m, 100/d"; none for "off"."""
        hint = (
            f"Set {var} to rates with commas between, such as {default}: the most in so many "
            "seconds (s), minutes (m), hours (h) or days (d), up to 7d. Or set it to off."
        )
        return self._read(var, rate.read(default), rate.read, "is not a list of rates", hint)

    def hours(self, var: str, default: str) -> Any:
        """Two times of day, the earlier one first, such as "08:00-21:00"; None for "off"."""

        def read(text: str) -> tuple[time, time] | None:
            if text.strip().lower() == "off":
                return None
            first, _, last = (part.strip() for part in text.partition("-"))
            begins, ends = time.fromisoformat(first), time.fromisoformat(last)
            if begins.tzinfo or ends.tzinfo or begins >= ends:
                raise ValueError
            return begins, ends

        hint = f"Set {var} to two times of one day, such as {default}, or to off."
        return self._read(var, read(default), read, "is not two times of day", hint)

    def database(self, var: str, address: str, fallback: str) -> dict[str, Any]:
        """Django's settings for `address`, which `var` has given. No sentence shows the address."""
        try:
            return dict(self.db_url_config(address or fallback))
        except ValueError:
            self.mistakes.append(
                (
                    f"{var} is an address that cannot be read.",
                    f"Set {var}=postgres://user:password@host:5432/name, with a number as port.",
                )
            )
            return dict(self.db_url_config(fallback))

    def mail_server(self, var: str) -> dict[str, Any]:
        """Django's EMAIL_... settings for the address in `var`; {} when there is none.

        No sentence shows the address, which may hold a password.
        """
        address = str(self.str(var, default="")).strip()
        if not address:
            return {}
        try:
            found = dict(self.email_url_config(address))
        except (ValueError, ImproperlyConfigured):
            found = {}
        if not address.startswith(MAIL_SCHEMES) or not found.get("EMAIL_HOST"):
            self.mistakes.append(
                (f"{var} is not the address of a mail server.", _MAIL_HINT.format(var=var))
            )
            return {}
        # At port 465 TLS begins at once, however the address is written.
        is_ssl = bool(found.get("EMAIL_USE_SSL")) or found["EMAIL_PORT"] == SSL_PORT
        is_tls = bool(found.get("EMAIL_USE_TLS")) and not is_ssl
        usual = SSL_PORT if is_ssl else 587 if is_tls else 25
        return {
            "EMAIL_BACKEND": "callbacks.mailing.backends.Smtp",
            "EMAIL_HOST": found["EMAIL_HOST"],
            "EMAIL_PORT": found["EMAIL_PORT"] or usual,
            "EMAIL_HOST_USER": found["EMAIL_HOST_USER"] or "",
            "EMAIL_HOST_PASSWORD": found["EMAIL_HOST_PASSWORD"] or "",
            "EMAIL_USE_TLS": is_tls,
            "EMAIL_USE_SSL": is_ssl,
        }

    def _read(
        self, var: str, default: object, read: Callable[[str], object], wrong: str, hint: str
    ) -> Any:
        text = str(self.str(var, default="")).strip()
        if not text:
            return default
        try:
            return read(text)
        except ValueError:
            self.mistakes.append((f"{var} is {text!r}, which {wrong}.", hint))
            return default


def _flag(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise ValueError
    return word in YES


def _zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError
    return text
