"""Whether a number may be called right now, and why not, by the rules that calls follow."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial

from django.utils.translation import gettext

from callbacks.common.formatting import when
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.routing import config, number_limits
from callbacks.scheduling import calling_hours
from callbacks.spending import limits
from leads import number_guard, one_line
from leads.models import LeadSource
from leads.phones import PhoneRefused


@dataclass(frozen=True)
class NumberNow:
    """The reasons not to call a number, as sentences; empty if it may be called."""

    refusals: tuple[str, ...]

    @property
    def may_be_called(self) -> bool:
        """Whether there is no reason against it."""
        return not self.refusals


def of(phone: str, source: LeadSource, now: datetime, zone: tzinfo) -> NumberNow:
    """For a number (E.164) of a lead of `source`. Times are in `zone`. Eight queries."""
    found = (
        _by_the_number(phone, source),
        _by_its_calls(phone, source, now, zone),
        _by_the_hours(phone, source, now, zone),
        _by_the_limits(phone, source, now, zone),
    )
    return NumberNow(tuple(sentence for sentence in found if sentence))


def _by_the_number(phone: str, source: LeadSource) -> str:
    try:
        number_guard.check_before_dial(phone, source)
    except PhoneRefused as refusal:
        return refusal.message
    return ""


def _by_its_calls(phone: str, source: LeadSource, now: datetime, zone: tzinfo) -> str:
    """A sentence if the number is on a call, has had its calls of the day, or just had one, else
    "". Checks all spellings of the number, because an earlier release may have stored another one.
    """
    spellings = one_line.spellings(phone)
    if CallAttempt.objects.filter(phone__in=spellings, state__in=LIVE_STATES).exists():
        return gettext("The number is on a call with us now.")
    limited_until = partial(number_limits.number_limited_until, source_id=source.pk, now=now)
    of_the_day = [limited_until(it, since=now) for it in spellings]
    if until := max(filter(None, of_the_day), default=None):
        sentence = gettext(
            "The number has been called as often as allowed in 24 hours. It "
            "may be called again: %(when)s."
        )
        return sentence % {"when": when(until, now, zone)}
    of_the_gap = [limited_until(it) for it in spellings]
    if until := max(filter(None, of_the_gap), default=None):
        sentence = gettext(
            "The last call to this number has just ended. It is called again "
            "automatically: %(when)s at the earliest. “Call now” calls it "
            "sooner."
        )
        return sentence % {"when": when(until, now, zone)}
    return ""


def _by_the_hours(phone: str, source: LeadSource, now: datetime, zone: tzinfo) -> str:
    current = config.current()
    named = {"source": source.name}
    if not current.teams_for(source.pk):
        return gettext("No team answers the source %(source)s.") % named
    opening = calling_hours.next_time(current, source.pk, phone, now)
    if opening is None:
        return gettext("The number's calling hours and the teams' hours never overlap.")
    if opening > now:
        sentence = gettext(
            "Leads from %(source)s are not called at this hour. They are called again: %(when)s."
        )
        return sentence % (named | {"when": when(opening, now, zone)})
    return ""


def _by_the_limits(phone: str, source: LeadSource, now: datetime, zone: tzinfo) -> str:
    standing = limits.used_up_for(source.pk, phone, now)
    return standing.sentence(now, zone) if standing else ""
