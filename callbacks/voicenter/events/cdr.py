"""The CDR notification: what the provider posts to us when one leg of a call has ended.

A click2call has two, under one call id: leg 1 is the salesperson's phone, leg 2 the lead's. So a
record is identified by (call_id, type). Notifications are repeated, and arrive in any order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks.voicenter.errors import CdrError
from callbacks.voicenter.events import ai_data
from callbacks.voicenter.values import documents
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values.call_id import usable_call_id
from callbacks.voicenter.values.documents import UnreadableError
from callbacks.voicenter.values.json_members import without_member
from callbacks.voicenter.values.leg_outcome import OUTCOMES, LegOutcome, leg_outcome, talk_time

__all__ = ["OUTCOMES", "Cdr", "LegOutcome", "parse_cdr"]

# Nearly all of it may be aiData; the other fields are far smaller. Bytes.
MAX_BODY = 32 * 1024 * 1024
MAX_FIELDS = 256 * 1024


@dataclass(frozen=True)
class Cdr:
    """One leg, as notified. The repr shows no numbers, custom values or recording.

    - `call_id`: the CALLID of the Click2Call answer (`ivruniqueid`).
    - `type`: as sent (`Click2Call leg1`); `leg`: 1, 2, or None for other kinds of call.
    - `status`: the provider's word in capitals; `outcome`: ours. `is_answered`: the separate field,
      None if it is missing.
    - `started_at`: aware, UTC. The reference disagrees with its samples about the zone: compare it
      with your own times before you trust it.
    - `duration`: seconds in all; from older senders, seconds of talk. `talk_time`: seconds of talk;
      if not sent separately, the duration of an answered leg. `dial_time`: seconds of ringing.
      `price`: hundredths of a shekel. Each None if missing or implausible.
    - `record_url`: address of the recording, http or https only, else None.
    - `caller`, `target`: mixed spellings, see `phones.to_e164`; `caller_extension`,
      `target_extension`: SIP codes as sent. "" if missing.
    - `custom`: the `var_*` of the call, lower-case names without the prefix.
    - `ivr`: the layers of the menu that the call went through, as sent; () if there are none.
    - `did`: the number that was called; `direction`: as sent.
    - `representative_name`, `representative_code`: who was on the extension;
      `caller_extension_name`, `target_extension_name`: the extension's name.
    - `queue_id`, `queue_name`, `queue_time`: the queue, and seconds of waiting in it.
    - `caller_country`, `target_country`, `department_id`, `department_name`: as in the account.
    - `original_call_id`: the call that this one came from.
    - `ai_data`: what the provider's AI says about the call, of any type, or None; `ai_data_loss`:
      what is missing from it, "" for nothing (see ai_data.py).
    - `raw`: the fields as received, without the AI data; values that PostgreSQL cannot store are
      made storable.
    """

    call_id: str
    type: str = ""
    leg: int | None = None
    status: str = ""
    is_answered: bool | None = None
    started_at: datetime | None = None
    duration: int | None = None
    talk_time: int | None = None
    dial_time: int | None = None
    price: int | None = None
    record_url: str | None = field(default=None, repr=False)
    caller: str = field(default="", repr=False)
    target: str = field(default="", repr=False)
    caller_extension: str = field(default="", repr=False)
    target_extension: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    ivr: tuple[Any, ...] = field(default=(), repr=False, hash=False)
    did: str = field(default="", repr=False)
    direction: str = ""
    representative_name: str = field(default="", repr=False)
    representative_code: str = field(default="", repr=False)
    caller_extension_name: str = field(default="", repr=False)
    target_extension_name: str = field(default="", repr=False)
    queue_id: int | None = None
    queue_name: str = ""
    queue_time: int | None = None
    caller_country: str = ""
    target_country: str = ""
    department_id: int | None = None
    department_name: str = ""
    original_call_id: str = ""
    ai_data: Any = field(default=None, repr=False, hash=False)
    ai_data_loss: str = ""

    @property
    def outcome(self) -> LegOutcome:
        """How the leg ended, in our words."""
        return leg_outcome(
            self.status,
            is_answered=self.is_answered,
            talk_time=self.talk_time,
            dial_time=self.dial_time,
            duration=self.duration,
        )


def parse_cdr(body: bytes, content_type: str) -> Cdr:
    """Read a notification body: JSON, form-urlencoded or an XML-RPC methodCall.

    The body decides the format; the Content-Type counts only if the body leaves a doubt. Names are
    case-insensitive. Raises CdrError, reason "too_large" (over 32 MiB, or over 256 KiB without the
    AI data), "nested", "unreadable" or "no_call_id"; never because of the AI data.
    """
    if len(body) > MAX_BODY:
        raise CdrError(f"larger than {MAX_BODY} bytes", reason="too_large")
    raw, sent_ai_data = _read(body, content_type)
    told = ai_data.bounded(sent_ai_data)
    fields = f.folded(raw)
    call_id = usable_call_id(f.word(fields.get("ivruniqueid"), limit=None))
    if not call_id:
        raise CdrError("no usable ivruniqueid", reason="no_call_id")
    kind = f.word(fields.get("type"))
    status = f.word(fields.get("status")).upper()[: f.MAX_WORD]
    is_answered = f.yes_or_no(fields.get("isanswer"))
    duration = f.whole(fields.get("duration"))
    talked = f.whole(fields.get("actualcallduration"))
    dial_time = f.first(f.whole(fields.get("actualcalldialtime")), f.whole(fields.get("dialtime")))
    outcome = leg_outcome(
        status,
        is_answered=is_answered,
        talk_time=talked,
        dial_time=dial_time,
        duration=duration,
    )
    return Cdr(
        call_id=call_id,
        type=kind,
        leg=f.leg_of(kind),
        status=status,
        is_answered=is_answered,
        started_at=f.moment(fields.get("time")),
        duration=duration,
        talk_time=talk_time(talked, outcome, duration),
        dial_time=dial_time,
        price=f.whole(fields.get("price")),
        record_url=f.address(fields.get("record")),
        caller=f.word(fields.get("caller")),
        target=f.word(fields.get("target")),
        caller_extension=f.word(fields.get("callerextension")),
        target_extension=f.word(fields.get("targetextension")),
        custom=f.custom(fields),
        raw=raw,
        ivr=f.layers(fields.get("ivr")),
        did=f.word(fields.get("did")),
        direction=f.word(fields.get("direction")),
        representative_name=f.word(fields.get("representative_name")),
        representative_code=f.word(fields.get("representative_code")),
        caller_extension_name=f.word(fields.get("callerextension_name")),
        target_extension_name=f.word(fields.get("targetextension_name")),
        queue_id=f.whole(fields.get("queueid")),
        queue_name=f.word(fields.get("queuename")),
        queue_time=f.whole(fields.get("seconds_waiting_in_queue")),
        caller_country=f.word(fields.get("caller_country")),
        target_country=f.word(fields.get("target_country")),
        department_id=f.whole(fields.get("departmentid")),
        department_name=f.word(fields.get("departmentname")),
        original_call_id=usable_call_id(f.word(fields.get("originalivruniqueid"), limit=None)),
        ai_data=told.data,
        ai_data_loss=told.loss,
    )


def _read(body: bytes, content_type: str) -> tuple[dict[str, Any], Any]:
    """The fields as received, and separately the AI data, or None."""
    looks_like = documents.form_of(body)
    apart: Any = None
    try:
        if looks_like == "xml":
            raw = documents.read_xmlrpc(body, "methodCall", apart=ai_data.FIELD)
        elif looks_like == "form" and "json" not in content_type.lower():
            raw = documents.read_form(body)
        else:
            rest, text = without_member(body.decode("utf-8-sig", errors="replace"), ai_data.FIELD)
            _check_size(len(rest))
            raw = documents.read_json(rest)
            apart = None if text is None else ai_data.read(text)
    except UnreadableError as error:
        failure = CdrError(str(error), reason="nested" if error.nested else "unreadable")
    else:
        found = [raw.pop(name) for name in list(raw) if name.strip().lower() == ai_data.FIELD]
        if len(body) > MAX_FIELDS:
            _check_size(len(json.dumps(raw, ensure_ascii=False)))
        storable = {str(name): value for name, value in f.storables(raw).items()}
        return storable, apart or next(filter(None, found), None)
    raise failure


def _check_size(characters: int) -> None:
    if characters > MAX_FIELDS:
        raise CdrError(f"larger than {MAX_FIELDS} without AI data", reason="too_large")
