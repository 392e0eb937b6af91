"""A kind of alert: how it is found, when it is sent, its words, and the page it links to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callbacks.alerts.facts import Finder
from callbacks.alerts.plan import Threshold
from callbacks.common.translation import Text
from callbacks.models import Alert


@dataclass(frozen=True)
class Kind:
    """One kind. `usual`: the proposed N.

    `counts`: N is the number of open alerts of this kind, instead of the minutes that one is open.
    `least`: N is compared with the alert's measured value (`number` of its facts), and is at least
    this; 0: the kind measures nothing. `told_afterwards`: the problem is known only once it is
    over.
    """

    name: str
    title: Text
    explanation: Text
    usual: int
    find: Finder
    now: Text
    was: Text
    headline: Any  # from ngettext_lazy, by "count"
    was_headline: Any
    page: Callable[[Alert], str]
    counts: bool = False
    told_afterwards: bool = False
    least: int = 0

    def threshold(self, number: int) -> Threshold:
        """What a receiver's N means."""
        if self.least:
            return Threshold(least=number, always=self.told_afterwards)
        if self.counts:
            return Threshold(open_together=max(number, 1), always=self.told_afterwards)
        return Threshold(minutes=number, always=self.told_afterwards)
