"""Resolves the parameters of a call, and tells which layer each value comes from. Pure.

The layers, the most specific first: extension, source, settings. A parameter that no layer sets has
the provider's own default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callbacks.voicenter.click2call.call import CALL_PARAMETERS

PROVIDER = "provider's default"
# No layer sets these: the claim decides who is called.
_DESTINATIONS = frozenset({"phone", "target", "phone_login_code"})


@dataclass(frozen=True)
class Layer:
    """A layer's name for people, and the parameters that it sets."""

    name: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class ResolvedParameter:
    """The value of one parameter of `voicenter.Call`, and the name of the layer that sets it.

    `value` is None if no layer sets the parameter and the provider documents no default.
    """

    name: str
    value: object
    origin: str


def resolved(places: Sequence[Layer]) -> list[ResolvedParameter]:
    """Every parameter of a call, in the order of the vendor's page; custom variables are one."""
    defaults = {name: parameter.default for name, parameter in CALL_PARAMETERS.items()}
    return [
        _of(name, default, places)
        for name, default in {**defaults, "variables": None}.items()
        if name not in _DESTINATIONS
    ]


def resolved_arguments(places: Sequence[Layer]) -> dict[str, object]:
    """The parameters that some layer sets, as arguments of `voicenter.Call`."""
    return {each.name: each.value for each in resolved(places) if each.origin != PROVIDER}


def _of(name: str, default: object, places: Sequence[Layer]) -> ResolvedParameter:
    for place in places:
        if name in place.values:
            return ResolvedParameter(name, place.values[name], place.name)
    return ResolvedParameter(name, default, PROVIDER)
