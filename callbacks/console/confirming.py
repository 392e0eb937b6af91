"""Nothing is rung, hung up or changed before a person has said yes, or --yes stands for it."""

import sys

from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output, safe

_YES = frozenset({"y", "yes"})


def confirm(what: str, *, yes: bool, output: Output) -> None:
    """Raises Stop unless somebody says yes to `what`, which is said in any case.

    With `yes` nobody is asked. Without it and without a terminal nobody could be.
    """
    if yes:
        output.say(f"{what}.")
        return
    if not sys.stdin.isatty():
        raise Stop(
            Exit.NOT_CONFIRMED,
            f"{what}? Nobody can be asked here: say --yes if that is meant.",
            "not_confirmed",
        )
    # stdout may be a pipe or hold a document.
    sys.stderr.write(safe(f"{what}? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in _YES:
        raise Stop(Exit.NOT_CONFIRMED, "Nothing was done.", "not_confirmed")
