"""`calllog`, `activecalls`, `extensions`: the subcommands that only read."""

import argparse
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from callbacks.console.destinations import provider_spelling
from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output, record
from callbacks.telephony import account
from callbacks.voicenter import CallLogSearch
from callbacks.voicenter.services.search import CALLFERENCE_TYPE, CLICK2CALL_TYPES, IDENTITIES

_AGO = re.compile(r"([0-9]{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NOTHING = (
    "The account shows no extensions. A wrong code gets the same answer; use `voicenter check` "
    "to find out."
)


def add_call_log(parser: argparse.ArgumentParser) -> None:
    """The options of calllog."""
    when = "a time like 2026-01-31T09:00 (the site's time zone), or how long ago: 30m, 2h, 7d"
    parser.add_argument(
        "--from", dest="since", type=_time, metavar="TIME", help=f"{when}; default: 1h"
    )
    parser.add_argument(
        "--to", dest="until", type=_time, metavar="TIME", help="the same; default: now"
    )
    parser.add_argument(
        "--phone",
        action="append",
        default=[],
        metavar="NUMBER",
        help="as caller or as the called party; repeatable",
    )
    parser.add_argument("--extension", action="append", default=[], metavar="SIP")
    parser.add_argument("--call-id", metavar="CALLID")
    parser.add_argument(
        "--type",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help=f"kind of call: {CLICK2CALL_TYPES[0]} and {CLICK2CALL_TYPES[1]} are the legs of a "
        f"click2call, {CALLFERENCE_TYPE} a callference; repeatable",
    )
    parser.add_argument("--identity", choices=IDENTITIES, help="whose records")
    parser.add_argument("--newest-first", action="store_true")
    parser.add_argument("--limit", type=_count, metavar="N", help="show at most this many records")


def call_log(given: Mapping[str, Any], output: Output) -> None:
    """Lists the records of past calls."""
    now = timezone.now()
    search = CallLogSearch(
        from_time=given["since"] or now - timedelta(hours=1),
        to_time=given["until"] or now,
        phones=[provider_spelling(phone) or "" for phone in given["phone"]],
        extensions=given["extension"],
        call_id=given["call_id"],
        types=given["type"],
        identity=given["identity"],
        newest_first=given["newest_first"],
    )
    found = list(islice(account.client().call_log(search), given["limit"]))
    heads = ("STARTED", "TYPE", "STATUS", "FROM", "TO", "RANG", "TALKED", "CALLID")
    rows = [
        (it.started_at, it.type, it.status, it.caller or it.caller_extension,
         it.target or it.target_extension, it.dial_time, it.talk_time, it.call_id)
        for it in found
    ]  # fmt: skip
    if found:
        output.table(heads, rows)
    else:
        output.say("There are no records. They appear a few minutes after a call.")
    output.document(ok=True, exit_code=Exit.DONE.value, records=[record(it) for it in found])


def add_active_calls(parser: argparse.ArgumentParser) -> None:
    """The options of activecalls."""
    parser.add_argument("--extension", metavar="SIP", help="only this one")


def active_calls(given: Mapping[str, Any], output: Output) -> None:
    """Lists the current calls of every extension."""
    states = account.client().active_calls(given["extension"])
    rows: list[tuple[object, ...]] = []
    for state in states:
        login = state.status.name.lower().replace("_", " ") if state.status else None
        shown: list[tuple[object, ...]] = [
            (call.status, call.phone, call.started_at, call.call_id) for call in state.calls
        ] or [("free", None, None, None)]
        rows += [(state.extension, state.name, login, *call) for call in shown]
    if not rows:
        raise _nothing_there()
    heads = ("EXTENSION", "NAME", "LOGIN", "STATE", "OTHER SIDE", "SINCE", "CALLID")
    output.table(heads, rows)
    output.document(ok=True, exit_code=Exit.DONE.value, extensions=[record(it) for it in states])


def add_extensions(parser: argparse.ArgumentParser) -> None:
    """The options of extensions."""
    parser.add_argument(
        "--department", action="store_true", help="only those of the code's own department"
    )


def extensions(given: Mapping[str, Any], output: Output) -> None:
    """Lists the account's extensions."""
    found = account.client().extensions(show_all=not given["department"])
    if not found:
        raise _nothing_there()
    heads = ("SIP", "NAME", "SPEED DIAL", "DEPARTMENT", "USER")
    output.table(
        heads, [(it.sip, it.name, it.speed_dial, it.account_name, it.user_name) for it in found]
    )
    output.document(ok=True, exit_code=Exit.DONE.value, extensions=[record(it) for it in found])


def _nothing_there() -> Stop:
    return Stop(Exit.NOTHING_THERE, _NOTHING, "nothing_there", {"extensions": []})


def _time(text: str) -> datetime:
    if ago := _AGO.fullmatch(text):
        return timezone.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time like 2026-01-31T09:00, or an age like 2h"
        )
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError("it must be a number from 1")
    return int(text)
