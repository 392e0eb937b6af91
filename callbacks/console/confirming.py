"""Asks a person to confirm, unless --yes was given, before anything is rung, hung up or changed."""

import sys

from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output, safe

_YES = frozenset({"y", "yes"})


def confirm(what: str, *, yes: bool, output: Output) -> None:
    """Tells what will be done, and raises Stop unless a person confirms it.

    With `yes` nobody is asked. Without `yes` and without a terminal there is nobody to ask.
    """
    if yes:
        output.say(f"{what}.")
        return
    if not sys.stdin.isatty():
        raise Stop(
            Exit.NOT_CONFIRMED,
            f"{what}? There is no terminal to ask on. Use --yes to confirm.",
            "not_confirmed",
        )
    # stdout may be a pipe or hold a document.
    sys.stderr.write(safe(f"{what}? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in _YES:
        raise Stop(Exit.NOT_CONFIRMED, "Nothing was done.", "not_confirmed")
