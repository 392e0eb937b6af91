"""Who held the phones while leads waited: calls, pauses, and what was seen when the wait ended.

Calls and pauses are stored, so they are certain. Why another phone was not rung (a cool-down, a
pause from before pauses were kept) is known only for the moment when the wait ended: from the trace
of the call that ended it, or from the phone's present state. An answer that depends on this is
`about`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Q

from callbacks.explain import routing_reason
from callbacks.lateness.course import NOTHING
from callbacks.models import CallAttempt, Extension, HistoryStart, Pause
from callbacks.models.attempt_states import LIVE_STATES, AttemptOutcome, AttemptState
from callbacks.policy.rules import Outcome, rang_the_salesperson
from callbacks.routing import availability
from callbacks.routing import rules as routing_rules
from callbacks.routing.config import RoutingConfig

# No call holds its phone for longer, so calls that began earlier are not read.
_LONGEST = timedelta(hours=6)
# A trace keeps at most so many extensions of a team (callbacks/routing/claim.sql).
_TRACED = 12
_NOT_KNOWN = (AttemptOutcome.NO_RECORD, AttemptOutcome.NEVER_KNOWN)
_LOST_STATES = (AttemptState.UNKNOWN, AttemptState.NEVER_PLACED)
# Not there at all, so not counted among the phones.
_ABSENT = (routing_rules.OFF, routing_rules.OFF_SHIFT)
_SAID = frozenset(
    {
        routing_rules.BLOCKED, routing_rules.PAUSED, routing_rules.OUT, routing_rules.CAPPED,
        routing_rules.RESTING, routing_rules.SEEN_BUSY, routing_rules.REFUSED,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """How the phones stood for a time: how many there were, and how many for each reason.

    `reasons`: by the words of callbacks.routing.rules. `about`: not all of it is certain.
    `on_calls`: the ids of phones on calls. `is_partly_seen`: there were more phones, for which no
    reason was kept.
    """

    phones: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    about: bool = False
    on_calls: frozenset[int] = frozenset()
    is_partly_seen: bool = False

    def count(self, reason: str) -> int:
        """How many phones have this reason."""
        return self.reasons.get(reason, 0)


@dataclass(frozen=True)
class Slice:
    """A time in which the phones stood like this."""

    start: datetime
    end: datetime
    held: Held


@dataclass(frozen=True)
class Asked:
    """A wait for an extension: for which teams, and the call that ended it."""

    teams: frozenset[int]
    start: datetime
    end: datetime
    ended_by: CallAttempt | None = None


@dataclass(frozen=True)
class _Phone:
    """An extension as it is set up now."""

    id: int
    number: str
    team_id: int
    schedule_id: int | None
    person: int | None
    wrap_up: timedelta


@dataclass(frozen=True)
class _Hold:
    """How long a call held a phone: until `known` by the call, until `end` by its unknown outcome,
    and until `rests` by the rest after it.
    """

    start: datetime
    known: datetime
    end: datetime
    rests: datetime

    def reason(self, at: datetime) -> str | None:
        if not self.start <= at < self.rests:
            return None
        if at < self.known:
            return routing_rules.ON_CALL
        return routing_rules.UNTOLD if at < self.end else routing_rules.RESTING


class Phones:
    """The phones of some teams over a stretch of time. Five queries, however many waits are asked
    about, and one more for the phones' present state.
    """

    def __init__(
        self, config: RoutingConfig, asked: Iterable[Asked], now: datetime, *, seen: bool = True
    ) -> None:
        """`seen`: reads the phones' present state for waits that are not over."""
        waits = list(asked)
        self._config, self._now = config, now
        self._teams = frozenset(team for it in waits for team in it.teams)
        self._by_team: dict[int, list[_Phone]] = defaultdict(list)
        self._holds: dict[int, list[_Hold]] = defaultdict(list)
        self._pauses: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._pauses_since: datetime | None = None
        self._now_reasons: dict[int, str | None] = {}
        if not waits:
            return
        self._read(min(it.start for it in waits), max(it.end for it in waits))
        if seen and any(it.ended_by is None and it.end >= now for it in waits):
            closed = config.closed_shifts(self._teams, now)
            states = availability.look(self._teams, closed, now)
            self._now_reasons = {it.id: it.reason for it in states}

    def slices(self, wait: Asked) -> list[Slice]:
        """How the phones stood, from one change to the next."""
        phones = [it for team in sorted(wait.teams) for it in self._by_team[team]]
        told = self._told(phones, wait)
        cuts = {wait.start, wait.end}
        for phone in phones:
            for hold in self._holds[phone.id]:
                cuts |= {at for at in (hold.start, hold.known, hold.end, hold.rests)
                         if wait.start < at < wait.end}  # fmt: skip
            for pause in self._pauses[phone.id]:
                cuts |= {at for at in pause if wait.start < at < wait.end}
        ordered = sorted(cuts)
        return [
            Slice(one, other, self._held(phones, told, one)) for one, other in pairwise(ordered)
        ]

    def _held(self, phones: Sequence[_Phone], told: Mapping[int, str | None], at: datetime) -> Held:
        found: Counter[str] = Counter()
        on_calls = set()
        about, count = False, 0
        for phone in phones:
            reason = next((it for hold in self._holds[phone.id] if (it := hold.reason(at))), None)
            if reason is None and any(one <= at < other for one, other in self._pauses[phone.id]):
                reason = routing_rules.PAUSED
            elif reason is None:
                reason = told.get(phone.id)
                if reason in _ABSENT or not self._on_shift(phone, at):
                    continue
                about |= reason is not None
            count += 1
            if reason == routing_rules.ON_CALL:
                on_calls.add(phone.id)
            if reason in _SAID or reason in (routing_rules.ON_CALL, routing_rules.UNTOLD):
                found[reason] += 1
        unseen = len(told) >= _TRACED
        return Held(count, dict(found), about or unseen, frozenset(on_calls), unseen)

    def _on_shift(self, phone: _Phone, at: datetime) -> bool:
        return phone.schedule_id is None or self._config.state(phone.schedule_id, at).is_open

    def _told(self, phones: Sequence[_Phone], wait: Asked) -> dict[int, str | None]:
        """Why each phone was not rung when the wait ended, apart from calls."""
        if wait.ended_by is None:
            reasons = self._now_reasons
        else:
            ids = {it.number: it.id for it in phones}
            reasons = {
                ids[it.number]: it.reason
                for it in routing_reason.looked(wait.ended_by.routing_trace)
                if it.number in ids
            }
        certain = self._pauses_since is not None and self._pauses_since <= wait.start
        told = (_SAID - {routing_rules.PAUSED}) | {*_ABSENT} if certain else _SAID | {*_ABSENT}
        return {key: it for key, it in reasons.items() if it in told}

    def _read(self, start: datetime, end: datetime) -> None:
        phones = Extension.objects.filter(team__in=self._teams, is_active=True).select_related(
            "team"
        )
        for it in phones.order_by("number"):
            wrap_up = it.team.wrap_up if it.wrap_up is None else it.wrap_up
            self._by_team[it.team_id].append(
                _Phone(
                    it.pk, it.number, it.team_id, it.schedule_id, it.user_id,
                    timedelta(seconds=wrap_up),
                )
            )  # fmt: skip
        own = [phone for team in self._by_team.values() for phone in team]
        people: dict[int, list[_Phone]] = defaultdict(list)
        for phone in own:
            if phone.person is not None:
                people[phone.person].append(phone)
        theirs = Extension.objects.filter(user__in=people).values_list("pk", flat=True)
        by_id = {phone.id: phone for phone in own}
        self._read_pauses(by_id, people, start, end)
        calls = CallAttempt.objects.filter(
            extension__in={*by_id, *theirs}, claimed_at__gt=start - _LONGEST, claimed_at__lt=end
        ).order_by()
        for call in calls.only(
            "extension", "salesperson", "state", "outcome", "claimed_at", "ended_at",
            "provider_time", "leg1_time", "leg2_time", "unknown_time", "answered_at",
        ):  # fmt: skip
            held_by = {it.id: it for it in people.get(call.salesperson_id or 0, [])}
            if call.extension_id in by_id:
                held_by[call.extension_id] = by_id[call.extension_id]
            for phone in held_by.values():
                if (hold := _hold(call, phone, self._now)).rests > start:
                    self._holds[phone.id].append(hold)

    def _read_pauses(
        self,
        by_id: Mapping[int, _Phone],
        people: Mapping[int, Sequence[_Phone]],
        start: datetime,
        end: datetime,
    ) -> None:
        """A person's pause counts for all their phones."""
        kept = HistoryStart.objects.filter(what=HistoryStart.PAUSES)
        self._pauses_since = kept.values_list("since", flat=True).first()
        theirs = Q(extension__in=by_id) | Q(salesperson__in=people)
        for pause in Pause.objects.filter(
            theirs, Q(ended_at__gt=start) | Q(ended_at=None), began_at__lt=end
        ).order_by():
            phones = {it.id for it in people.get(pause.salesperson_id or 0, [])}
            if pause.extension_id in by_id:
                phones.add(pause.extension_id)
            for phone in phones:
                self._pauses[phone].append((pause.began_at, pause.over_at(self._now)))


def _hold(call: CallAttempt, phone: _Phone, now: datetime) -> _Hold:
    end = call.ended_at or max(now, call.claimed_at)
    known = end
    if call.outcome in _NOT_KNOWN or call.state in _LOST_STATES:
        if call.state in LIVE_STATES:
            known = call.answered_at or call.claimed_at
        else:
            parts = (call.provider_time, call.leg1_time, call.leg2_time)
            known = call.claimed_at + sum((it or NOTHING for it in parts), NOTHING)
    rests = end
    if call.outcome and rang_the_salesperson(Outcome(call.outcome)):
        rests = end + phone.wrap_up
    return _Hold(call.claimed_at, min(known, end), end, rests)
