"""The exchange: accepts or refuses orders, keeps the lines and the live calls, ends calls.

Everything runs in one event loop, and nothing awaits between the ledger's entry and the answer, so
that the two cannot differ.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from callbacks.simulator.engine import ai_data, presence
from callbacks.simulator.engine.admission import admit, presence_of
from callbacks.simulator.engine.answers import Click2CallAnswer
from callbacks.simulator.engine.board import Board
from callbacks.simulator.engine.callids import CallIds
from callbacks.simulator.engine.calllog import CallLog
from callbacks.simulator.engine.calls import Habits, SimulatedCall
from callbacks.simulator.engine.faults import Fault, FaultPlan
from callbacks.simulator.engine.ledger import CdrNote, Entry, Ledger, LedgerLeg
from callbacks.simulator.engine.parameters import (
    TRUNK,
    Order,
    Refusal,
    examine,
    is_extension,
    line_key,
)
from callbacks.simulator.engine.settings import Settings, SettingsChange
from callbacks.simulator.posts import cdr
from callbacks.simulator.posts.delivery import Delivery, DeliveryPolicy
from callbacks.simulator.posts.packing import Spelling
from callbacks.simulator.posts.popups import Errand, Popup, Popups

NO_CALL = Refusal(2, "No active call on this extension")
STOPPING = Refusal(2, "Application error")
HABITS = {"answers", "mode", "answer_after", "no_answer_after", "talk", "linger"}
REQUESTS_KEPT = 10_000
LAST_POSTS = 2.0  # seconds for the last records after a stop


class Exchange:
    """The whole state of the simulator, one for each process."""

    def __init__(
        self, settings: Settings, secret: str = "", faults: tuple[Fault, ...] = ()
    ) -> None:
        self.secret = secret
        self._first = settings
        self._first_faults = faults
        self.settings = settings
        self.ledger = Ledger()
        self.faults = FaultPlan(faults, settings.seed)
        self.board = Board()
        self.delivery = Delivery()
        self.popups = Popups()
        self.log = CallLog()
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.closing = asyncio.Event()
        self.lines: dict[str, SimulatedCall] = {}
        self._ids = CallIds(settings.seed)
        self._live: dict[str, SimulatedCall] = {}
        self._begin()

    def click2call(
        self, entry: Entry, custom: Mapping[str, str]
    ) -> tuple[Click2CallAnswer, SimulatedCall | None]:
        """Carries out the request of a ledger entry, and writes the answer into the entry."""
        found: Order | Refusal | SimulatedCall = examine(entry.parameters, self.secret, custom)
        if self.closing.is_set():
            found = STOPPING
        if isinstance(found, Order):
            found = (
                self._terminate(found)
                if found.action == "terminate"
                else admit(found, self.settings)
            )
        if isinstance(found, Refusal):
            return self._answered(entry, Click2CallAnswer(found.code, found.message)), None
        if isinstance(found, SimulatedCall):
            return self._answered(entry, Click2CallAnswer(0, "OK", found.id)), None
        answer = self._answered(entry, Click2CallAnswer(0, "OK", self._ids.next()))
        fault = self.faults.for_call()
        entry.cdr_fault = fault.kind if fault else None
        call = SimulatedCall(found, entry, self, self._habits(), fault)
        self._live[call.id] = call
        call.start()
        return answer, call

    def call(self, call_id: str) -> SimulatedCall | None:
        """A live call."""
        return self._live.get(call_id)

    def live(self) -> int:
        """The number of calls that ring or talk."""
        return len(self._live)

    def control(self, change: SettingsChange) -> None:
        """Applies a checked change at once, in full."""
        if change.reset:
            self._reset()
        self.settings = change.apply(self.settings)
        if change.seed is not None:
            self._ids.reseed(change.seed)
            self.faults.reseed(change.seed)
        if change.faults is not None:
            self.faults.replace(change.faults)
        if change.values.keys() & {"log_history", "seed"}:
            self.log.invent(self.settings.log_history, self.settings.seed)
        for key, word in change.values.get("extensions", {}).items():
            self.board.know(key, word is not None)
        if change.values.keys() & HABITS:
            habits = self._habits()
            for call in list(self._live.values()):
                call.rehearse(habits)
        self.board.touch()

    def status(self) -> dict[str, Any]:
        """The current settings for `GET /control`, without the code and the CDR address."""
        return self.settings.as_dict() | {
            "faults": self.faults.left(),
            "live_calls": len(self._live),
            "requests": len(self.ledger),
        }

    def note_request(
        self,
        service: str,
        request: Request,
        parameters: Mapping[str, Any],
        fault: Fault | None,
        status: int,
    ) -> None:
        """Records a request to a service other than Click2Call, for `GET /requests`."""
        self.requests.append(
            {
                "at": time.time(),
                "service": service,
                "method": request.method,
                "parameters": dict(parameters),
                "status": status,
                "fault": fault.kind if fault else None,
            }
        )

    def stop(self) -> None:
        """Hangs up all calls, wakes held answers and open pages, and refuses new calls."""
        self.closing.set()
        for call in list(self._live.values()):
            call.hang_up()
        self.board.touch()

    async def close(self) -> None:
        """Gives the last records and pop-ups a moment to be posted, then stops."""
        await asyncio.gather(self.delivery.drain(LAST_POSTS), self.popups.drain(LAST_POSTS))
        await self.delivery.close()
        await self.popups.close()

    # The methods of calls.Floor.

    def presence(self, key: str) -> str:
        """The presence of a line: online, offline, blocked or busy; without a setting, online."""
        return presence_of(self.settings, key)

    def engaged(self, key: str) -> bool:
        """Whether this line is already in a call. A trunk carries many calls."""
        return key in self.lines and key.lower() != TRUNK

    def ringing(self, call: SimulatedCall, leg: LedgerLeg) -> None:
        """A phone of the call began to ring: its line is now in use."""
        leg.rang = True
        self.lines[line_key(leg.number)] = call
        number = 1 if leg is call.leg(1) else 2
        if number == 1:
            self.board.rang(call)
        self._pop_up(call, number, "Ringing")
        self.board.touch()

    def answered(self, call: SimulatedCall, number: int) -> None:
        """A phone was answered."""
        self._pop_up(call, number, "Talking")
        self.board.touch()

    def silent(self, call: SimulatedCall, number: int) -> None:
        """A leg has ended: its line is free, and its record may be posted."""
        leg = call.leg(number)
        if leg is None:
            return
        if leg.rang:
            if self.lines.get(line_key(leg.number)) is call:
                del self.lines[line_key(leg.number)]
            self._pop_up(call, number, "Hangup")
        record = cdr.record(call, number, leg, self.settings.names)
        self.log.write(record, time.time() + self.settings.log_delay)
        if self._posts_each_leg(call):
            self._post(call, [number])
        self.board.touch()

    def ended(self, call: SimulatedCall) -> None:
        """The call is over: posts its records."""
        self._live.pop(call.id, None)
        self.board.ended(call)
        if not self._posts_each_leg(call):
            by_end = self.settings.cdr_when == "leg"
            numbers = call.ended_legs if by_end else sorted(call.ended_legs)
            self._post(call, numbers)
        call.posted()

    def _posts_each_leg(self, call: SimulatedCall) -> bool:
        # With cdr_reordered, both records are needed before either is posted.
        kind = call.fault.kind if call.fault else ""
        return self.settings.cdr_when == "leg" and kind != "cdr_reordered"

    def _answered(self, entry: Entry, answer: Click2CallAnswer) -> Click2CallAnswer:
        entry.error_code = answer.code
        entry.error_message = answer.message
        entry.call_id = answer.call_id
        return answer

    def _terminate(self, order: Order) -> SimulatedCall | Refusal:
        call = self.lines.get(line_key(order.phone))
        if call is None or not call.hang_up():
            return NO_CALL
        return call

    def _habits(self) -> Habits:
        now = self.settings
        return Habits(
            answers=now.answers,
            manual=now.mode == "manual",
            answer_after=now.answer_after,
            no_answer_after=now.no_answer_after,
            talk=now.talk,
            linger=now.linger,
        )

    def _pop_up(self, call: SimulatedCall, number: int, status: str) -> None:
        leg = call.leg(number)
        now = self.settings
        if leg is None or now.popup_url is None or not is_extension(leg.number):
            return
        fields = presence.popup_fields(call, number, leg, status)
        popup = Popup(time.time(), call.id, number, status, fields)
        self.popups.ask(popup, Errand(now.popup_url, now.popup_format, now.popup_limit))

    def _post(self, call: SimulatedCall, numbers: Iterable[int]) -> None:
        fault = call.fault
        now = self.settings
        kind = fault.kind if fault else ""
        parcels = []
        later = []
        for number in numbers:
            leg = call.leg(number)
            if leg is None:
                continue
            record = cdr.record(call, number, leg, self.settings.names)
            note = CdrNote(type=record["type"])
            if number == ai_data.LEG and leg.status == "ANSWER" and now.ai_data != ai_data.NONE:
                with_it = record | {"aiData": ai_data.KINDS[now.ai_data]()}
                if now.ai_data_after:
                    later.append((note, with_it))
                else:
                    record = with_it
            call.entry.cdrs.append(note)
            struck = fault is not None and fault.leg in {None, number}
            copies = {"cdr_lost": 0, "cdr_duplicate": 2}.get(kind, 1) if struck else 1
            parcels += [(note, record)] * copies
        if kind == "cdr_reordered":
            parcels.reverse()
        call.posts += 1
        policy = self._policy()
        self.delivery.send(parcels, policy, then=call.posted)
        # The analysis of a talk takes a while: the record is then posted again, with it.
        repeated = replace(policy, delay=policy.delay + now.ai_data_after)
        self.delivery.send(later, repeated)

    def _policy(self) -> DeliveryPolicy:
        now = self.settings
        spelling = Spelling(
            form=now.cdr_format,
            custom=now.custom_data,
            prefix=now.custom_prefix,
            ivr=now.ivr,
            ivr_text=now.ivr_as == "string",
        )
        return DeliveryPolicy(now.cdr_url, now.cdr_tries, now.cdr_backoff, now.cdr_delay, spelling)

    def _reset(self) -> None:
        for call in list(self._live.values()):
            call.drop()
        self._live.clear()
        self.lines.clear()
        self.delivery.forget()
        self.ledger = Ledger()
        self.log = CallLog()
        self.requests.clear()
        self.popups.clear()
        self.board.clear()
        self.settings = replace(self._first)
        self.faults.replace(self._first_faults)
        self.faults.reseed(self._first.seed)
        self._ids.reseed(self._first.seed)
        self._begin()

    def _begin(self) -> None:
        """Shows the configured phones, and fills the Call Log with made-up rows."""
        for key in self.settings.extensions:
            self.board.know(key, True)
        self.log.invent(self.settings.log_history, self.settings.seed)
