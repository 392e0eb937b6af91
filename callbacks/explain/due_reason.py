"""Why a lead that is due now is not being called: nobody is free, or something holds it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from django.utils.translation import gettext, ngettext

from callbacks.common.formatting import all_of, in_words, when
from callbacks.explain import routing_reason
from callbacks.explain.routing_reason import LookedAt
from callbacks.explain.waiting import Known, WaitingReason, asked_now, has_waited, number_rests
from callbacks.models.attempt_states import AttemptState
from callbacks.routing import rules as routing_rules
from callbacks.routing.config import RoutingConfig
from callbacks.routing.rules import ExtensionState, TeamOffer, TeamRules
from leads.models import Lead


def of_lead(
    lead: Lead, current: RoutingConfig, known: Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    """The reason for a lead that is due, while its source is open and its number may be called."""
    if AttemptState.UNKNOWN in known.calls:
        return WaitingReason(
            gettext(
                "The number may be on a call: the provider's answer was lost, and "
                "the call is being looked up."
            ),
            gettext("number may be on a call"),
        )
    if known.calls:
        return WaitingReason(gettext("The number is on a call."), gettext("number on a call"))
    if known.is_account_refused:
        return WaitingReason(
            gettext(
                "The telephone provider refuses the account, so nobody is called. "
                "The lead will be called once the provider accepts the account "
                "again."
            ),
            gettext("provider refuses the account"),
        )
    if known.limited_until:
        return number_rests(when(known.limited_until, now, zone))
    waited = has_waited(lead, now)
    asked = asked_now(lead, current, now)
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
                rules[owner.team_id].waits_for_owner(is_owned=lead.has_owner) - waited
            ),
        }
        sentence = (
            gettext("Waiting for its owner %(number)s, who may be on a call (%(left)s more).")
            if owner.id in known.untold
            else gettext("Waiting for its owner %(number)s, who is on a call (%(left)s more).")
        )
        text = sentence % words
        return WaitingReason(_and(text, steps_in), gettext("for owner %(number)s") % words)
    choice = routing_rules.choose(
        states, asked, language=lead.language, owner=known.owner, refused=known.refused
    )
    if choice:
        words = {"number": choice.extension.number}
        return WaitingReason(
            gettext("About to be called: %(number)s is free.") % words,
            gettext("%(number)s is free") % words,
        )
    if any(it.reason is None for it in states):
        text, short = _for_the_language(lead, asked, rules, waited, others)
        return WaitingReason(_and(text, steps_in), short)
    if not states:
        text = gettext("%(teams)s has no extension switched on.") % {
            "teams": all_of(turn.team for turn in asked)
        }
        return WaitingReason(_and(text, steps_in), gettext("no extensions"), not steps_in)
    if lost := sum(it.reason == routing_rules.UNTOLD for it in shown):
        return _lost_answers_hold(shown, lost, others, steps_in)
    text = ngettext(
        "0 of %(count)d phones free: %(others)s.",
        "0 of %(count)d phones free: %(others)s.",
        len(states),
    ) % {"count": len(states), "others": others}
    return WaitingReason(_and(text, steps_in), gettext("nobody free"))


def _lost_answers_hold(
    states: Sequence[ExtensionState], lost: int, others: str, steps_in: str
) -> WaitingReason:
    """Nobody is free, and `lost` of the phones are held by calls that may or may not be in
    progress.
    """
    text = ngettext(
        "0 of %(count)d phones free: %(others)s. The provider's answer to "
        "%(lost)d call was lost. Its phone is held until the outcome is "
        "known or somebody chooses “No call came”.",
        "0 of %(count)d phones free: %(others)s. The provider's answers to "
        "%(lost)d calls were lost. Their phones are held until the "
        "outcomes are known or somebody chooses “No call came”.",
        lost,
    ) % {"count": len(states), "others": others, "lost": lost}
    only_they = all(it.reason == routing_rules.UNTOLD for it in states)
    short = (
        gettext("provider's answers lost")
        if only_they
        else gettext("nobody free, provider's answers lost")
    )
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
    """The sentence, and a few words for a list."""
    waits = [rules[turn.team_id].language_wait for turn in asked if not turn.any_language]
    ends = [_left(wait, waited) for wait in waits if wait is not None]
    words = {"language": lead.language, "others": others, "left": ends[0] if ends else ""}
    short = gettext("for %(language)s") % words
    if not ends:
        return gettext("Waiting for somebody who speaks %(language)s: %(others)s.") % words, short
    return (
        gettext("Waiting for somebody who speaks %(language)s (%(left)s more): %(others)s.")
        % words,
        short,
    )


def _who_steps_in(lead: Lead, current: RoutingConfig, waited: timedelta) -> str:
    """A sentence about the next team to step in; "" if there is none."""
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
    return gettext("%(team)s steps in after another %(left)s.") % words


def _left(wait: int | None, waited: timedelta) -> str:
    return _in_words(timedelta(seconds=wait or 0) - waited)


def _in_words(left: timedelta) -> str:
    return in_words(max(round(left.total_seconds()), 0))
