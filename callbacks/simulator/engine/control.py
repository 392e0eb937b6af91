"""Reads a `POST /control`: checks all of it before any of it takes effect. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from callbacks.simulator.engine import ai_data, readers
from callbacks.simulator.engine.calls import REACTIONS
from callbacks.simulator.engine.faults import (
    ALWAYS_ACCEPTED,
    EITHER,
    KINDS,
    LEG_KINDS,
    REQUEST_KINDS,
    SERVICES,
    Fault,
)
from callbacks.simulator.engine.presence import LOGIN_STATUSES
from callbacks.simulator.engine.readers import ControlError
from callbacks.simulator.engine.settings import History, SettingsChange

PRESENCES = frozenset({"online", "offline", "blocked", "busy"})
LOGIN_WORDS = frozenset(str(number) for number in LOGIN_STATUSES)


def read_change(body: object) -> SettingsChange:
    """The change in a JSON body. Raises ControlError naming the key, and then changes nothing."""
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    values: dict[str, Any] = {}
    for key, value in body.items():
        if key not in KEYS:
            raise ControlError(f"unknown key {key[:40]!r}; known: {', '.join(sorted(KEYS))}")
        values[key] = KEYS[key](key, value)
    return SettingsChange(
        faults=values.pop("faults", None),
        reset=values.pop("reset", False),
        seed=values.get("seed"),
        values=values,
    )


def _login(name: str, value: object) -> int:
    if isinstance(value, bool) or str(value) not in LOGIN_WORDS:
        known = ", ".join(str(number) for number in sorted(LOGIN_STATUSES))
        raise ControlError(f"{name} must be one of {known}")
    return int(str(value))


def _ivr(name: str, value: object) -> tuple[Mapping[str, Any], ...]:
    if (
        not isinstance(value, list)
        or len(value) > 100
        or not all(isinstance(step, dict) for step in value)
    ):
        raise ControlError(f"{name} must be a list of at most 100 objects")
    return tuple(value)


def _history(name: str, value: object) -> History:
    if not isinstance(value, dict) or set(value) != {"count", "from", "to"}:
        raise ControlError(f"{name} must be null or have count, from and to")
    since = readers.moment(f"{name}.from", value["from"])
    until = readers.moment(f"{name}.to", value["to"])
    if since > until:
        raise ControlError(f"{name}.from must not be after {name}.to")
    return History(readers.whole(0, 100_000)(f"{name}.count", value["count"]), since, until)


def _faults(name: str, value: object) -> tuple[Fault, ...]:
    if not isinstance(value, list) or len(value) > 100:
        raise ControlError(f"{name} must be a list of at most 100 faults")
    return tuple(_fault(f"{name}[{index}]", item) for index, item in enumerate(value))


def _fault(name: str, value: object) -> Fault:
    if not isinstance(value, dict):
        raise ControlError(f"{name} must be an object")
    allowed = {"kind", "on", "count", "rate", "seconds", "accepted", "leg"}
    if unknown := sorted(set(value) - allowed):
        raise ControlError(f"{name} has an unknown key {unknown[0][:40]!r}")
    kind = readers.one_of(KINDS)(f"{name}.kind", value.get("kind"))
    if "count" in value and "rate" in value:
        raise ControlError(f"{name} has both a count and a rate")
    for key, kinds in (
        ("on", REQUEST_KINDS),
        ("seconds", {"delay"}),
        ("accepted", EITHER),
        ("leg", LEG_KINDS),
    ):
        if key in value and kind not in kinds:
            raise ControlError(f"{name}.{key} does not belong to {kind}")
    rate = readers.number(f"{name}.rate", value["rate"], 0, 1) if "rate" in value else None
    accepted = value.get("accepted", kind in ALWAYS_ACCEPTED | EITHER)
    return Fault(
        kind=kind,
        on=readers.one_of(SERVICES)(f"{name}.on", value.get("on", "click2call")),
        count=readers.whole(0, 1_000_000)(f"{name}.count", value.get("count", 1))
        if rate is None
        else None,
        rate=rate,
        seconds=readers.seconds(f"{name}.seconds", value.get("seconds", 30)),
        accepted=readers.flag(f"{name}.accepted", accepted),
        leg=readers.whole(1, 2)(f"{name}.leg", value["leg"]) if "leg" in value else None,
    )


def _words(*words: str) -> Callable[[str, object], str]:
    return readers.one_of(frozenset(words))


# All keys of a control; docs/simulator.md describes them.
KEYS: dict[str, Callable[[str, object], Any]] = {
    "seed": readers.whole(0, 2**63),
    "answer_after": readers.seconds,
    "talk": readers.seconds,
    "no_answer_after": readers.or_none(readers.seconds),
    "linger": readers.seconds,
    "mode": _words("auto", "manual"),
    "extensions": readers.number_map(readers.one_of(PRESENCES)),
    "answers": readers.number_map(readers.one_of(REACTIONS)),
    "names": readers.number_map(readers.text),
    "logins": readers.number_map(_login),
    "blacklist": readers.number_map(readers.text),
    "forbid": readers.flag,
    "allowed_ips": readers.networks,
    "faults": _faults,
    "cdr_url": readers.url,
    "cdr_tries": readers.whole(1, 50),
    "cdr_backoff": readers.seconds,
    "cdr_format": _words("json", "form", "xml"),
    "cdr_when": _words("call", "leg"),
    "cdr_delay": readers.seconds,
    "custom_data": _words("CustomData", "CUSTOM_DATA", "customdata", "flat"),
    "custom_prefix": readers.flag,
    "ivr": _ivr,
    "ivr_as": _words("list", "string"),
    "ai_data": _words(ai_data.NONE, *ai_data.KINDS),
    "ai_data_after": readers.seconds,
    "popup_url": readers.url,
    "popup_format": _words("json", "form", "get"),
    "popup_limit": readers.seconds,
    "log_delay": readers.seconds,
    "log_per_minute": readers.or_none(readers.whole(0, 1_000_000)),
    "log_at_most": readers.whole(1, 10_000),
    "log_keys": _words("documented", "lower"),
    "log_history": readers.or_none(_history),
    "reset": readers.flag,
}
