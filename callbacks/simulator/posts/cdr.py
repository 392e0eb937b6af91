"""The records of a call, one for each leg, as the provider posts them. Pure.

Field names are those of the provider's reference, "CDR notification". Fields that the simulator has
no value for are empty.
"""

import math
from collections.abc import Mapping
from typing import Any

from callbacks.simulator.engine.calls import SimulatedCall
from callbacks.simulator.engine.ledger import LedgerLeg
from callbacks.simulator.engine.parameters import is_extension, line_key

AGOROT_A_MINUTE = 10
# `type` of the record of an action with one leg; for `message` the vendor documents none.
ONE_LEG_TYPES = {"message": "Click2Call leg1", "callference": "Callference"}


def record(
    call: SimulatedCall, number: int, leg: LedgerLeg, names: Mapping[str, str]
) -> dict[str, Any]:
    """The CDR of an ended leg. `names`: display names of the account's extensions."""
    order = call.order
    ended = leg.ended_at or leg.started_at
    ringing = (leg.answered_at or ended) - leg.started_at
    talking = ended - leg.answered_at if leg.answered_at is not None else 0.0
    # Rounded up to whole seconds, so that a conversation of 0.4 s does not become 0.
    talk = max(1, math.ceil(talking)) if leg.answered_at is not None else 0
    dial = round(ringing)
    answered = leg.status == "ANSWER"
    caller = (
        order.phone_caller_id or order.target or ""
        if number == 1
        else order.target_caller_id or order.phone
    )
    # An action with one leg has only leg 1 to record.
    recorded = order.record and answered and (number == 2 or order.target is None)
    phone_extension = order.phone if is_extension(order.phone) else ""
    target_extension = leg.number if number == 2 and is_extension(leg.number) else ""
    representative = names.get(line_key(phone_extension), "") if phone_extension else ""
    return {
        "caller": caller,
        "target": leg.number,
        "time": int(leg.started_at),
        "duration": dial + talk,
        "ivruniqueid": call.id,
        "type": ONE_LEG_TYPES.get(order.action, f"Click2Call leg{number}"),
        "status": leg.status,
        "did": "",
        "record": f"https://recordings.example/{call.id}.mp3" if recorded else "",
        "price": AGOROT_A_MINUTE * math.ceil(talk / 60) if number == 2 else 0,
        "dialtime": dial,
        "targetextension": phone_extension if number == 1 else target_extension,
        "callerextension": phone_extension if number == 2 else "",
        "targetextension_name": representative if number == 1 else "",
        "callerextension_name": representative if number == 2 else "",
        "representative_name": representative,
        "representative_code": "",
        "queueid": "",
        "queuename": "",
        "seconds_waiting_in_queue": 0,
        "target_country": "",
        "caller_country": "",
        "IVR": [],
        "direction": "outgoing",
        "extenUser": phone_extension,
        "callerPhone": caller,
        "isAnswer": 1 if answered else 0,
        "actualCallDuration": talk,
        "actualCallDialtime": dial,
        "DepartmentID": 0,
        "DepartmentName": "",
        "OriginalIvrUniqueID": call.id,
        "CustomData": dict(order.custom),
    }
