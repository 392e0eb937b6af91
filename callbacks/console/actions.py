"""`call`, `message`, `callference`, `terminate`: the subcommands that ring somebody or hang up."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from callbacks.console import options
from callbacks.console.confirming import confirm
from callbacks.console.destinations import (
    allowed,
    provider_spelling,
    readable,
    refuse_if_listed,
    refuse_unless_allowed,
)
from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output
from callbacks.telephony import account
from callbacks.voicenter import Accepted, Call, Callference, Client, Message, Terminate
from callbacks.voicenter.click2call.call import CALL_PARAMETERS
from callbacks.voicenter.click2call.callference import CALLFERENCE_PARAMETERS
from callbacks.voicenter.click2call.message import MESSAGE_PARAMETERS
from callbacks.voicenter.click2call.terminate import TERMINATE_PARAMETERS
from callbacks.voicenter.values.parameters import Parameter


@dataclass(frozen=True)
class ConsoleAction:
    """One of the provider's actions: its parameters, its question to confirm, its request."""

    help: str
    kind: type
    table: Mapping[str, Parameter]
    question: Callable[[Any], str]
    send: Callable[[Client, Any], Accepted]
    rings: bool = True


def _ring_both(call: Call) -> str:
    return f"Ring {readable(call.phone)}, then {readable(call.target)}"


def _ring_and_play(message: Message) -> str:
    parts = [message.pre_rec, "digits" if message.dtmf else None, message.loop_rec]
    played = ", ".join(part for part in (*parts, message.post_rec) if part)
    return f"Ring {readable(message.phone)} and play {played or 'nothing'}"


ACTIONS: dict[str, ConsoleAction] = {
    "call": ConsoleAction(
        "ring one phone, then another, and let the two talk",
        Call,
        CALL_PARAMETERS,
        _ring_both,
        Client.call,
    ),
    "message": ConsoleAction(
        "ring a phone and play it a recorded message",
        Message,
        MESSAGE_PARAMETERS,
        _ring_and_play,
        Client.message,
    ),
    "callference": ConsoleAction(
        "ring a phone and put it into a conference room",
        Callference,
        CALLFERENCE_PARAMETERS,
        lambda it: f"Ring {readable(it.phone)} and put it into the conference room",
        Client.callference,
    ),
    "terminate": ConsoleAction(
        "hang up the call that an extension is on",
        Terminate,
        TERMINATE_PARAMETERS,
        lambda it: f"Hang up the call that {readable(it.phone)} is on",
        Client.terminate,
        rings=False,
    ),
}


def add_arguments(parser: argparse.ArgumentParser, action: ConsoleAction) -> None:
    """The options of one action."""
    options.add_parameters(parser, action.kind, action.table)
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    if action.rings:
        parser.add_argument(
            "--any-number",
            action="store_true",
            help=(
                "also ring numbers that are never dialled for leads: other countries, premium, ..."
            ),
        )


def run(action: ConsoleAction, given: Mapping[str, Any], output: Output) -> None:
    """Checks everything, asks for confirmation, sends once, and writes the answer.

    Raises Stop, or an error of the library. Nothing is sent before a person has confirmed it.
    """
    typed = {
        name: provider_spelling(given[name]) if name in ("phone", "target") else given[name]
        for name in (*action.table, *(["variables"] if "variables" in given else []))
    }
    wanted: Any = options.read(action.kind, action.table, typed)
    if action.rings:
        _refuse_numbers(wanted, is_any_number=given["any_number"])
    client = account.client()
    confirm(action.question(wanted), yes=given["yes"], output=output)
    accepted = _send(action, client, wanted)
    output.say(f"The provider accepted it: CALLID {accepted.call_id or '(none)'}")
    if action.rings:
        output.say("To see how the call went, run voicenter calllog in a few minutes.")
    output.document(
        ok=True,
        exit_code=Exit.DONE.value,
        action=wanted.action,
        call_id=accepted.call_id,
        error_code=accepted.error_code,
        error_message=accepted.error_message,
    )


def _refuse_numbers(wanted: Any, *, is_any_number: bool) -> None:
    """Raises Stop if one of the numbers may not be rung."""
    rung = [(wanted.phone, True)]
    if isinstance(wanted, Call):
        rung.append((wanted.target, False))
    try:
        for number, _is_first in rung:
            refuse_if_listed(number)
        if is_any_number:
            return
        may = allowed()
    except DatabaseError as error:
        # The error's message may contain the address with the password.
        raise Stop(
            Exit.BROKEN,
            "The database is unavailable, so it is not known who may be rung "
            f"({type(error).__name__}).",
            "database",
        ) from None
    for number, is_first in rung:
        refuse_unless_allowed(number, may, first=is_first)


def _send(action: ConsoleAction, client: Client, wanted: Any) -> Accepted:
    try:
        return action.send(client, wanted)
    except KeyboardInterrupt:
        raise Stop(
            Exit.UNKNOWN,
            "Interrupted while waiting for the provider. It may have acted, so check before you "
            "repeat the command.",
            "interrupted",
        ) from None
