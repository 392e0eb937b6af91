"""A morning, told by hand: leads are stored, claimed and called by the engine's own functions, on a
clock that the test moves. Seconds are counted from NOON.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.calling.apply_outcome import apply
from callbacks.lateness import explained, sentence
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.reconciliation import holds, records
from callbacks.routing import claim as claims
from callbacks.routing import config
from callbacks.voicenter import Cdr
from leads import intake
from leads.models import Lead, LeadSource

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday


class Story:
    """One source and one team with `phones` phones."""

    def __init__(self, source: LeadSource, team: Team, phones: int = 2, noon: datetime = NOON):
        self.source, self.team, self.noon = source, team, noon
        self.travel = time_machine.travel(noon, tick=False)
        self.clock = self.travel.start()
        self.phones = [
            Extension.objects.create(number=str(101 + number), team=team)
            for number in range(phones)
        ]
        self._numbers = iter(range(100, 200))

    def close(self) -> None:
        self.travel.stop()

    def at(self, seconds: float) -> datetime:
        """Moves the clock."""
        moment = self.noon + timedelta(seconds=seconds)
        self.clock.move_to(moment)
        return moment

    def submit(self, seconds: float = 0, **values: Any) -> Lead:
        """A visitor asks to be called."""
        self.at(seconds)
        number = next(self._numbers)
        phone = values.pop("phone", f"+972505550{number}")
        return intake.store(
            intake.Submission(
                source=self.source,
                key=intake.key_from("story", str(number)),
                name="Noa Levi",
                phone=phone,
                **values,
            )
        )

    def look(self, lead: Lead, seconds: float) -> None:
        """A worker looks at a lead that no phone is free for, which may put it off."""
        self.at(seconds)
        assert dispatch.call_lead(lead.pk) is None

    def claim(self, lead: Lead, seconds: float) -> CallAttempt:
        """The engine takes the lead and an extension, and the provider accepts at once."""
        now = self.at(seconds)
        lead.refresh_from_db()
        current = config.current()
        waited = max(now - lead.call_after, timedelta(0))
        asked = current.asked(lead.source_id, waited, now)
        closed = current.closed_shifts([it.team_id for it in asked], now)
        claim = claims.claim(lead.pk, asked, now, timedelta(hours=1), closed)
        assert claim, "nobody could be rung"
        return claim.attempt

    def accepted(self, lead: Lead, seconds: float) -> CallAttempt:
        """Claimed, and the provider says yes at once: the salesperson's phone rings."""
        attempt = self.claim(lead, seconds)
        assert attempt.accept(f"C-{attempt.pk}", "OK", timezone.now())
        return attempt

    def refused(self, lead: Lead, seconds: float, outcome: Outcome) -> CallAttempt:
        """Claimed, and the provider says no at once."""
        attempt = self.claim(lead, seconds)
        with transaction.atomic():
            assert attempt.refuse(outcome, 2, "no", "refused", timezone.now())
            apply(attempt, timezone.now())
        return attempt

    def next_call(self, lead: Lead) -> float:
        """When a lead is to be called next, in seconds from noon."""
        lead.refresh_from_db()
        return (lead.call_after - self.noon).total_seconds()

    def rings(self, attempt: CallAttempt, seconds: float, *, lasts: int = 30) -> None:
        """The lead's phone rings at `seconds`; the talk begins five seconds later."""
        started = self.noon + timedelta(seconds=seconds)
        self.at(seconds + 5 + lasts)
        self._record(attempt, 2, "ANSWER", started, rang=5, talked=lasts)

    def unanswered(self, attempt: CallAttempt, started: float, seconds: float) -> None:
        """The salesperson's phone rang unanswered until `seconds`."""
        self.at(seconds)
        began = self.noon + timedelta(seconds=started)
        self._record(attempt, 1, "NOANSWER", began, rang=int(seconds - started))

    def busy_call(self, start: float, end: float) -> CallAttempt:
        """A phone is on a call for another lead."""
        other = self.submit(start)
        attempt = self.accepted(other, start)
        self._ends.append((end, attempt, start))
        return attempt

    @property
    def _ends(self) -> list[tuple[float, CallAttempt, float]]:
        return self.__dict__.setdefault("ends", [])

    def calls_end(self) -> None:
        """Ends all calls of `busy_call`, each at its own time."""
        for end, attempt, start in sorted(self._ends, key=lambda it: it[0]):
            self.at(end)
            began = self.noon + timedelta(seconds=start)
            self._record(attempt, 2, "ANSWER", began, rang=1, talked=int(end - start))
        self._ends.clear()

    def lost(self, lead: Lead, seconds: float) -> CallAttempt:
        """Claimed, and the provider's answer does not come."""
        attempt = self.claim(lead, seconds)
        assert attempt.lose_sight("", "read_timeout", timezone.now())
        return attempt

    def hold_ends(self, attempt: CallAttempt, seconds: float) -> None:
        """The hold ends, and no record has said how the call ended."""
        now = self.at(seconds)
        CallAttempt.objects.filter(pk=attempt.pk).update(
            hold_until=now - timedelta(seconds=1), lookup_count=holds.LEAST_LOOKS
        )
        assert holds.free_expired_holds() == 1

    def says(self, lead: Lead, seconds: float | None = None) -> str:
        """The sentence about a lead; "" if it is not late."""
        if seconds is not None:
            self.at(seconds)
        lead.refresh_from_db()
        found = explained.of_lead(lead, timezone.now())
        if found is None:
            return ""
        assert sum((it.took for it in found.parts), timedelta(0)) == found.took
        return sentence.of(found)

    def _record(
        self,
        attempt: CallAttempt,
        leg: int,
        status: str,
        started: datetime,
        *,
        rang: int,
        talked: int = 0,
    ) -> None:
        attempt.refresh_from_db()
        assert attempt.state == AttemptState.ACCEPTED, attempt.state
        records.receive(
            Cdr(
                call_id=attempt.call_id,
                type=f"Click2Call leg{leg}",
                leg=leg,
                status=status,
                started_at=started,
                dial_time=rang,
                talk_time=talked,
                custom={"attempt": str(attempt.public_id)},
                raw={},
            )
        )
