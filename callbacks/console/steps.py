"""What a step of `voicenter check` found, and the words for each way it can fail."""

import socket
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from callbacks.console.exits import Exit, stop_for
from callbacks.voicenter import (
    Forbidden,
    NotSent,
    ReadFailed,
    Refused,
    VoicenterError,
    WrongCode,
)


class Result(StrEnum):
    """How a step ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckStep:
    """One thing that was looked at. `exit` is the command's, should it be the first failure."""

    name: str
    result: Result
    message: str
    what_to_do: str = ""
    exit: Exit = Exit.DONE
    reason: str = ""


_NO_CONNECTION = {
    "refused": (
        "{host} is there, and nothing listens on that port.",
        "Correct the port in VOICENTER_URL; if it is right, the service is down: try later.",
    ),
    "connect_timeout": (
        "{host} does not answer: no connection within the time allowed.",
        "Look whether a firewall keeps this machine from going out, and whether the host is right.",
    ),
    "tls": (
        "{host} answers, and no secure connection can be made: its certificate is not trusted.",
        "Correct host and port in VOICENTER_URL; update this machine's certificates and clock.",
    ),
    "connect": (
        "There is no way to {host}: this machine has no network, or no route there.",
        "Bring up the network; in a container, give it one.",
    ),
}
_NO_NAME = (
    "The name {host} cannot be looked up: there is no such name.",
    "Correct the host in VOICENTER_URL.",
)
_NO_NAME_SERVER = (
    "The name {host} cannot be looked up: no name server answers, so there may be no network.",
    "Bring up the network and its name servers; then look at the host in VOICENTER_URL.",
)
_ADDRESS = (
    "Ask Voicenter to put the public address of this machine on the account's allow-list (behind "
    "NAT that is the router's). Servers that dial need it too."
)


def failure(name: str, error: VoicenterError, url: str, *, knows_code: bool = False) -> CheckStep:
    """The step that failed with `error` when what is at `url` was asked.

    `knows_code`: it is one of the services beside Click2Call, which was sent the code. Its address
    follows from VOICENTER_URL, and calls can be made while it is away.
    """
    host = urlsplit(url).hostname or ""
    stop = stop_for(error)
    message, advice = _explained(error, host)
    if knows_code and not isinstance(error, Refused):
        message, advice = _beside(error, message)
    return CheckStep(name, Result.FAILED, message.format(host=host), advice, stop.exit, stop.reason)


def _explained(error: VoicenterError, host: str) -> tuple[str, str]:
    if isinstance(error, NotSent):
        if error.reason == "dns":
            return _NO_NAME if _name_is_wrong(host) else _NO_NAME_SERVER
        return _NO_CONNECTION.get(error.reason, _NO_CONNECTION["connect"])
    if isinstance(error, WrongCode):
        return (
            "{host} does not know the code.",
            "Correct VOICENTER_CODE: it is the API code of the account, letter for letter.",
        )
    if isinstance(error, Forbidden):
        return (f"{{host}} refuses this machine ({error.reason}).", _ADDRESS)
    if isinstance(error, ReadFailed):
        return _no_answer(error.reason)
    return (f"{{host}} refuses: {error}.", "Ask Voicenter what the account may do.")


def _no_answer(reason: str) -> tuple[str, str]:
    if reason in ("read_timeout", "reset", "truncated"):
        return (
            f"{{host}} took the connection and gave no whole answer ({reason}).",
            "Try again; if it stays so, ask Voicenter, or look at a proxy on the way.",
        )
    if reason.startswith("http_5"):
        return (
            f"{{host}} answers that something is wrong there ({reason}).",
            "Try again; if it stays so, correct VOICENTER_URL. The code was not sent there.",
        )
    return (
        f"Something answers at {{host}}, and it is not Voicenter ({reason}).",
        "Correct host and path in VOICENTER_URL. The account's code was not sent there.",
    )


def _beside(error: VoicenterError, message: str) -> tuple[str, str]:
    """The same of a service beside Click2Call."""
    if isinstance(error, NotSent):
        advice = (
            "Let this machine go out to that host as well as to Click2Call's; if it may, the "
            "service is down: try later."
        )
        return message, advice
    if isinstance(error, ReadFailed) and "not Voicenter" in message:
        message = f"{{host}} gives an answer that makes no sense ({error.reason})."
    return message, "Try again; if it stays so, ask Voicenter, or look at a proxy on the way."


def _name_is_wrong(host: str) -> bool:
    """Whether somebody knows that there is no such name; False where nobody could be asked."""
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        return error.errno != socket.EAI_AGAIN
    except UnicodeError:
        return True
    return False
