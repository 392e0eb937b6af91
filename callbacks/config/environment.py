"""Reads settings from the environment, and remembers values that cannot be read.

Such a value counts as not set while the settings are loaded, and nothing starts with it:
`callbacks.config.start` reports all of them at once. All processes share the reader
`callbacks.config.given.env`.
"""

import difflib
import io
import ipaddress
import math
import os
import re
import zoneinfo
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from callbacks.config import addresses
from leads.guard import rate

YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})
# No TLS, TLS after a greeting (tls), or TLS from the start (smtps, ssl).
MAIL_SCHEMES = ("smtp://", "smtp+tls://", "smtps://", "smtp+ssl://")
SSL_PORT = 465
_MAIL_HINT = (
    "Set {var}=smtp+tls://user:password@mail.example.com:587, with %40 for an @ in the password, "
    "and %2F for a slash."
)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=.*")
_LONGEST_SHOWN = 60  # characters of a value


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    """A reader whose `mistakes` are pairs of sentences: what is wrong, and the remedy.

    `not_read` has such pairs for files that this process may not read, for example root's `.env`,
    whose lines systemd put into the environment.

    An empty value counts as not set. `text`, `words` and `names` accept any value. A value is taken
    literally and never refers to another variable.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mistakes: list[tuple[str, str]] = []
        self.not_read: list[tuple[str, str]] = []
        self._in_file: list[str] = []
        self._asked: set[str] = set()

    def read_file(self, path: Path) -> None:
        """Reads a file of lines NAME=value, if it exists. The environment takes precedence. No
        sentence shows a line, which may contain a secret.
        """
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as problem:
            # Docker creates a directory in place of a missing file.
            why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
            may_not = isinstance(problem, PermissionError)
            wrong = f"{path.name} exists but cannot be read: {why}."
            way_out = f"Let the user that runs this process read {path}, or remove the file."
            if may_not:
                way_out = (
                    f"Let the user that runs this process read {path}, unless all settings are "
                    "in the environment, as with systemd's EnvironmentFile."
                )
            (self.not_read if may_not else self.mistakes).append((wrong, way_out))
            return
        good = []
        for number, line in enumerate(lines, 1):
            if found := _LINE.fullmatch(line):
                good.append(line)
                self._in_file.append(found[1])
            elif line.strip() and not line.lstrip().startswith(("#", ";")):  # as systemd reads it
                self.mistakes.append(
                    (
                        f"Line {number} of {path.name} is neither a setting nor a comment.",
                        "Write NAME=value without spaces around the name, or start it with #.",
                    )
                )
        self.read_env(io.StringIO("\n".join(good)))

    def misspelt(self) -> list[tuple[str, str]]:
        """Names in the file that no setting has, each with the setting that is probably meant.

        Call this after all settings are read.
        """
        strange = [it for it in self._in_file if it not in self._asked]
        guessed = [(it, difflib.get_close_matches(it, self._asked, 1, 0.85)) for it in strange]
        return [(name, found[0]) for name, found in guessed if found]

    def text(self, var: str, default: str = "") -> str:
        """A text, unchanged."""
        self._asked.add(var)
        text = os.environ.get(var, "")
        return text if text.strip() else default

    def words(self, var: str, default: list[str]) -> list[str]:
        """Texts separated by commas."""
        found = [part.strip() for part in self.text(var).split(",")]
        return list(filter(None, found)) or default

    def bool(self, var: str, default: bool | None = None) -> Any:
        """True or false. Any other word is a mistake: a typo must not switch anything off."""
        hint = f"Set {var} to true or false."
        return self._read(var, default, _flag, "is neither true nor false", hint)

    def int(self, var: str, default: int | None = None) -> Any:
        """A whole number."""
        hint = f"Set {var} to a number without a unit, for example {var}={default}."
        return self._read(var, default, int, "is not a whole number", hint)

    def float(self, var: str, default: float | None = None) -> Any:
        """A number, neither infinite nor "nan"."""
        hint = f"Set {var} to a number without a unit, for example {var}={default:g}."
        return self._read(var, default, _number, "is not a number", hint)

    def time_zone(self, var: str, default: str) -> Any:
        """The name of a time zone."""
        hint = f"Set {var} to a name from the IANA list, such as {default}."
        return self._read(var, default, _zone, "is not a known time zone", hint)

    def one_of(self, var: str, default: str, allowed: tuple[str, ...]) -> Any:
        """One of a few words in capital letters, in whichever case it is written."""

        def read(text: str) -> str:
            return allowed[allowed.index(text.upper())]

        hint = f"Set {var} to one of these: {', '.join(allowed)}."
        return self._read(var, default, read, "is not allowed", hint)

    def hosts(self, var: str) -> Any:
        """Host names without scheme, port or path, separated by commas; none by default."""

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
        text = self.text(var).strip() or default
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
            f"Set {var} to rates separated by commas, such as {default}: a maximum per number of "
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

        hint = f"Set {var} to two times of day, such as {default}, or to off."
        return self._read(var, read(default), read, "is not two times of day", hint)

    def listening_host(self, var: str, default: str) -> Any:
        """A name or address of this machine, as gunicorn takes it (IPv6 in brackets)."""

        def read(text: str) -> str:
            host = f"[{text}]" if ":" in text and not text.startswith("[") else text
            if not addresses.is_host(host):
                raise ValueError
            return host

        hint = (
            f"Set {var} to an address of this machine, such as {default}, or to 0.0.0.0 for all "
            "its addresses."
        )
        return self._read(var, default, read, "is not the address or name of a host", hint)

    def host_patterns(self, var: str, default: str) -> list[str]:
        """Hosts as ALLOWED_HOSTS takes them."""

        def way_out(part: str) -> str:
            host = urlsplit(part if "//" in part else f"//{part}").hostname or ""
            good = host if addresses.is_host(host) else "callbacks.example.com"
            return f"Write only the name, without https://, port or path: {var}={good}"

        return self._each(
            var, default, addresses.is_host_pattern, "is not the name of a host", way_out
        )

    def origins(self, var: str) -> list[str]:
        """Origins as a browser sends them; none by default."""

        def way_out(_: str) -> str:
            return (
                "Write each with its scheme and without a slash or path at the end: "
                f"{var}=https://callbacks.example.com"
            )

        return self._each(var, "", addresses.is_origin, "is not an origin", way_out)

    def _each(
        self,
        var: str,
        default: str,
        is_good: Callable[[str], object],
        wrong: str,
        way_out: Callable[[str], str],
    ) -> list[str]:
        parts = self.words(var, default=[])
        for part in parts:
            if not is_good(part):
                try:
                    hint = way_out(part)
                except ValueError:  # from urlsplit, about brackets
                    hint = way_out("")
                self.mistakes.append((f"{var} has {_shown(part)}, which {wrong}.", hint))
        good = [part for part in parts if is_good(part)]
        return good or [part for part in default.split(",") if part]

    def database(self, address: str) -> dict[str, Any]:
        """Django's settings for a database; for a stand-in database if the address is wrong.

        callbacks.E009 says what is wrong. Without an address, commands that use no data (check,
        collectstatic, makemigrations) still work.
        """
        is_good = not addresses.database_problem(address)
        return dict(
            self.db_url_config(address if is_good else "postgres://127.0.0.1:5432/callbacks")
        )

    def mail_server(self, var: str) -> dict[str, Any]:
        """Django's EMAIL_... settings for the address in `var`; {} if there is none.

        No sentence shows the address, which may contain a password.
        """
        address = self.text(var).strip()
        if not address:
            return {}
        try:
            found = dict(self.email_url_config(address))
        except (ValueError, ImproperlyConfigured):
            found = {}
        is_read = addresses.split_server(address) is not None and found.get("EMAIL_HOST")
        if not address.startswith(MAIL_SCHEMES) or not is_read:
            self.mistakes.append(
                (f"{var} is not the address of a mail server.", _MAIL_HINT.format(var=var))
            )
            return {}
        # At port 465, TLS begins at once, whatever the scheme says.
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
        text = self.text(var).strip()
        if not text:
            return default
        try:
            return read(text)
        except ValueError:
            self.mistakes.append((f"{var} is {_shown(text)}, which {wrong}.", hint))
            return default


def _shown(text: str) -> str:
    """A value in quotation marks, shortened, without the user and password of an address."""
    text = re.sub(r"://[^/\s@]*@", "://***@", text)
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _flag(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise ValueError
    return word in YES


def _zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError
    return text
