"""What managers must know at once: nobody can be rung, a part of the system is down, a clock is
wrong.

The only source of these sentences: the admin shows them above every page.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from threading import Lock

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.calling import earlier_calls
from callbacks.common.translation import Text
from callbacks.explain import nobody_now
from callbacks.explain.nobody_now import SilentSource
from callbacks.models import AccountRefusal, CallAttempt, CallRecord, Extension
from callbacks.models.account_refusals import RefusedFor
from callbacks.models.attempt_states import NOT_SENT_BY_US, AttemptState
from callbacks.monitoring import readiness, storing
from callbacks.monitoring.clocks import WrongClock
from callbacks.policy.rules import Outcome
from callbacks.spending import limits
from callbacks.telephony import account_refusals
from callbacks.voicenter.values.leg_outcome import OUTCOMES, LegOutcome

# The provider counts as down if none of its newest calls was placed, and these are recent.
_CALLS, _LATELY = 3, timedelta(minutes=30)
# The provider's words for a phone that it could not reach.
_NO_WAY = [
    word
    for word, it in OUTCOMES.items()
    if it in (LegOutcome.UNREACHABLE, LegOutcome.NETWORK, LegOutcome.NOT_CALLED)
]
# How many of the newest attempts are checked for recent failures.
_NEWEST = 500

# By the name of the check. While the database is down, no page is shown.
_SENTENCES: dict[str, Text] = {
    "broker": _(
        "The queue (Redis or RabbitMQ) does not answer: requests are stored and called once it "
        "is back."
    ),
    "redis": _(
        "Redis was away or emptied, or accepts no writes: requests are stored, and called "
        "automatically once it works."
    ),
    "beat": _("The scheduler (beat) is not running: leads are called late or not at all."),
    "worker": _("No worker is running: nobody is called until one is started."),
    "sweep": _("The workers cannot keep up: leads are called late or not at all."),
}


# For a database that can still be read: while it is down, no page is shown.
_NOT_STORED = _(
    "Visitors' requests cannot be stored right now, so nobody new is called. The database "
    "accepts no writes (its disk may be full). Visitors are asked to try again. Tell the person "
    "who runs the system: /readyz says what to do."
)


class Trouble(Enum):
    """Why none of the provider's calls succeeds."""

    AWAY = "away"
    REFUSES = "refuses"  # invalid parameters, whoever the call is for
    NO_PHONE = "no phone"  # accepts calls, but reaches none of the salespeople's phones


def current(silent: Iterable[SilentSource] | None = None) -> list[str]:
    """The sentences that are true now, most serious first; empty if all is well.

    `silent`: the sources that nobody can be rung for, if they are already known.
    """
    now = timezone.now()
    found = [str(_NOT_STORED)] if storing.trouble() else []
    found += [str(words) for _name, words in processes_away()]
    if words := nobody_now.words(nobody_now.sources(now) if silent is None else silent):
        found.append(words)
    zone = timezone.get_current_timezone()
    found += [it.sentence(now, zone) for it in limits.used_up(limits.standings(now))]
    newest = _newest_calls()
    # Queried only if one of them was refused for this: each page runs this code.
    is_refused = any(it.failure_reason in RefusedFor.values for it in newest)
    refusal = account_refusals.current() if is_refused else None
    trouble = None if refusal else _trouble(newest, now)
    if refusal:
        found.append(account_refused(refusal))
    if trouble is Trouble.REFUSES:
        found.append(
            gettext(
                "The telephone provider reports invalid parameters in every call (error 1). Look "
                "at its answers and at recent changes to call parameters. Leads are tried again "
                "automatically."
            )
        )
    elif trouble is Trouble.AWAY:
        found.append(
            gettext(
                "The telephone provider takes no calls: none of the last %(calls)s was placed. "
                "Leads are tried again automatically."
            )
            % {"calls": _CALLS}
        )
    elif trouble is Trouble.NO_PHONE:
        found.append(
            gettext(
                "None of your salespeople's phones can be reached: the last %(calls)s calls rang "
                "none of them. Check their connection, or ask the provider. Leads are tried "
                "again automatically."
            )
            % {"calls": _CALLS}
        )
    found += [it.sentence() for it in wrong_clocks()]
    return found


_ACCOUNT: dict[RefusedFor, Text] = {
    RefusedFor.CODE: _(
        "The telephone provider does not know the account's code, so nobody is called. Ask the "
        "person who runs the system to correct VOICENTER_CODE and restart the workers. After "
        "that, waiting leads are called automatically."
    ),
    RefusedFor.ADDRESS: _(
        "The telephone provider refuses this server's address or the account's code, so nobody "
        "is called. Ask the provider to allow this server's address, or ask the person who runs "
        "the system to correct VOICENTER_CODE and restart the workers. After that, waiting leads "
        "are called automatically."
    ),
    RefusedFor.ACCOUNT: _(
        "The telephone provider has blocked the account, so nobody is called. Ask the provider "
        "why. Waiting leads are called automatically once the account is unblocked."
    ),
    RefusedFor.RIGHT: _(
        "The telephone provider does not let this account make calls, so nobody is called. Ask "
        "the provider for that right. Waiting leads are called automatically once the account "
        "has it."
    ),
}


def account_refused(refusal: AccountRefusal) -> str:
    """What is wrong with the account, and what to do."""
    return str(_ACCOUNT[RefusedFor(refusal.refused_for)])


def processes_away() -> list[tuple[str, Text]]:
    """The parts of the system that are down, each with the name of its check and a sentence."""
    return [(name, _SENTENCES[name]) for name in _missing.names()]


def wrong_clocks() -> list[WrongClock]:
    """Our machines whose clocks differ from the database's."""
    return _missing.clocks()


def provider_trouble(now: datetime) -> Trouble | None:
    """Why the newest calls all failed at the provider recently; None: they did not. One query, and
    others if the newest was refused for its parameters or reached no salesperson.
    """
    return _trouble(_newest_calls(), now)


def _newest_calls() -> list[CallAttempt]:
    sent = CallAttempt.objects.exclude(state=AttemptState.DIALING)
    newest = sent.exclude(failure_reason__in=NOT_SENT_BY_US).order_by("-pk")
    return list(
        newest.only("state", "outcome", "call_id", "claimed_at", "extension_id", "failure_reason")[
            :_CALLS
        ]
    )


def _trouble(newest: list[CallAttempt], now: datetime) -> Trouble | None:
    if len(newest) < _CALLS or newest[0].claimed_at < now - _LATELY:
        return None
    if newest[0].outcome == Outcome.INVALID.value:
        return Trouble.REFUSES if earlier_calls.are_all_refused(now) else None
    if {it.outcome for it in newest} == {Outcome.AGENT_UNREACHED.value}:
        reached = _reach_no_phone({it.extension_id for it in newest}, [it.pk for it in newest])
        return Trouble.NO_PHONE if reached else None
    is_away = all(
        it.outcome in (Outcome.PROVIDER_ERROR.value, Outcome.NOT_SENT.value)
        or (it.state == AttemptState.UNKNOWN and not it.call_id)
        for it in newest
    )
    return Trouble.AWAY if is_away else None


def _reach_no_phone(extensions: set[int | None], attempts: list[int]) -> bool:
    """Whether these calls failed on the way to several phones, or to the only one there is. A
    single phone's own row reports it; a busy phone was reached.
    """
    legs = CallRecord.objects.filter(attempt__in=attempts, leg=1, status__in=_NO_WAY)
    if legs.values("attempt").distinct().count() < len(attempts):
        return False
    return len(extensions) > 1 or Extension.objects.filter(is_active=True).count() == 1


def not_placed(now: datetime) -> Q:
    """Attempts of the last half hour that failed at the provider: it refused, could not be reached,
    or its answer was lost. Only among the newest attempts, which are read by primary key.
    """
    newest = CallAttempt.objects.order_by("-pk").values("pk")[:_NEWEST]
    failed = Q(outcome__in=[Outcome.PROVIDER_ERROR.value, Outcome.NOT_SENT.value])
    failed |= Q(outcome=Outcome.INVALID.value, error_code__isnull=False)
    lost = Q(state=AttemptState.UNKNOWN, call_id="")
    ours = Q(failure_reason__in=NOT_SENT_BY_US)
    return Q(pk__in=newest, claimed_at__gte=now - _LATELY) & ((failed & ~ours) | lost)


class _Missing:
    """Which processes are down, and whose clocks are wrong, looked up at most every few seconds:
    while one is down, the lookup is slow.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._looked_at: float | None = None
        self._names: list[str] = []
        self._clocks: list[WrongClock] = []

    def names(self) -> list[str]:
        """Names of checks, at most REMEMBERED_FOR seconds old."""
        with self._lock:
            self._look()
            return self._names

    def clocks(self) -> list[WrongClock]:
        """The wrong clocks, at most as old."""
        with self._lock:
            self._look()
            return self._clocks

    def _look(self) -> None:
        if self._looked_at is None or time.monotonic() - self._looked_at >= REMEMBERED_FOR:
            checks, self._clocks = readiness.processes()
            wrong = [check.name for check in checks if not check.ok]
            # If the broker or Redis is down, what depends on it is not reported.
            self._names = next(([it] for it in ("broker", "redis") if it in wrong), wrong)
            self._looked_at = time.monotonic()


REMEMBERED_FOR = 5.0  # seconds
_missing = _Missing()
