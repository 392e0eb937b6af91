"""A step of `voicenter check`, and the messages for each way in which it can fail."""

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
    """The result of one check. `exit` is the command's exit code if this is the first failure."""

    name: str
    result: Result
    message: str
    what_to_do: str = ""
    exit: Exit = Exit.DONE
    reason: str = ""


_NO_CONNECTION = {
    "refused": (
        "{host} was found, but nothing listens on this port.",
        "Correct the port in VOICENTER_URL. If it is correct, the service is down: try later.",
    ),
    "connect_timeout": (
        "{host} did not answer in time.",
        "Check whether a firewall blocks this machine and whether the host is correct.",
    ),
    "tls": (
        "{host} answers, but its certificate is not trusted, so there is no secure connection.",
        "Correct host and port in VOICENTER_URL, or update this machine's certificates and clock.",
    ),
    "connect": (
        "{host} cannot be reached: this machine has no network, or no route to it.",
        "Bring up the network; connect the container to one.",
    ),
}
_NO_NAME = (
    "There is no host named {host}.",
    "Correct the host in VOICENTER_URL.",
)
_NO_NAME_SERVER = (
    "The name {host} cannot be looked up: no name server answers. There may be no network.",
    "Bring up the network and its name servers; then check the host in VOICENTER_URL.",
)
_ADDRESS = (
    "Ask Voicenter to add this machine's public address to the account's allow-list (behind NAT, "
    "the router's address). Servers that make calls need this too."
)


def failure(name: str, error: VoicenterError, url: str, *, knows_code: bool = False) -> CheckStep:
    """The step that failed with `error` when the service at `url` was asked.

    `knows_code`: the service is not Click2Call, and gets the account's code. Its address follows
    from VOICENTER_URL, and calls can be made while it is down.
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
            "Correct VOICENTER_CODE, letter for letter, and restart the workers.",
        )
    if isinstance(error, Forbidden):
        return (f"{{host}} refuses this machine ({error.reason}).", _ADDRESS)
    if isinstance(error, ReadFailed):
        return _no_answer(error.reason)
    return (f"{{host}} refuses: {error}.", "Ask Voicenter what the account is allowed to do.")


def _no_answer(reason: str) -> tuple[str, str]:
    if reason in ("read_timeout", "reset", "truncated"):
        return (
            f"{{host}} accepted the connection but gave no complete answer ({reason}).",
            "Try again. If it happens again, ask Voicenter, or check the proxy in between.",
        )
    if reason.startswith("http_5"):
        return (
            f"{{host}} reports an error of its own ({reason}).",
            "Try again. If it happens again, correct VOICENTER_URL. The code was not sent there.",
        )
    return (
        f"Something answers at {{host}}, but it is not Voicenter ({reason}).",
        "Correct host and path in VOICENTER_URL. The account's code was not sent there.",
    )


def _beside(error: VoicenterError, message: str) -> tuple[str, str]:
    """Message and advice for a service other than Click2Call."""
    if isinstance(error, NotSent):
        advice = (
            "Allow this machine to connect to this host as well as to Click2Call's. If it is "
            "allowed, the service is down: try later."
        )
        return message, advice
    if isinstance(error, ReadFailed) and "not Voicenter" in message:
        message = f"{{host}} gave an answer that cannot be understood ({error.reason})."
    return message, "Try again. If it happens again, ask Voicenter, or check the proxy in between."


def _name_is_wrong(host: str) -> bool:
    """Whether a name server says that there is no such name; False if none could be asked."""
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        return error.errno != socket.EAI_AGAIN
    except UnicodeError:
        return True
    return False
