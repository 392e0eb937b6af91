"""Which call parameter holds, and where it comes from. Pure.

Places are asked in order, the most particular first: extension, source, settings. What none of
them says is the provider's own default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callbacks.voicenter.click2call.call import CALL_PARAMETERS

PROVIDER = "provider's default"
# Not a matter of choice: who is called is decided by the claim.
_DESTINATIONS = frozenset({"phone", "target", "phone_login_code"})


@dataclass(frozen=True)
class Layer:
    """One place that may say something: its name for people, and what it says."""

    name: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class ResolvedParameter:
    """The value of one parameter of `voicenter.Call` and the name of the place it comes from.

    `value` is None where not even the provider's page names a default.
    """

    name: str
    value: object
    origin: str


def resolved(places: Sequence[Layer]) -> list[ResolvedParameter]:
    """Every parameter of a call, in the order of the vendor's page; custom variables as one."""
    defaults = {name: parameter.default for name, parameter in CALL_PARAMETERS.items()}
    return [
        _of(name, default, places)
        for name, default in {**defaults, "variables": None}.items()
        if name not in _DESTINATIONS
    ]


def resolved_arguments(places: Sequence[Layer]) -> dict[str, object]:
    """Only what some place says: arguments of `voicenter.Call`."""
    return {each.name: each.value for each in resolved(places) if each.origin != PROVIDER}


def _of(name: str, default: object, places: Sequence[Layer]) -> ResolvedParameter:
    for place in places:
        if name in place.values:
            return ResolvedParameter(name, place.values[name], place.name)
    return ResolvedParameter(name, default, PROVIDER)
