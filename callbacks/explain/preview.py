"""What would happen to a lead: who would be rung, in which order, who not and why, and what next.

Uses the functions and rows that the product uses; reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from callbacks.common import typed_time
from callbacks.common.formatting import all_of, in_words, when
from callbacks.explain import routing_reason, unroutable
from callbacks.explain.consequences import Consequence, consequences
from callbacks.policy.from_settings import policy
from callbacks.routing import availability, claim, number_limits
from callbacks.routing import rules as routing_rules
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.routing.rules import ExtensionState, Owner
from callbacks.scheduling import call_times, calling_hours, planner
from callbacks.scheduling.next_call import next_call
from leads import never_call, number_guard, phones
from leads.models import OPEN_STATUSES, Lead, LeadSource, SlaClock
from leads.phones import PhoneRefused


class CannotTell(Exception):  # noqa: N818  # said to a person
    """What is wrong with the question. `field`: which part of it."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class PreviewQuestion:
    """A lead of `source` that comes in at `at`. `phone`: E.164, or "" for an unknown number."""

    source: LeadSource
    at: datetime
    phone: str = ""
    language: str = ""
    note: str = ""


@dataclass(frozen=True)
class Rung:
    """Who would be rung at this place, and why. `after`: seconds that the lead waited by then."""

    place: int
    number: str
    name: str
    team: str
    why: str
    after: int = 0

    @property
    def waited(self) -> str:
        """ "at once", or how long the lead waited."""
        return (
            gettext("after %(duration)s") % {"duration": in_words(self.after)}
            if self.after
            else gettext("at once")
        )


@dataclass(frozen=True)
class NotRung:
    """Who would not be rung, and why."""

    number: str
    name: str
    team: str
    why: str


@dataclass(frozen=True)
class PreviewAnswer:
    """What would happen. `called_at` None: never. All times are in `zone`."""

    question: PreviewQuestion
    zone: ZoneInfo
    called_at: datetime | None
    notes: tuple[str, ...]
    rung: tuple[Rung, ...]
    not_rung: tuple[NotRung, ...]
    follows: tuple[Consequence, ...]
    clock_started_at: datetime
    due_at: datetime
    clock: str
    assumes: tuple[str, ...]


def question(
    slug: str, at: str, phone: str = "", language: str = "", *, now: datetime
) -> PreviewQuestion:
    """The question that a person typed; `at` "" is now. Raises CannotTell."""
    current = current_config()
    source = next((it for it in current.sources.values() if it.slug == slug), None)
    if source is None:
        names = ", ".join(sorted(it.slug for it in current.sources.values())) or "none"
        raise CannotTell(
            gettext('There is no source "%(slug)s". There are: %(names)s.')
            % {"slug": slug, "names": names},
            "source",
        )
    zone = calling_hours.zone_of(current, source.pk)
    typed = typed_time.Typed(now.astimezone(zone))
    try:
        if at.strip():
            typed = typed_time.read(at, zone)
    except typed_time.NotAMoment as problem:
        raise CannotTell(str(problem), "at") from None
    try:
        number = number_guard.accept(phone, source).e164 if phone.strip() else ""
        if number:
            never_call.check(number)
    except PhoneRefused as refusal:
        raise CannotTell(
            gettext("This number would not be called: %(refusal)s") % {"refusal": refusal},
            "phone",
        ) from None
    if language and not (language.isascii() and language.isalpha() and len(language) in (2, 3)):
        raise CannotTell(
            gettext('"%(language)s" is not a language code. Use a code like he, en, ru.')
            % {"language": language},
            "language",
        )
    # In UTC, because an hour later on a local clock may be two hours later.
    return PreviewQuestion(source, typed.at.astimezone(UTC), number, language, typed.note)


def answer(asked: PreviewQuestion, now: datetime) -> PreviewAnswer:
    """What would happen to this lead, with everything as it is at `now`."""
    current = current_config()
    zone = calling_hours.zone_of(current, asked.source.pk)
    times = call_times.reading(current, asked.source.pk, asked.phone)
    plan = planner.plan(current, asked.source, times, asked.at)
    called_at, notes = _called_at(current, asked, zone)
    rung: list[Rung] = []
    not_rung: list[NotRung] = []
    if called_at:
        rung, not_rung = _order(current, asked, called_at, max(called_at, now), zone)
    return PreviewAnswer(
        question=asked,
        zone=zone,
        called_at=called_at,
        notes=tuple(note for note in (asked.note, *notes) if note),
        rung=tuple(rung),
        not_rung=tuple(not_rung),
        follows=consequences(current, asked.source.pk, asked.phone, called_at, policy(), zone)
        if called_at
        else (),
        clock_started_at=plan.clock_started_at,
        due_at=plan.due_at,
        clock=_clock(asked.source),
        assumes=_assumes(asked, now, zone),
    )


def _called_at(
    current: RoutingConfig, asked: PreviewQuestion, zone: ZoneInfo
) -> tuple[datetime | None, list[str]]:
    """When it would first be called, and the reasons if not at once."""
    teams = current.teams_for(asked.source.pk)
    names = all_of(team.name for team in teams)
    if not teams:
        return None, [gettext("No team answers this source: the lead would wait until one does.")]
    notes = []
    if not asked.source.is_active:
        notes.append(
            gettext(
                "This source is switched off: its form and API respond as if it "
                "did not exist. Leads submitted earlier are still called."
            )
        )
    if asked.phone and (first := _open_lead(asked.phone)):
        notes.append(
            gettext(
                "This number has an open request, lead %(lead)s. A second request "
                "would not be called separately."
            )
            % {"lead": first}
        )
    limited_until = None
    if asked.phone and (
        limited_until := number_limits.number_limited_until(asked.phone, asked.source.pk, asked.at)
    ):
        notes.append(
            gettext("The number rests until %(time)s because it was called recently.")
            % {"time": when(limited_until, asked.at, zone)}
        )
    times = call_times.reading(current, asked.source.pk, asked.phone)
    found = next_call(times, asked.at, limited_until=limited_until)
    if found.call_after is None or found.opens_at is None:
        return None, [*notes, _never(current, asked, names)]
    if found.closed_until:
        words = {"teams": names, "opens": when(found.closed_until, asked.at, zone)}
        earliest = limited_until or asked.at
        if any(current.is_open(team, earliest) for team in teams):
            closed = gettext("Off hours for this number: it may be called from %(opens)s.")
        else:
            closed = gettext("Off hours: %(teams)s opens %(opens)s.")
        notes.append(closed % words)
    if found.closed_until and found.call_after > found.closed_until:
        notes.append(
            gettext("Others are waiting too: its turn would be at %(time)s.")
            % {"time": when(found.call_after, asked.at, zone)}
        )
    return found.call_after, notes


def _never(current: RoutingConfig, asked: PreviewQuestion, names: str) -> str:
    if not calling_hours.ever_opens(current, asked.source.pk, asked.at):
        never = gettext("%(teams)s never opens. The lead would wait until somebody enters hours.")
        return never % {"teams": names}
    why = unroutable.why_number(current, asked.source.pk, asked.phone, asked.at)
    return gettext("The lead would wait for a person: %(why)s.") % {"why": why}


def _open_lead(phone: str) -> int | None:
    lead = Lead.objects.filter(phone=phone, status__in=OPEN_STATUSES).values_list("pk", flat=True)
    return lead.first()


# --- the order ------------------------------------------------------------------------------------


def _order(
    current: RoutingConfig,
    asked: PreviewQuestion,
    called_at: datetime,
    seen_at: datetime,
    zone: ZoneInfo,
) -> tuple[list[Rung], list[NotRung]]:
    """Everybody who would be rung, in order, as if each one before turned out not to be free.

    People who are rung only after a wait, for example when another team steps in, come last.
    """
    source_id = asked.source.pk
    every_turn = current.asked(source_id, timedelta(days=3650), called_at)
    team_ids = [turn.team_id for turn in every_turn]
    left = availability.look(team_ids, current.closed_shifts(team_ids, called_at), seen_at)
    owner = _owner(asked, every_turn)
    rung: list[Rung] = []
    for after in _steps(current, source_id, team_ids):
        turns_now = current.asked(source_id, timedelta(seconds=after), called_at)
        while choice := routing_rules.choose(left, turns_now, language=asked.language, owner=owner):
            chosen = choice.extension
            said = routing_reason.said_rule(choice.rule, _how_many(left, chosen), asked.language)
            rung.append(
                Rung(len(rung) + 1, chosen.number, chosen.name, choice.turn.team, said, after)
            )
            left = [it for it in left if it.id != chosen.id]
    names = {turn.team_id: turn.team for turn in every_turn}
    not_rung = [
        NotRung(
            it.number,
            it.name,
            names[it.team_id],
            routing_reason.said_reason(
                it.reason or routing_rules.LANGUAGE, it.until, called_at, zone, asked.language
            ),
        )
        for it in sorted(left, key=lambda it: team_ids.index(it.team_id))
    ]
    return rung, not_rung


def _owner(asked: PreviewQuestion, every_turn: Sequence[routing_rules.TeamOffer]) -> Owner | None:
    return claim.whose(asked.phone, every_turn) if asked.phone else None


def _how_many(states: Sequence[ExtensionState], of: ExtensionState) -> int:
    return sum(it.reason is None and it.team_id == of.team_id for it in states)


def _steps(current: RoutingConfig, source_id: int, team_ids: Sequence[int]) -> list[int]:
    """The waits, in seconds, after which somebody else may be rung."""
    rules = [it for it in current.rules_by_source.get(source_id, []) if it.id in team_ids]
    steps = {round(routing_rules.steps_in(it, rules).total_seconds()) for it in rules}
    waits = {it.language_wait or 0 for it in rules} | {it.sticky_agent_wait for it in rules}
    return sorted({0} | steps | waits)


# --- words ----------------------------------------------------------------------------------------


def _clock(source: LeadSource) -> str:
    how = (
        gettext("in opening hours")
        if source.sla_clock == SlaClock.OPEN
        else gettext("round the clock")
    )
    return f"{in_words(source.sla_target)}, {how}"


def _assumes(asked: PreviewQuestion, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    seen = when(now, now, zone)
    said = [
        gettext("Schedules, holidays and exceptions are those at the time of the request."),
        gettext(
            "Calls, pauses, blocks and queue positions are as they are now "
            "(%(seen)s), except those that end automatically before then."
        )
        % {"seen": seen},
        gettext("No other lead is waiting ahead of it, except for its turn after opening."),
    ]
    if not asked.phone:
        said.append(
            gettext(
                "The number is new to everybody and may be called at any hour of "
                "the source's calling window."
            )
        )
    return tuple(said)


def readable(phone: str) -> str:
    """A number as people read it."""
    return phones.readable(phone) if phone else gettext("any number")
