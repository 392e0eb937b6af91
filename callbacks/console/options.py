"""Builds command-line options from the library's parameter tables, and its objects from options."""

import argparse
import inspect
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from callbacks.voicenter import InvalidCall
from callbacks.voicenter.values.parameters import Parameter

T = TypeVar("T")


def add_parameters(
    parser: argparse.ArgumentParser, kind: type, table: Mapping[str, Parameter]
) -> None:
    """Adds an option for every parameter in the table; `kind` is the dataclass that takes them.

    An option that is not given is not sent, so the provider's own default applies.
    """
    types = get_type_hints(kind)
    group = parser.add_argument_group("parameters of the call")
    for name, parameter in table.items():
        flag = f"--{name.replace('_', '-')}"
        said = {"dest": name, "default": None, "help": _help(parameter)}
        if _is(types[name], bool):
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **said)  # type: ignore[arg-type]
        else:
            number = int if _is(types[name], int) else str
            metavar = "SECONDS" if parameter.unit == "s" else "N" if number is int else "TEXT"
            group.add_argument(
                flag,
                type=number,
                metavar=metavar,
                required=parameter.mandatory,
                **said,  # type: ignore[arg-type]
            )
    if "variables" in types:
        group.add_argument(
            "--var",
            dest="variables",
            action="append",
            default=[],
            metavar="NAME=TEXT",
            help="a variable of your own, sent as var_NAME; may be given up to ten times",
        )


def meanings(kind: type) -> str:
    """The meaning of each parameter, from the library's own docstring."""
    lines = inspect.cleandoc(kind.__doc__ or "").splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("- ")), len(lines))
    return "\n".join(lines[first:]).replace("`", "")


def read(kind: type[T], table: Mapping[str, Parameter], given: Mapping[str, Any]) -> T:
    """The library's object for the options that were given. Raises InvalidCall."""
    values = {name: given[name] for name in table if given[name] is not None}
    if given.get("variables"):
        values["variables"] = _variables(given["variables"])
    return kind(**values)


def _variables(typed: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in typed:
        name, equals, text = one.partition("=")
        if not equals:
            raise InvalidCall("variables: must be NAME=TEXT", parameter="variables")
        if name in found:
            raise InvalidCall("variables: a name is given twice", parameter="variables")
        found[name] = text
    return found


def _is(annotation: Any, wanted: type) -> bool:
    return wanted in (annotation, *get_args(annotation))


def _help(parameter: Parameter) -> str:
    parts = [f"sent as {parameter.wire}"]
    if parameter.mandatory:
        parts.append("required")
    elif parameter.default is not None:
        default = str(parameter.default).lower()
        parts.append(f"the provider's default is {default}{' s' * bool(parameter.unit)}")
    return "; ".join(parts)
