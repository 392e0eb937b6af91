"""Exit codes of `manage.py voicenter`, and which one an error means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from callbacks.voicenter import (
    ConfigurationError,
    InvalidCall,
    NotSent,
    OutcomeUnknown,
    ReadFailed,
    Refused,
    VoicenterError,
)


class Exit(IntEnum):
    """What a script may rely on."""

    DONE = 0
    BROKEN = 1
    USAGE = 2
    REFUSED = 3
    NOT_SENT = 4
    UNKNOWN = 5
    SETTINGS = 6
    NOT_CONFIRMED = 7
    NO_ANSWER = 8
    NOTHING_THERE = 9
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.BROKEN: "something unforeseen: a fault of this program, or the database is away",
    Exit.USAGE: "wrong usage or an invalid parameter; nothing was sent",
    Exit.REFUSED: "the provider said no; nothing was dialled or changed",
    Exit.NOT_SENT: "no connection; surely nothing was sent, so it may be tried again",
    Exit.UNKNOWN: "sent, and the answer was lost: it may have been done, so look before you repeat",
    Exit.SETTINGS: "wrong settings; nothing was sent",
    Exit.NOT_CONFIRMED: "nobody said yes; nothing was done",
    Exit.NO_ANSWER: "a question got no answer of the provider's; it may be asked again",
    Exit.NOTHING_THERE: "the account shows no extensions, as it does for a wrong code",
    Exit.INTERRUPTED: "stopped by Ctrl-C before anything was sent that changes something",
}


@dataclass
class Stop(Exception):  # noqa: N818  # an end, and not always an error
    """The command ends here: with which code, and what a person and a machine are told.

    `reason` is one word for machines; `more` are further fields for them.
    """

    exit: Exit
    words: str
    reason: str
    more: Mapping[str, object] | None = None

    def __str__(self) -> str:
        return self.words


def table() -> str:
    """The exit codes as text, one a line."""
    return "\n".join(f"{code.value:>5}  {MEANINGS[code]}" for code in Exit)


def stop_for(error: VoicenterError) -> Stop:
    """The end that an error of the library means. Secrets and numbers are not in its words."""
    if isinstance(error, InvalidCall):
        return Stop(Exit.USAGE, str(error), error.reason, {"parameter": error.parameter})
    if isinstance(error, ConfigurationError):
        return Stop(Exit.SETTINGS, f"Wrong settings: {error}", error.reason)
    if isinstance(error, Refused):
        more = {"error_code": error.error_code, "error_message": error.error_message}
        said = f": {error.error_message}" if error.error_message else ""
        return Stop(Exit.REFUSED, f"The provider {error}{said}", error.reason, more)
    if isinstance(error, NotSent):
        return Stop(Exit.NOT_SENT, f"Nothing was sent: {error}", error.reason)
    if isinstance(error, OutcomeUnknown):
        words = f"It may have been done, so look before you repeat it: {error}"
        return Stop(Exit.UNKNOWN, words, error.reason, {"call_id": error.call_id})
    if isinstance(error, ReadFailed):
        return Stop(Exit.NO_ANSWER, f"No answer that can be used: {error}", error.reason)
    return Stop(Exit.BROKEN, str(error), error.reason)
