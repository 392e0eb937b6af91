"""Stands in for the provider's HTTP server: answers requests as planned, and keeps a ledger.

It knows nothing of the application's tables. It records by itself what it was asked to dial, and
which calls kept whose phones until when.
"""

import io
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from django.utils import timezone
from requests.adapters import BaseAdapter, HTTPAdapter

from callbacks.voicenter.http import wire

# The sum of these request parameters bounds how long the call can keep a phone.
_TIMES = ("phonemaxdialtime", "targetmaxdialtime", "maxduration")


class Killed(BaseException):
    """The worker is dead: none of our code catches this, and nothing is recorded."""


class Plan(Enum):
    """What happens to the next request to dial."""

    ACCEPTED = "accepted"
    INVALID = 1
    ERROR = 2
    OFFLINE = 3
    BLOCKED = 4
    NOT_SENT = "not sent"
    LOST = "placed, and the answer is lost"
    LOST_BEFORE = "lost on its way there, which looks the same to us"
    KILLED_BEFORE_SEND = "the worker is killed after the commit"
    KILLED_AFTER_SEND = "the worker is killed before the answer"
    LATE = "the answer comes after it was given up"
    RECORD_FIRST = "a record of the call comes before its answer"
    RECORD_FIRST_AND_LOST = "a record of the call comes, and no answer"


class Asked(Enum):
    """What happens to questions about calls, until a test changes it."""

    TOLD = "told"
    SILENT = "the service is down"
    KILLED = "the worker is killed while it waits for the answer"


@dataclass
class Dialled:
    """One call that was placed."""

    at: datetime
    call_id: str
    extension: str
    number: str
    attempt: str
    longest: timedelta
    ended_at: datetime | None = None
    salesperson_did_not_answer: bool = False
    lead_answered: bool = False
    lead_was_not_called: bool = False

    @property
    def may_have_rung(self) -> bool:
        """Whether the lead's phone may have rung; true unless a record rules it out."""
        return not (self.salesperson_did_not_answer or self.lead_was_not_called)

    def ends(self, at: datetime) -> None:
        """Both phones are free from then on, unless they were free before."""
        self.ended_at = self.ended_at or at


@dataclass
class Witness(BaseAdapter):
    """An adapter for requests. `plan` holds for one request, then returns to ACCEPTED.

    `on_dial` is called before each call is placed. `meanwhile` is called while the answer to a
    request is on its way.
    """

    on_dial: Callable[[Dialled], None]
    meanwhile: Callable[[Plan, Dialled], None]
    extensions: Sequence[str]
    asked: Asked = Asked.SILENT
    plan: Plan = Plan.ACCEPTED
    ledger: list[Dialled] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def send(self, request: requests.PreparedRequest, **_kwargs: Any) -> requests.Response:
        """Answers one request to the provider."""
        plan, self.plan = self.plan, Plan.ACCEPTED
        path = urlsplit(str(request.url)).path.lower()
        if "click2call" not in path:
            return self._tell(request, path)
        if plan is Plan.KILLED_BEFORE_SEND:
            raise Killed
        if plan is Plan.NOT_SENT:
            raise requests.ConnectionError(ConnectionRefusedError())
        wire.sent.begun = True
        if plan is Plan.LOST_BEFORE:
            raise requests.ConnectionError(ConnectionResetError())
        fields = dict(parse_qsl(str(request.body)))
        if fields["action"] == "terminate":
            return _answer(request, {"ERRORCODE": 0, "ERRORMESSAGE": "OK", "CALLID": ""})
        call = self._call(fields)
        self.on_dial(call)
        if isinstance(plan.value, int):
            refusal = {"ERRORCODE": plan.value, "ERRORMESSAGE": plan.name, "CALLID": ""}
            return _answer(request, refusal)
        self.ledger.append(call)
        self.meanwhile(plan, call)
        if plan is Plan.KILLED_AFTER_SEND:
            raise Killed
        if plan in (Plan.LOST, Plan.RECORD_FIRST_AND_LOST):
            raise requests.ReadTimeout(TimeoutError())
        accepted = {"ERRORCODE": 0, "ERRORMESSAGE": "OK", "CALLID": call.call_id}
        return _answer(request, accepted)

    def close(self) -> None:
        """Does nothing: no connection is open."""

    def on(self) -> list[Dialled]:
        """The live calls; ends those that have lasted as long as their request allowed."""
        now = timezone.now()
        for call in self.ledger:
            if call.ended_at is None and now > call.at + call.longest:
                call.ends(call.at + call.longest)
        return [call for call in self.ledger if call.ended_at is None]

    def _tell(self, request: requests.PreparedRequest, path: str) -> requests.Response:
        """Answers as the services that list active and past calls, which may be down."""
        if self.asked is Asked.KILLED:
            raise Killed
        if self.asked is Asked.SILENT:
            raise requests.ConnectionError(ConnectionRefusedError())
        if "getextensionscalls" in path:
            extensions = [
                {"username": extension, "calls": [_as_active(it) for it in self.on_at(extension)]}
                for extension in self.extensions
            ]
            return _answer(request, {"ERR": 0, "DESC": "OK", "EXTENSIONS": extensions})
        legs = [leg for call in self.ledger if call not in self.on() for leg in _in_log(call)]
        found = {"CDR_LIST": legs, "TOTAL_HITS": len(legs), "RETURN_HITS": len(legs)}
        return _answer(request, {"ERROR_NUMBER": 0, "ERROR_DESCRIPTION": "OK", **found})

    def on_at(self, extension: str) -> list[Dialled]:
        """The live calls at an extension."""
        return [call for call in self.on() if call.extension == extension]

    def _call(self, fields: dict[str, str]) -> Dialled:
        is_message = fields["action"] == "message"
        return Dialled(
            at=timezone.now(),
            call_id=f"call-{next(self._ids)}",
            extension="" if is_message else fields["phone"],
            number="+" + fields["phone" if is_message else "target"],
            attempt=fields.get("var_attempt", ""),
            longest=timedelta(seconds=sum(int(fields.get(name, 0)) for name in _TIMES)),
        )


def _as_active(call: Dialled) -> dict[str, object]:
    custom = {"var_attempt": call.attempt}
    return {"ivrid": call.call_id, "callstatus": "Talking", "customdata": custom}


def _in_log(call: Dialled) -> list[dict[str, object]]:
    """Both legs of a call in the Call Log: what its records say or would have said."""
    if not call.extension:
        return []  # a message has no two legs
    picked_up = not call.salesperson_did_not_answer
    statuses = {
        9: "ANSWER" if picked_up else "NOANSWER",
        10: "ANSWER" if call.lead_answered else "NOANSWER" if picked_up else "NOTDIALED",
    }
    return [
        {
            "CallID": call.call_id,
            "CdrType": type_id,
            "Type": f"Click2Call leg{leg}",
            "DialStatus": status,
            "DateEpoch": int(call.at.timestamp()),
            "CustomData": {"var_attempt": call.attempt},
        }
        for leg, (type_id, status) in enumerate(statuses.items(), start=1)
    ]


def _answer(request: requests.PreparedRequest, fields: dict[str, object]) -> requests.Response:
    body = io.BytesIO(json.dumps(fields).encode())
    raw = urllib3.HTTPResponse(body=body, status=200, preload_content=False)
    return HTTPAdapter().build_response(request, raw)
