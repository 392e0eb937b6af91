"""What would follow each outcome of a call, and when: the policy's rules, bounded by hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import in_words, listed, when
from callbacks.common.translation import Text
from callbacks.policy.number_bounds import RungCall, limited_until, narrowed
from callbacks.policy.rules import (
    MAX_ATTEMPTS,
    ExtensionStep,
    LeadStep,
    Outcome,
    Policy,
    Step,
    next_step,
    rang_the_lead,
)
from callbacks.routing import number_limits
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import call_times
from callbacks.scheduling.next_call import NextCall, next_call

# At most so many times of further calls are named.
_TOLD = 6

OUTCOMES = (
    (Outcome.LEAD_NO_ANSWER, _("The lead does not answer")),
    (Outcome.LEAD_BUSY, _("The lead's line is busy")),
    (Outcome.SHORT_TALK, _("The lead answers, but the call ends at once")),
    (Outcome.BAD_NUMBER, _("The lead's number cannot be reached")),
    (Outcome.LEAD_NOT_RUNG, _("The salesperson picks up, but the lead's phone does not ring")),
    (Outcome.AGENT_NO_ANSWER, _("The salesperson does not pick up")),
    (Outcome.AGENT_UNREACHED, _("The salesperson's phone is busy, or the network fails")),
    (Outcome.OFFLINE, _("The extension is offline (error 3)")),
    (Outcome.BLOCKED, _("The extension is blocked (error 4)")),
    (Outcome.INVALID, _("Invalid parameters (error 1)")),
    (Outcome.PROVIDER_ERROR, _("The provider has an error, or the request could not be sent")),
    (Outcome.NO_RECORD, _("Accepted, but no record of the call arrives")),
    (
        Outcome.NEVER_KNOWN,
        _("Neither the provider's answer nor the records tell whether they talked"),
    ),
    (Outcome.BRIDGED, _("They talk")),
)
# How a lead is closed: by the first call, after the next extensions, or after later tries.
_CLOSED = {
    LeadStep.CONNECTED: _("connected"),
    LeadStep.CALLED: _("called"),
    LeadStep.UNREACHED: _("unreached"),
    LeadStep.FAILED: _("failed: needs a person"),
    LeadStep.CANCELLED: _("cancelled"),
}
_AT_ONCE_THEN = {
    LeadStep.CONNECTED: _("the next extension at once; then connected"),
    LeadStep.CALLED: _("the next extension at once; then called"),
    LeadStep.UNREACHED: _("the next extension at once; then unreached"),
    LeadStep.FAILED: _("the next extension at once; then failed: needs a person"),
}
_AGAIN_THEN = {
    LeadStep.CONNECTED: _("again at %(times)s; then connected"),
    LeadStep.CALLED: _("again at %(times)s; then called"),
    LeadStep.UNREACHED: _("again at %(times)s; then unreached"),
    LeadStep.FAILED: _("again at %(times)s; then failed: needs a person"),
}


# What follows from a call, and the lead's next call; None: the lead is closed.
_Try = tuple[Step, NextCall | None]


@dataclass(frozen=True)
class Consequence:
    """An outcome, what happens to the lead, when it is called again, and the extension's state."""

    outcome: Text
    lead: str
    again: tuple[datetime, ...]
    extension: str


def consequences(
    config: RoutingConfig, source_id: int, phone: str, at: datetime, policy: Policy, zone: tzinfo
) -> tuple[Consequence, ...]:
    """A row for each outcome, as if the call at `at` and all later calls ended at once."""

    def row(outcome: Outcome, words: Text) -> Consequence:
        tries = list(_tries(config, source_id, phone, at, policy, outcome))
        again = tuple(it.call_after for _step, it in tries if it and it.call_after and not it.never)
        return Consequence(words, _lead(tries, again, at, zone), again, _extension(tries[0][0]))

    return tuple(row(outcome, words) for outcome, words in OUTCOMES)


def _tries(
    config: RoutingConfig,
    source_id: int,
    phone: str,
    at: datetime,
    policy: Policy,
    outcome: Outcome,
) -> Iterator[_Try]:
    """What each call with the same outcome leads to, until one closes the lead."""
    times = call_times.reading(config, source_id, phone)
    rung = number_limits.last_calls(phone) if phone else []
    bounds = narrowed(policy, config.calls_a_day(source_id))
    for n in range(MAX_ATTEMPTS):
        step = next_step(outcome, n, n + 1, policy)
        if step.lead is not LeadStep.CALL_AGAIN:
            yield step, None
            return
        if rang_the_lead(outcome):
            rung.append(RungCall(at, at))
        limits = limited_until(rung, bounds)
        found = next_call(times, at, step=step, limited_until=limits)
        yield step, found
        if found.never:
            return
        at = found.call_after or at


def _lead(tries: list[_Try], again: tuple[datetime, ...], at: datetime, zone: tzinfo) -> str:
    last, found = tries[-1]
    if len(tries) == 1 and found is None:
        return str(_CLOSED[last.lead])
    at_once = not tries[0][0].after
    if found is None:
        ends = _AT_ONCE_THEN if at_once and not again else _AGAIN_THEN
        return ends[last.lead] % {"times": _times(again, at, zone)}
    if found.never:
        if not again:
            return (
                gettext("the next extension at once; then waits until a team opens")
                if at_once
                else gettext("waits until a team opens")
            )
        return gettext("again at %(times)s; then waits until a team opens") % {
            "times": _times(again, at, zone)
        }
    if not again:
        return gettext("the next extension at once") if at_once else ""
    return gettext("again at %(times)s") % {"times": _times(again, at, zone)}


def _times(again: tuple[datetime, ...], at: datetime, zone: tzinfo) -> str:
    times = listed(when(it, at, zone) for it in again[:_TOLD])
    more = len(again) - _TOLD
    if more <= 0:
        return times
    return ngettext(
        "%(times)s and %(count)d more time", "%(times)s and %(count)d more times", more
    ) % {"times": times, "count": more}


def _extension(step: Step) -> str:
    match step.extension:
        case ExtensionStep.OUT:
            return gettext("out for %(duration)s") % {
                "duration": in_words(step.out_for.total_seconds())
            }
        case ExtensionStep.MISSED:
            wait = in_words(step.out_for.total_seconds())
            return gettext("out for %(duration)s; paused if this happens too often in a row") % {
                "duration": wait
            }
        case ExtensionStep.BLOCKED:
            return gettext("gets no calls until a manager clears the block")
        case ExtensionStep.PAUSED:
            return gettext("paused for %(duration)s") % {
                "duration": in_words(step.out_for.total_seconds())
            }
        case _:
            return gettext("free")
