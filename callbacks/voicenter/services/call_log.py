"""The Call Log: past calls. Records appear some minutes after a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks.voicenter.errors import (
    Forbidden,
    InvalidParameters,
    ReadFailed,
    TooManyRequests,
    WrongCode,
)
from callbacks.voicenter.http.replies import Dialect, number_in, objects_in
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.services.search import LEG1_TYPE, LEG2_TYPE
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values.call_id import usable_call_id
from callbacks.voicenter.values.leg_outcome import LegOutcome, leg_outcome, talk_time

MAX_RECORDS = 10_000
# MAX_RECORDS records with all their fields take about a third of this.
MAX_BODY = 32 * 1024 * 1024

_LEGS = {LEG1_TYPE: 1, LEG2_TYPE: 2}
_DIALECT = Dialect(
    number="error_number",
    message="error_description",
    failure=ReadFailed,
    refusals={
        1: (TooManyRequests, "too_many_requests"),
        2: (WrongCode, "wrong_code"),
        4: (Forbidden, "wrong_address"),
        5: (InvalidParameters, "error_5"),
    },
)


@dataclass(frozen=True)
class CallLogRecord:
    """One leg in the Call Log. The repr shows no numbers, names or custom values.

    - `call_id`: the CALLID of the Click2Call answer; "" if missing.
    - `type`: the kind in words, `type_id` its number; `leg`: 1, 2, or None for other kinds.
    - `status`: the provider's word in capitals; `outcome`: ours.
    - `started_at`: aware, UTC.
    - `duration`: seconds; `talk_time`: seconds of an answered leg; `dial_time`: seconds of ringing;
      `price`: hundredths of a shekel. Each None if missing or implausible.
    - `record_url`: address of the recording, http or https only, else None.
    - `caller`, `target`, `did`: mixed spellings, see `phones.to_e164`; `caller_extension`,
      `target_extension`: SIP codes.
    - `custom`: the `var_*` of the call, lower-case names without the prefix.
    - `raw`: the fields as received; values that PostgreSQL cannot store are made storable.
    """

    call_id: str
    type: str = ""
    type_id: int | None = None
    leg: int | None = None
    status: str = ""
    started_at: datetime | None = None
    duration: int | None = None
    talk_time: int | None = None
    dial_time: int | None = None
    price: int | None = None
    record_url: str | None = field(default=None, repr=False)
    caller: str = field(default="", repr=False)
    target: str = field(default="", repr=False)
    did: str = field(default="", repr=False)
    caller_extension: str = field(default="", repr=False)
    target_extension: str = field(default="", repr=False)
    representative_name: str = field(default="", repr=False)
    representative_code: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def outcome(self) -> LegOutcome:
        """How the leg ended, in our words."""
        return leg_outcome(
            self.status,
            talk_time=self.talk_time,
            dial_time=self.dial_time,
            duration=self.duration,
        )


@dataclass(frozen=True)
class Page:
    """The answer to one request. `total`: how many records match, if the answer says so."""

    records: tuple[CallLogRecord, ...] = field(repr=False)
    total: int

    @property
    def complete(self) -> bool:
        """Whether nothing was left out: the provider stops at 10,000 without saying so."""
        return self.total <= len(self.records) and len(self.records) < MAX_RECORDS


def read_page(reply: Reply) -> Page:
    """Read one answer. Raises ReadFailed, or a Refused: TooManyRequests, WrongCode, Forbidden …"""
    fields = _DIALECT.read(reply)
    found = objects_in(fields.get("cdr_list"))
    if found is None:
        raise _DIALECT.unreadable("the answer has no CDR_LIST")
    given = [number_in(fields.get(name)) or 0 for name in ("total_hits", "return_hits")]
    # The counts include list items that are not records: no further page would return those.
    passed_over = len(fields["cdr_list"]) - len(found)
    return Page(tuple(map(_record, found)), max(*given, len(found)) - passed_over)


def _record(received: Mapping[str, Any]) -> CallLogRecord:
    raw = {str(name): value for name, value in f.storables(received).items()}
    fields = f.folded(raw)
    kind, type_id = f.word(fields.get("type")), f.whole(fields.get("cdrtype"))
    status = f.word(fields.get("dialstatus")).upper()[: f.MAX_WORD]
    duration, dial_time = f.whole(fields.get("duration")), f.whole(fields.get("ringtime"))
    outcome = leg_outcome(status, dial_time=dial_time, duration=duration)
    return CallLogRecord(
        call_id=usable_call_id(f.word(fields.get("callid"), limit=None)),
        type=kind,
        type_id=type_id,
        leg=f.first(_LEGS.get(type_id or 0), f.leg_of(kind)),
        status=status,
        started_at=f.moment(fields.get("dateepoch")) or f.written_moment(fields.get("date")),
        duration=duration,
        talk_time=talk_time(None, outcome, duration),
        dial_time=dial_time,
        price=f.whole(fields.get("price")),
        record_url=f.address(fields.get("recordurl")),
        caller=f.word(fields.get("callernumber")),
        target=f.word(fields.get("targetnumber")),
        did=f.word(fields.get("did")),
        caller_extension=f.word(fields.get("callerextension")),
        target_extension=f.word(fields.get("targetextension")),
        representative_name=f.word(fields.get("representativename")),
        representative_code=f.word(fields.get("representativecode")),
        custom=f.custom(fields),
        raw=raw,
    )
