"""Why a waiting lead waits, by the same rules and rows as the engine. Reads only."""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from callbacks.common.formatting import all_of, in_words, when
from callbacks.explain import routing_reason, unroutable
from callbacks.explain.routing_reason import LookedAt
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES, AttemptOutcome, AttemptState
from callbacks.routing import availability, claim, number_limits
from callbacks.routing import rules as routing_rules
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.routing.rules import ExtensionState, Owner, TeamOffer, TeamRules
from callbacks.scheduling import calling_hours
from callbacks.spending import limits
from callbacks.spending.limits import Standing
from leads.models import Lead, LeadStatus


@dataclass(frozen=True)
class WaitingReason:
    """Why it waits, as a sentence and in a few words for a list.

    `for_ever`: nothing changes this by itself; somebody has to set something up.
    """

    text: str
    short: str
    for_ever: bool = False


@dataclass(frozen=True)
class _Known:
    """What the database says of extensions, and of one lead where it was asked."""

    states: Sequence[ExtensionState]
    # Those that are on a call as far as the claim is concerned, and nobody knows whether they are.
    untold: Collection[int] = ()
    owner: Owner | None = None
    refused: frozenset[int] = field(default_factory=frozenset)
    limited_until: datetime | None = None
    # The states of the calls that are on to its number.
    calls: frozenset[str] = field(default_factory=frozenset)
    unspoken: Set[tuple[int, str]] = frozenset()  # sources and languages that nobody is rung for
    spending: Sequence[Standing] = ()  # where a lead may wait for the end of one's hour or day


def of_lead(lead: Lead, now: datetime, zone: tzinfo | None = None) -> WaitingReason | None:
    """Of one lead, with all that is known; None: it does not wait. Times are in `zone`."""
    if lead.status != LeadStatus.WAITING:
        return None
    current = current_config()
    return _said(lead, current, _known_of(lead, current, now), now, zone or _zone())


def of_leads(
    leads: Iterable[Lead], now: datetime, zone: tzinfo | None = None
) -> dict[int, WaitingReason]:
    """Of those among `leads` that wait, by primary key: three queries, however many there are.

    For a list: who owns a number, and whether it rests, is not asked. The `text` may name an
    extension as free that this very lead is not given.
    """
    waiting = [lead for lead in leads if lead.status == LeadStatus.WAITING]
    if not waiting:
        return {}
    current = current_config()
    sources = {lead.source_id for lead in waiting if lead.call_after <= now}
    states = _look(current, {it.pk for key in sources for it in current.teams_for(key)}, now)
    unspoken = unroutable.nobody_speaks((lead.source_id, lead.language) for lead in waiting)
    known = _Known(
        states, availability.untold(states), unspoken=unspoken, spending=_spending(waiting, now)
    )
    return {lead.pk: _said(lead, current, known, now, zone or _zone()) for lead in waiting}


def _zone() -> tzinfo:
    return timezone.get_current_timezone()


def _look(current: RoutingConfig, team_ids: set[int], now: datetime) -> list[ExtensionState]:
    closed = current.closed_shifts(team_ids, now)
    return availability.look(sorted(team_ids), closed, now) if team_ids else []


def _known_of(lead: Lead, current: RoutingConfig, now: datetime) -> _Known:
    asked = _asked(lead, current, now)
    since = [turn.owner_since for turn in asked if turn.owner_since]
    attempts = CallAttempt.objects.filter(phone=lead.phone, state__in=LIVE_STATES)
    refused = CallAttempt.objects.filter(
        lead=lead, outcome=AttemptOutcome.INVALID, extension__isnull=False
    )
    states = _look(current, {turn.team_id for turn in asked}, now)
    return _Known(
        states=states,
        untold=availability.untold(states),
        owner=claim.owner_of(lead.phone, min(since)) if since else None,
        refused=frozenset(it for it in refused.values_list("extension_id", flat=True) if it),
        limited_until=number_limits.lead_limited_until(lead.pk, now),
        calls=frozenset(attempts.values_list("state", flat=True)),
        unspoken=unroutable.nobody_speaks([(lead.source_id, lead.language)]),
        spending=_spending([lead], now),
    )


def _spending(leads: Iterable[Lead], now: datetime) -> list[Standing]:
    """The spending limits, if one of these leads waits for a time that nobody has chosen."""
    until = [it.gap_until for it in leads if it.gap_until != it.chosen_at]
    return limits.standings(now) if any(it and it > now for it in until) else []


def _asked(lead: Lead, current: RoutingConfig, now: datetime) -> list[TeamOffer]:
    is_follow_up = lead.follow_up_of_id is not None
    return current.asked(lead.source_id, _waited(lead, now), now, is_follow_up=is_follow_up)


def _waited(lead: Lead, now: datetime) -> timedelta:
    return max(now - lead.call_after, timedelta(0))


def _said(
    lead: Lead, current: RoutingConfig, known: _Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    if not current.teams_for(lead.source_id):
        return WaitingReason(
            gettext("No team answers this source. The lead waits until one does."),
            gettext("no team"),
            for_ever=True,
        )
    earliest = max(now, lead.gap_until or now)
    opening = calling_hours.next_time(current, lead.source_id, lead.phone, earliest)
    if opening is None:
        return _never(lead, current, now)
    if (lead.source_id, lead.language) in known.unspoken:
        return _unspoken(lead, current)
    if lead.call_after > now:
        return _later(lead, current, known, now, zone)
    if opening > now:
        return _closed(lead, current, opening, now, zone)
    return _due(lead, current, known, now, zone)


def _never(lead: Lead, current: RoutingConfig, now: datetime) -> WaitingReason:
    if not calling_hours.ever_opens(current, lead.source_id, now):
        text = gettext("%(teams)s never opens. The lead waits until somebody enters hours.")
        short = gettext("never opens")
    elif not calling_hours.has_an_hour(current, lead.source_id, lead.phone, now):
        text = gettext(
            "Its number may be in several time zones, and no hour of its source's calling window "
            "fits all of them. The lead waits for a person: call it with an extension that you "
            "choose, or widen the window."
        )
        short = gettext("no hour fits its number")
    else:
        text = gettext(
            "%(teams)s is never open within the calling window of its source, where its number "
            "is. The lead waits for a person: call it with an extension that you choose, or change "
            "the window or the hours."
        )
        short = gettext("window and hours never meet")
    return WaitingReason(text % {"teams": _names(current, lead)}, short, for_ever=True)


def _unspoken(lead: Lead, current: RoutingConfig) -> WaitingReason:
    words = {"teams": _names(current, lead), "language": lead.language}
    text = gettext(
        "Nobody of %(teams)s speaks %(language)s, and nobody else is rung for it. The lead waits "
        "for a person: call it with an extension that you choose, or change the team's rule for "
        "languages."
    )
    return WaitingReason(text % words, gettext("nobody speaks %(language)s") % words, for_ever=True)


def _names(current: RoutingConfig, lead: Lead, at: datetime | None = None) -> str:
    """The teams that answer it; those that are open at `at`."""
    teams = current.teams_for(lead.source_id)
    return all_of(it.name for it in teams if at is None or current.is_open(it, at))


# --- not yet --------------------------------------------------------------------------------------


def _later(
    lead: Lead, current: RoutingConfig, known: _Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    at = when(lead.call_after, now, zone)
    gap = lead.gap_until if lead.gap_until and lead.gap_until > now else None
    if lead.closed_until and lead.closed_until > (gap or now):
        return _closed(lead, current, lead.closed_until, now, zone)
    if gap and gap == lead.chosen_at and lead.follow_up_of_id and not lead.first_source_id:
        return WaitingReason(
            gettext("Follow-up: a salesperson planned this call for %(time)s.") % {"time": at},
            gettext("follow-up %(time)s") % {"time": at},
        )
    if gap and gap == lead.chosen_at:
        return WaitingReason(
            gettext("Chosen time: the visitor asked to be called at %(time)s.") % {"time": at},
            gettext("chosen time %(time)s") % {"time": at},
        )
    for limit in known.spending:
        if limit.is_bounded and limit.ends_at == gap:
            return WaitingReason(
                limit.sentence(now, zone), gettext("spending limit, %(time)s") % {"time": at}
            )
    if known.limited_until and known.limited_until >= lead.call_after:
        return _number_rests(at)
    if lead.attempts:
        return WaitingReason(
            gettext("Retry at %(time)s.") % {"time": at},
            gettext("retry at %(time)s") % {"time": at},
        )
    return WaitingReason(
        gettext("To be called at %(time)s.") % {"time": at}, gettext("at %(time)s") % {"time": at}
    )


def _number_rests(until: str) -> WaitingReason:
    return WaitingReason(
        gettext("Its number rests until %(time)s: it was rung lately.") % {"time": until},
        gettext("rests until %(time)s") % {"time": until},
    )


def _closed(
    lead: Lead, current: RoutingConfig, opening: datetime, now: datetime, zone: tzinfo
) -> WaitingReason:
    opens = when(opening, now, zone)
    words = {"opens": opens, "teams": _names(current, lead, opening) or gettext("the team")}
    sentences = []
    before = opening - timedelta(seconds=1)
    if any(current.is_open(team, before) for team in current.teams_for(lead.source_id)):
        text = gettext("Off hours: where its number is, it may be called from %(opens)s.") % words
        short = gettext("may be called %(opens)s") % words
    else:
        text = gettext("Off hours: %(teams)s opens %(opens)s.") % words
        short = gettext("opens %(opens)s") % words
    sentences.append(text)
    if lead.call_after > opening:
        turn = {"time": when(lead.call_after, now, zone)}
        sentences.append(gettext("Its turn is at %(time)s, as others wait too.") % turn)
    return WaitingReason(" ".join(sentences), short)


# --- now ------------------------------------------------------------------------------------------


def _due(
    lead: Lead, current: RoutingConfig, known: _Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    if AttemptState.UNKNOWN in known.calls:
        return WaitingReason(
            gettext(
                "Its number may be on a call: the provider's answer to it was lost, and it is "
                "being looked up."
            ),
            gettext("number may be on a call"),
        )
    if known.calls:
        return WaitingReason(gettext("Its number is on a call."), gettext("number on a call"))
    if known.limited_until:
        return _number_rests(when(known.limited_until, now, zone))
    waited = _waited(lead, now)
    asked = _asked(lead, current, now)
    by_team = {turn.team_id: place for place, turn in enumerate(asked)}
    states = sorted(
        (it for it in known.states if it.team_id in by_team and it.reason != routing_rules.OFF),
        key=lambda it: by_team[it.team_id],
    )
    rules = {it.id: it for it in current.rules_by_source.get(lead.source_id, [])}
    shown = [
        replace(it, reason=routing_rules.UNTOLD)
        if it.reason == routing_rules.ON_CALL and it.id in known.untold
        else it
        for it in states
    ]
    others = _others(shown, asked, lead, now, zone)
    steps_in = _who_steps_in(lead, current, waited)
    if owner := routing_rules.holds_for(states, asked, known.owner, known.refused):
        words = {
            "number": owner.number,
            "left": _in_words(
                rules[owner.team_id].waits_for_owner(is_follow_up=lead.follow_up_of_id is not None)
                - waited
            ),
        }
        sentence = (
            gettext("Waits for its owner %(number)s, who may be on a call (%(left)s more).")
            if owner.id in known.untold
            else gettext("Waits for its owner %(number)s, who is on a call (%(left)s more).")
        )
        text = sentence % words
        return WaitingReason(_and(text, steps_in), gettext("for owner %(number)s") % words)
    choice = routing_rules.choose(
        states, asked, language=lead.language, owner=known.owner, refused=known.refused
    )
    if choice:
        words = {"number": choice.extension.number}
        return WaitingReason(
            gettext("Is about to be called: %(number)s is free.") % words,
            gettext("%(number)s is free") % words,
        )
    if any(it.reason is None for it in states):
        text, short = _for_the_language(lead, asked, rules, waited, others)
        return WaitingReason(_and(text, steps_in), short)
    if not states:
        text = gettext("%(teams)s has no extension that is on.") % {
            "teams": all_of(turn.team for turn in asked)
        }
        return WaitingReason(_and(text, steps_in), gettext("no extensions"), not steps_in)
    if lost := sum(it.reason == routing_rules.UNTOLD for it in shown):
        return _lost_answers_hold(shown, lost, others, steps_in)
    text = ngettext(
        "Nobody is free of %(count)d: %(others)s.",
        "Nobody is free of %(count)d: %(others)s.",
        len(states),
    ) % {"count": len(states), "others": others}
    return WaitingReason(_and(text, steps_in), gettext("nobody free"))


def _lost_answers_hold(
    states: Sequence[ExtensionState], lost: int, others: str, steps_in: str
) -> WaitingReason:
    """Nobody is free, and `lost` of the phones are held by calls of which nobody knows whether they
    are on.
    """
    text = ngettext(
        "Nobody is free of %(count)d: %(others)s. The provider's answer to %(lost)d call was lost; "
        "its phone is held until it is known whether there is a call, or somebody says "
        "“No call came”.",
        "Nobody is free of %(count)d: %(others)s. The provider's answers to %(lost)d calls were "
        "lost; their phones are held until it is known whether there is a call, or somebody says "
        "“No call came”.",
        lost,
    ) % {"count": len(states), "others": others, "lost": lost}
    only_they = all(it.reason == routing_rules.UNTOLD for it in states)
    short = gettext("answers of calls lost") if only_they else gettext("nobody free, answers lost")
    return WaitingReason(_and(text, steps_in), short)


def _and(sentence: str, next_sentence: str) -> str:
    return f"{sentence} {next_sentence}" if next_sentence else sentence


def _others(
    states: Sequence[ExtensionState],
    asked: Sequence[TeamOffer],
    lead: Lead,
    now: datetime,
    zone: tzinfo,
) -> str:
    any_language = {turn.team_id: turn.any_language for turn in asked}
    return routing_reason.said_others(
        (
            LookedAt(it.number, it.reason or routing_rules.LANGUAGE, it.until)
            for it in states
            if it.reason or not (any_language[it.team_id] or it.speaks(lead.language))
        ),
        now,
        zone,
        lead.language,
    )


def _for_the_language(
    lead: Lead,
    asked: Sequence[TeamOffer],
    rules: dict[int, TeamRules],
    waited: timedelta,
    others: str,
) -> tuple[str, str]:
    """The sentence, and the few words for a list."""
    waits = [rules[turn.team_id].language_wait for turn in asked if not turn.any_language]
    ends = [_left(wait, waited) for wait in waits if wait is not None]
    words = {"language": lead.language, "others": others, "left": ends[0] if ends else ""}
    short = gettext("for %(language)s") % words
    if not ends:
        return gettext("Waits for somebody who speaks %(language)s: %(others)s.") % words, short
    return (
        gettext("Waits for somebody who speaks %(language)s (%(left)s more): %(others)s.") % words,
        short,
    )


def _who_steps_in(lead: Lead, current: RoutingConfig, waited: timedelta) -> str:
    """The sentence about the next team that will be asked too; "" when there is none."""
    open_rules = [
        rules
        for team, rules in zip(
            current.teams_for(lead.source_id),
            current.rules_by_source.get(lead.source_id, []),
            strict=True,
        )
        if current.is_open(team, lead.call_after + waited)
    ]
    later = [(routing_rules.steps_in(it, open_rules), it.name) for it in open_rules]
    coming = min(((after, name) for after, name in later if after > waited), default=None)
    if coming is None:
        return ""
    words = {"left": _in_words(coming[0] - waited), "team": coming[1]}
    return gettext("In %(left)s %(team)s steps in.") % words


def _left(wait: int | None, waited: timedelta) -> str:
    return _in_words(timedelta(seconds=wait or 0) - waited)


def _in_words(left: timedelta) -> str:
    return in_words(max(round(left.total_seconds()), 0))
