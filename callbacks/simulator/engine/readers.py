"""Checks shared by many keys of `POST /control`. Pure; each raises ControlError."""

import ipaddress
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from callbacks.simulator.engine.parameters import line_key

LONGEST = 86_400.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ControlError(ValueError):
    """A control that cannot be read; the text says what is wrong and may be shown."""


def number(name: str, value: object, least: float, most: float) -> float:
    """A finite number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(f"{name} must be a number")
    if not (math.isfinite(value) and least <= value <= most):
        raise ControlError(f"{name} must be from {least:g} to {most:g}")
    return value


def seconds(name: str, value: object) -> float:
    """Seconds, at most a day."""
    return float(number(name, value, 0, LONGEST))


def or_none(read: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    """The same reader, which also accepts null."""
    return lambda name, value: None if value is None else read(name, value)


def whole(least: int, most: int) -> Callable[[str, object], int]:
    """A whole number within bounds."""

    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ControlError(f"{name} must be a whole number")
        return int(number(name, value, least, most))

    return read


def flag(name: str, value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ControlError(f"{name} must be true or false")
    return value


def text(name: str, value: object) -> str:
    """A short printable text."""
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise ControlError(f"{name} must be a printable text of at most 200 characters")
    return value


def one_of(choices: frozenset[str]) -> Callable[[str, object], str]:
    """A text that is one of `choices`."""

    def read(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ControlError(f"{name} must be one of {', '.join(sorted(choices))}")
        return value

    return read


def number_map(one: Callable[[str, object], Any]) -> Callable[[str, object], dict[str, Any]]:
    """An object keyed by telephone numbers, as `line_key`; null removes a number."""

    def read(name: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ControlError(f"{name} must be an object of numbers")
        lines: dict[str, Any] = {}
        for line, word in value.items():
            if not line.strip() or len(line) > 64 or not line.isprintable():
                raise ControlError(f"{name} has a number that is empty, too long or unprintable")
            lines[line_key(line)] = None if word is None else one(f"{name}[{line}]", word)
        return lines

    return read


def url(name: str, value: object) -> str | None:
    """An http(s) address, or None. Raises ControlError without repeating the address, which may be
    secret.
    """
    if value is None or value == "":
        return None
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not isinstance(value, str) or not value.isprintable() or len(value) > 2000:
        raise ControlError(f"{name} must be an http or https address")
    return value


def networks(name: str, value: object) -> tuple[Network, ...] | None:
    """A list of addresses and networks (10.0.0.0/8), or null."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > 100:
        raise ControlError(f"{name} must be null or a list of at most 100 addresses")
    found = []
    for index, item in enumerate(value):
        try:
            found.append(ipaddress.ip_network(item if isinstance(item, str) else "", strict=False))
        except ValueError:
            raise ControlError(f"{name}[{index}] is not an IP address or a network") from None
    return tuple(found)


def moment(name: str, value: object) -> float:
    """A point in time as epoch seconds, from epoch seconds or ISO 8601 (without a zone: UTC)."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise ControlError(f"{name} must be epoch seconds or an ISO 8601 time") from None
    return float(number(name, value, 0, 4_102_444_800))
