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
    """The exit codes, which scripts rely on."""

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
    Exit.BROKEN: "an unexpected error: a bug in this program, or the database cannot be reached",
    Exit.USAGE: "wrong usage or an invalid parameter; nothing was sent",
    Exit.REFUSED: "the provider refused; nothing was dialled or changed",
    Exit.NOT_SENT: "no connection; nothing was sent, so it is safe to try again",
    Exit.UNKNOWN: "outcome unknown: it may have been done, so check before repeating",
    Exit.SETTINGS: "wrong settings; nothing was sent",
    Exit.NOT_CONFIRMED: "nobody confirmed it; nothing was done",
    Exit.NO_ANSWER: "the provider did not answer a question; it is safe to ask again",
    Exit.NOTHING_THERE: "the account shows no extensions, as it does for a wrong code",
    Exit.INTERRUPTED: "stopped by Ctrl-C before anything was changed",
}


@dataclass
class Stop(Exception):  # noqa: N818  # an end, and not always an error
    """Ends the command with an exit code and a message.

    `words` is the message for people, `reason` one word for machines, `more` further fields for
    machines.
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
    """The exit for an error of the library, whose message has no secrets and no phone numbers."""
    if isinstance(error, InvalidCall):
        return Stop(Exit.USAGE, str(error), error.reason, {"parameter": error.parameter})
    if isinstance(error, ConfigurationError):
        return Stop(Exit.SETTINGS, f"The settings are wrong: {error}", error.reason)
    if isinstance(error, Refused):
        more = {"error_code": error.error_code, "error_message": error.error_message}
        said = f": {error.error_message}" if error.error_message else ""
        return Stop(Exit.REFUSED, f"The provider {error}{said}", error.reason, more)
    if isinstance(error, NotSent):
        return Stop(Exit.NOT_SENT, f"Nothing was sent: {error}", error.reason)
    if isinstance(error, OutcomeUnknown):
        words = f"It may have been done, so check before you repeat it: {error}"
        return Stop(Exit.UNKNOWN, words, error.reason, {"call_id": error.call_id})
    if isinstance(error, ReadFailed):
        return Stop(Exit.NO_ANSWER, f"The provider gave no usable answer: {error}", error.reason)
    return Stop(Exit.BROKEN, str(error), error.reason)
