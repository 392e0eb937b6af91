"""Where leads' time went, for people to read: the stages by name, one lead's times, and bars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import in_words
from callbacks.common.translation import Text
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind, AttemptState
from leads.models import Lead, LeadStatus
from leads.wait_accounting import Wait, gap_of, waited


@dataclass(frozen=True)
class Stage:
    """One of the ten. `column`: of the lead or of its attempts. `key`: for its style."""

    column: str
    name: Text
    meaning: Text

    @property
    def key(self) -> str:
        """`waited_closed` -> "closed", `leg1_time` -> "leg1"."""
        return self.column.removeprefix("waited_").removesuffix("_time")


WAITS = (
    Stage("waited_held", _("held for a manager"), _("Until a manager released the lead.")),
    Stage("waited_chosen", _("chosen later"), _("Until the time the visitor chose.")),
    Stage(
        "waited_closed", _("off hours"), _("Until a team was open and the lead could be called.")
    ),
    Stage(
        "waited_retry",
        _("retry gap"),
        _("Between two tries, or from when a lead was closed until a manager had it called again."),
    ),
    Stage(
        "waited_limit",
        _("spending limit"),
        _("Until a spending limit allowed calls again or a manager reopened it."),
    ),
    Stage("waited_extension", _("no free extension"), _("Until a salesperson was free.")),
)
CALLS = (
    Stage(
        "provider_time",
        _("provider"),
        _("From the decision to call until Voicenter's answer, whether it accepted or refused."),
    ),
    Stage("leg1_time", _("salesperson's phone"), _("Ringing, until it was picked up or given up.")),
    Stage("leg2_time", _("lead's phone"), _("Ringing, until it was answered or given up.")),
    Stage("unknown_time", _("unknown"), _("While the outcome of a call was unknown.")),
)
STAGES = (*WAITS, *CALLS)


@dataclass(frozen=True)
class Part:
    """One stage of a bar. `start` and `width` are in thousandths of the bar."""

    stage: Stage
    seconds: float
    share: float
    start: float
    width: float
    is_running: bool = False

    @property
    def words(self) -> str:
        """The time, as people read it."""
        return in_words(self.seconds)


def parts(seconds: Mapping[str, float], running: Stage | None = None) -> tuple[Part, ...]:
    """The stages that took any time, and the running one, in order."""
    total = sum(seconds.values())
    taken = [it for it in STAGES if seconds[it.column] > 0 or it is running]
    widths = [seconds[it.column] / total * 1000 if total else 0 for it in taken]
    starts = accumulate(widths, initial=0)
    return tuple(
        Part(stage, seconds[stage.column], width / 1000, round(start, 2), round(width, 2),
             stage is running)
        for stage, start, width in zip(taken, starts, widths, strict=False)
    )  # fmt: skip


@dataclass(frozen=True)
class Spent:
    """Where one lead's time went, and from when until when."""

    parts: tuple[Part, ...]
    seconds: float
    until: str

    @property
    def words(self) -> str:
        """The total time, as people read it."""
        return in_words(self.seconds)


def of_lead(lead: Lead, attempts: Iterable[CallAttempt], now: datetime) -> Spent:
    """The lead's stored times, plus its current wait or its live call up to `now`.

    Expects the attempts with their records loaded.
    """
    times = {stage.column: getattr(lead, stage.column) for stage in WAITS}
    times |= {stage.column: timedelta(0) for stage in CALLS}
    live = None
    for attempt in attempts:
        if attempt.kind == AttemptKind.MESSAGE:
            continue
        if attempt.is_live:
            live = attempt
            _add(times, attempt.time_until(now, attempt.records.all()))
        else:
            _add(times, {it.column: getattr(attempt, it.column) or timedelta(0) for it in CALLS})
    running = None
    if lead.status == LeadStatus.WAITING:
        _add(times, _waited(lead, now))
        running = _waits_for(lead, now)
    elif lead.status == LeadStatus.HELD:
        times["waited_held"] += max(now - lead.waiting_since, timedelta(0))
        running = _stage_of(Wait.HELD)
    elif live:
        _add(times, _waited(lead, live.claimed_at))
        running = _at_a_call(live)
    seconds = {column: took.total_seconds() for column, took in times.items()}
    return Spent(parts(seconds, running), sum(seconds.values()), _until(lead))


def _add(times: dict[str, timedelta], more: Mapping[str, timedelta]) -> None:
    for column, took in more.items():
        times[column] += took


def _waited(lead: Lead, until: datetime) -> dict[str, timedelta]:
    gap = gap_of(lead.gap_until, lead.chosen_at, lead.limit_until)
    took = waited(lead.waiting_since, lead.gap_until, lead.closed_until, until, gap=gap)
    return {f"waited_{what}": time for what, time in took.items()}


def _waits_for(lead: Lead, now: datetime) -> Stage:
    if lead.gap_until and now < lead.gap_until:
        return _stage_of(gap_of(lead.gap_until, lead.chosen_at, lead.limit_until))
    is_closed = lead.closed_until and now < lead.closed_until
    return _stage_of(Wait.CLOSED if is_closed else Wait.EXTENSION)


def _stage_of(what: Wait) -> Stage:
    return next(stage for stage in WAITS if stage.key == what)


def _at_a_call(live: CallAttempt) -> Stage:
    provider, leg1, leg2, unknown = CALLS
    if live.state == AttemptState.DIALING:
        return provider
    if live.state == AttemptState.UNKNOWN:
        return unknown
    return leg2 if live.picked_up_at else leg1


def _until(lead: Lead) -> str:
    if lead.status == LeadStatus.CONNECTED:
        return gettext("from submission to conversation")
    return (
        gettext("since submission, so far")
        if lead.is_open
        else gettext("from submission to closing")
    )
