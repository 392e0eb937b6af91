"""What was dialled and how it ended: CallAttempt."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from callbacks.models import time_accounting
from callbacks.models.attempt_states import (
    DISPROVED_BY_A_TALK,
    HELD_NOT_TO_BE,
    LIVE_STATES,
    OUTCOME_OF,
    TOLD_BY_RECORDS,
    AttemptKind,
    AttemptState,
)
from callbacks.models.stored_attempt import StoredAttempt
from callbacks.models.time_accounting import LegRecord
from callbacks.policy.rules import Outcome
from leads import log_context

log = logging.getLogger(__name__)


# The worker that dialled knows the answer best, even if the sweep has stopped waiting for it.
_ASKED = (AttemptState.DIALING, AttemptState.UNKNOWN)


class CallAttempt(StoredAttempt):
    """One click2call request: to bridge an Extension with a Lead, or to play a Lead a message.

    It is committed as `dialing` before anything is sent, with the numbers at that time. The partial
    unique indexes over live attempts make a second call impossible, whatever the code above them
    does.
    """

    def __str__(self) -> str:
        return gettext("Attempt %(pk)s") % {"pk": self.pk}

    @property
    def is_live(self) -> bool:
        """Whether it reserves its lead and extension."""
        return self.state in LIVE_STATES

    def move(
        self,
        come_from: tuple[AttemptState, ...],
        to: AttemptState,
        records: Iterable[LegRecord] = (),
        **values: Any,
    ) -> bool:
        """Changes the state in one conditional UPDATE; says whether this call did it.

        Somebody else may be first: the record of the call, the sweep, a manager. Then nothing
        changes, and this object keeps its old state. When the attempt ends, its time is divided,
        taking `records` into account. A message keeps no `outcome`, because nothing follows from
        it.
        """
        values["state"] = to
        if self.kind == AttemptKind.MESSAGE:
            values.pop("outcome", None)
        for name in values.keys() & {"ended_at", "connected_at"}:
            # The clock of the claiming process may be ahead of ours.
            values[name] = max(values[name], self.claimed_at)
        if ended_at := values.get("ended_at"):
            # A talk too short to count does not end the lead's time, because another call follows.
            until = values.get("connected_at") if to == AttemptState.BRIDGED else None
            values |= self.told_until(until or ended_at, records, **values)
        won = CallAttempt.objects.filter(pk=self.pk, state__in=come_from).update(**values)
        if won:
            for name, value in values.items():
                setattr(self, name, value)
            self._log_move()
        return bool(won)

    def time_until(
        self, at: datetime, records: Iterable[LegRecord] = (), **newer: Any
    ) -> dict[str, timedelta]:
        """Where the time from the claim to `at` went, by column; {} for a message, which takes none
        of its lead's time. `newer` values replace the attempt's.
        """
        if self.kind == AttemptKind.MESSAGE:
            return {}
        facts = time_accounting.facts_of(self, records, **newer)
        return time_accounting.divide(facts, at).columns()

    def told_until(
        self, at: datetime, records: Iterable[LegRecord] = (), **newer: Any
    ) -> dict[str, Any]:
        """Like `time_until`, plus when the lead's phone rang."""
        if self.kind == AttemptKind.MESSAGE:
            return {}
        facts = time_accounting.facts_of(self, records, **newer)
        rang_at = time_accounting.lead_rang_at(facts, at)
        return {**time_accounting.divide(facts, at).columns(), "rang_at": rang_at}

    @property
    def accounted_until(self) -> datetime | None:
        """Until when its time is divided; None for a message, and before the attempt ends."""
        parts = (self.provider_time, self.leg1_time, self.leg2_time, self.unknown_time)
        known = [part for part in parts if part is not None]
        return self.claimed_at + sum(known, timedelta(0)) if known else None

    def _log_move(self) -> None:
        """Logs every transition, also the sweep's, under the lead's id."""
        with log_context.about(self.lead_id):
            log.info(
                "attempt=%s state=%s reason=%s", self.pk, self.state, self.failure_reason or "-"
            )

    def take_on(self, at: datetime) -> bool:
        """Takes an unsent attempt to send it. If this returns False, the caller must not dial."""
        won = CallAttempt.objects.filter(
            pk=self.pk, state=AttemptState.DIALING, sent_at__isnull=True
        ).update(sent_at=at)
        if won:
            self.sent_at = at
        return bool(won)

    def accept(self, call_id: str, message: str, at: datetime) -> bool:
        """dialing | unknown -> accepted: ERRORCODE 0 and a CALLID."""
        return self.move(
            _ASKED,
            AttemptState.ACCEPTED,
            call_id=call_id,
            error_code=0,
            error_message=message,
            answered_at=at,
        )

    def refuse(
        self, outcome: Outcome, error_code: int | None, message: str, reason: str, at: datetime
    ) -> bool:
        """dialing | unknown -> refused: ERRORCODE other than 0, or HTTP 401/403 (no code)."""
        return self.move(
            _ASKED,
            AttemptState.REFUSED,
            outcome=outcome.value,
            error_code=error_code,
            error_message=message,
            failure_reason=reason,
            answered_at=at,
            ended_at=at,
        )

    def not_send(self, message: str, reason: str, at: datetime) -> bool:
        """dialing | unknown -> not_sent: it failed before anything was sent."""
        return self.move(
            _ASKED,
            AttemptState.NOT_SENT,
            outcome=Outcome.NOT_SENT.value,
            error_message=message,
            failure_reason=reason,
            ended_at=at,
        )

    def lose_sight(self, message: str, reason: str, at: datetime, call_id: str = "") -> bool:
        """dialing -> unknown: the call may have been placed. Stays live, so nobody dials again."""
        return self.move(
            (AttemptState.DIALING,),
            AttemptState.UNKNOWN,
            call_id=call_id,
            error_message=message,
            failure_reason=reason,
            answered_at=at,
        )

    def learn_call_id(self, call_id: str) -> bool:
        """Stores a CALLID that was not in the provider's answer but found in another way.

        False if the attempt has a CALLID, or another attempt has this one.
        """
        try:
            with transaction.atomic():
                won = CallAttempt.objects.filter(pk=self.pk, call_id="").update(call_id=call_id)
        except IntegrityError:
            return False
        if won:
            self.call_id = call_id
        return bool(won)

    def recognise(self, at: datetime) -> bool:
        """unknown -> accepted: the call was seen, under the CALLID that the attempt now has.

        `at`: when it was accepted, as far as known.
        """
        return self.move(
            (AttemptState.UNKNOWN,), AttemptState.ACCEPTED, error_code=0, answered_at=at
        )

    def finish(
        self,
        to: AttemptState,
        at: datetime,
        connected_at: datetime | None = None,
        next_lookup_at: datetime | None = None,
        records: Iterable[LegRecord] = (),
        *,
        is_unclear: bool = False,
    ) -> bool:
        """live -> bridged | played | ended | another end that the records tell.

        `next_lookup_at`: when to ask the provider again, if nobody has said how it ended.
        `is_unclear`: its records are here, but do not tell whether anybody was reached.
        """
        no_record = self.state == AttemptState.ACCEPTED and not is_unclear
        outcome = OUTCOME_OF.get(to, Outcome.NO_RECORD if no_record else Outcome.NEVER_KNOWN)
        values: dict[str, Any] = {
            "ended_at": at,
            "next_lookup_at": next_lookup_at,
            "outcome": outcome.value,
        }
        if connected_at:
            values["connected_at"] = connected_at
        return self.move(LIVE_STATES, to, records, **values)

    def disprove(self, at: datetime) -> bool:
        """unknown -> never_placed: the call turned out not to have happened."""
        return self.move(
            (AttemptState.UNKNOWN,),
            AttemptState.NEVER_PLACED,
            outcome=Outcome.NOT_SENT.value,
            ended_at=at,
            next_lookup_at=None,
        )

    def give_back(self, at: datetime) -> bool:
        """dialing -> not_sent, unless somebody has taken it on."""
        at = max(at, self.claimed_at)
        outcome = "" if self.kind == AttemptKind.MESSAGE else Outcome.NOT_SENT.value
        won = CallAttempt.objects.filter(
            pk=self.pk, state=AttemptState.DIALING, sent_at__isnull=True
        ).update(
            state=AttemptState.NOT_SENT,
            outcome=outcome,
            ended_at=at,
            failure_reason="not_taken_on",
            **self.time_until(at),
        )
        if won:
            self.state, self.outcome, self.ended_at = AttemptState.NOT_SENT, outcome, at
        return bool(won)

    def correct(self, to: AttemptState, connected_at: datetime | None = None) -> bool:
        """ended or another end -> what all records tell. Later records may correct what an earlier
        one said, and a call believed not to have happened; a talk also corrects a stop.
        """
        told = (*TOLD_BY_RECORDS, *HELD_NOT_TO_BE)
        come_from = DISPROVED_BY_A_TALK if to == AttemptState.BRIDGED else told
        values: dict[str, Any] = {
            "error_code": 0,
            "next_lookup_at": None,
            "outcome": OUTCOME_OF[to].value,
        }
        if connected_at:
            values["connected_at"] = connected_at
        return self.move((AttemptState.ENDED, *come_from), to, **values)

    def hold_on(self, until: datetime) -> bool:
        """Keeps the extension longer; False if it is free, or already kept that long."""
        return bool(
            CallAttempt.objects.filter(
                pk=self.pk, state__in=LIVE_STATES, hold_until__lt=until
            ).update(hold_until=until)
        )

    def let_go(self, at: datetime, next_lookup_at: datetime | None = None) -> bool:
        """Frees the extension at `at` if it was kept longer, because its call seems to be over.

        `next_lookup_at`: when to ask the provider how the call ended; restarts `lookup_count`.
        """
        values: dict[str, Any] = {"hold_until": at}
        if next_lookup_at:
            values |= {"next_lookup_at": next_lookup_at, "lookup_count": 0}
        return bool(
            CallAttempt.objects.filter(pk=self.pk, state__in=LIVE_STATES, hold_until__gt=at).update(
                **values
            )
        )
