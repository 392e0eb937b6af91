"""The facts that sentences about a waiting lead are made from, and the sentences."""

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext

from callbacks.routing.config import RoutingConfig
from callbacks.routing.rules import ExtensionState, Owner, TeamOffer
from callbacks.spending.limits import Standing
from leads.models import Lead


@dataclass(frozen=True)
class WaitingReason:
    """Why a lead waits, as a sentence, and in a few words for a list.

    `for_ever`: nothing changes this by itself; somebody has to change the configuration.
    """

    text: str
    short: str
    for_ever: bool = False


@dataclass(frozen=True)
class Known:
    """What the database says about extensions, and about one lead if it was asked for one."""

    states: Sequence[ExtensionState]
    # Those that are on a call for the claim, although nobody knows whether they are.
    untold: Collection[int] = ()
    owner: Owner | None = None
    refused: frozenset[int] = field(default_factory=frozenset)
    limited_until: datetime | None = None
    # The states of live calls to its number.
    calls: frozenset[str] = field(default_factory=frozenset)
    unspoken: Set[tuple[int, str]] = frozenset()  # sources and languages that nobody is rung for
    is_account_refused: bool = False  # by the provider: nothing is dialled
    spending: Sequence[Standing] = ()  # if a lead may be waiting for the end of a limit's span


def asked_now(lead: Lead, current: RoutingConfig, now: datetime) -> list[TeamOffer]:
    """The teams that are asked for the lead at `now`, in order."""
    return current.asked(lead.source_id, has_waited(lead, now), now, is_owned=lead.has_owner)


def has_waited(lead: Lead, now: datetime) -> timedelta:
    """How long the lead has been due; zero if it is not."""
    return max(now - lead.call_after, timedelta(0))


def number_rests(until: str) -> WaitingReason:
    """`until`: a time in words."""
    return WaitingReason(
        gettext("The number rests until %(time)s because it was called recently.")
        % {"time": until},
        gettext("rests until %(time)s") % {"time": until},
    )
