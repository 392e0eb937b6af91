"""Who is on the account and what they are doing: active calls, extensions, pop-up fields. Pure.

Field names are those of the provider's reference: "Active calls", "Extensions", "Pop-up screen".
"""

import zlib
from collections.abc import Mapping
from typing import Any

from callbacks.simulator.engine.calls import RINGING, SimulatedCall
from callbacks.simulator.engine.ledger import LedgerLeg
from callbacks.simulator.engine.parameters import is_extension, line_key
from callbacks.simulator.engine.settings import Settings

LOGGED_IN, LOGGED_OUT = 1, 2
# 3 lunch, 5 administrative, 7 private, 9 other, 11 training, 12 team meeting, 13 brief.
LOGIN_STATUSES = frozenset({LOGGED_IN, LOGGED_OUT, 3, 5, 7, 9, 11, 12, 13})
ACCOUNT_ID, ACCOUNT_NAME = 1000, "Simulated account"


def user_id(extension: str) -> int:
    """The number of an extension's user, the same in every run."""
    return 100_000 + zlib.crc32(extension.encode()) % 900_000


def named(settings: Settings) -> list[str]:
    """The account's extensions: those in the settings, without telephone numbers."""
    found = (number for number in settings.extensions if is_extension(number))
    return sorted(found, key=lambda number: (len(number), number))


def name_of(settings: Settings, extension: str) -> str:
    """The display name of an extension."""
    return settings.names.get(extension, f"Extension {extension}")


def login_status(settings: Settings, extension: str) -> int:
    """onlineUserStatus: as set; else logged in, or logged out if the extension is offline."""
    offline = settings.extensions.get(extension) == "offline"
    return settings.logins.get(extension, LOGGED_OUT if offline else LOGGED_IN)


def extension_list(settings: Settings) -> list[dict[str, Any]]:
    """The EXTENSIONS field of the extension list."""
    return [
        {
            "SIP": number,
            "Name": name_of(settings, number),
            "SpeedDial": number if number.isdigit() else "",
            "AccountID": ACCOUNT_ID,
            "AccountName": ACCOUNT_NAME,
            "UserName": name_of(settings, number),
            "UserEmail": f"{number.lower()}@simulator.example",
        }
        for number in named(settings)
    ]


def active_calls(
    settings: Settings, lines: Mapping[str, SimulatedCall], only: str = ""
) -> list[dict[str, Any]]:
    """The EXTENSIONS field of the active calls. `lines`: calls by line; `only`: one extension."""
    numbers = named(settings)
    numbers += sorted(key for key in lines if is_extension(key) and key not in numbers)
    return [
        _active(settings, number, lines.get(number))
        for number in numbers
        if not only or number == only
    ]


def _active(settings: Settings, extension: str, call: SimulatedCall | None) -> dict[str, Any]:
    status = login_status(settings, extension)
    online = status != LOGGED_OUT
    name = name_of(settings, extension)
    calls = []
    for number in (1, 2):
        leg = call.leg(number) if call else None
        if call and leg and leg.ended_at is None and line_key(leg.number) == extension:
            calls.append(call_fields(call, number, leg))
    return {
        "username": extension,
        "name": name,
        "representative": name if online else "",
        "userID": user_id(extension),
        "onlineUserID": user_id(extension) if online else 0,
        "onlineUserStatus": status,
        "calls": calls,
    }


def call_fields(call: SimulatedCall, number: int, leg: LedgerLeg) -> dict[str, Any]:
    """One entry in `calls` of the active calls; also the `currentCall` of a pop-up request."""
    order = call.order
    return {
        "callStarted": int(leg.started_at),
        "callAnswered": int(leg.answered_at or 0),
        "answered": 0 if leg.answered_at is None else 1,
        "callername": order.phone_caller_name if number == 1 else order.target_caller_name,
        "callerphone": _other_side(call, number),
        "callstatus": _call_status(call, number, leg),
        "direction": "Outgoing" if number == 1 else "Incoming",
        "ivrid": call.id,
        "did": "",
        "customdata": dict(order.custom),
        "recording": {"Filename": f"{call.id}.mp3"} if order.record else {},
    }


def popup_fields(call: SimulatedCall, number: int, leg: LedgerLeg, status: str) -> dict[str, Any]:
    """The fields of a pop-up request; `status` is Ringing, Talking or Hangup."""
    current = call_fields(call, number, leg)
    return {
        "phone": current["callerphone"],
        "callerName": current["callername"],
        "ivrid": call.id,
        "extenUser": leg.number,
        "did": "",
        "status": status,
        "direction": "Click2Call",
        "isAnswered": leg.answered_at is not None,
        "callStarted": current["callStarted"],
        "callAnswered": current["callAnswered"],
        "cause": _cause(leg) if status == "Hangup" else "",
        "currentCall": {**current, "c2cdirection": number},
    }


def _cause(leg: LedgerLeg) -> str:
    return "Call Rejected" if leg.answered_at is None else "Normal hangup"


def _other_side(call: SimulatedCall, number: int) -> str:
    order = call.order
    return (order.target or "") if number == 1 else order.target_caller_id or order.phone


def _call_status(call: SimulatedCall, number: int, leg: LedgerLeg) -> str:
    """Ringing, Dialing (picked up, while the other phone rings) or Talking."""
    if leg.status == RINGING:
        return "Ringing"
    second = call.leg(2)
    waits = number == 1 and second is not None and second.status == RINGING
    return "Dialing" if waits else "Talking"
