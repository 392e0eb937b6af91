"""Kind: how an alert is found, when it is told, in which words, and where it leads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callbacks.alerts.facts import Finder
from callbacks.alerts.plan import Threshold
from callbacks.common.translation import Text
from callbacks.models import Alert


@dataclass(frozen=True)
class Kind:
    """One kind. `usual`: the N that is proposed.

    `counts`: N is how many of them are open together, and not for how many minutes one is.
    `least`: N is compared with what the alert measures (`number` of its facts), and is as much as
    this or more; 0: it measures nothing.
    `told_afterwards`: it is known only once it is over.
    """

    name: str
    title: Text
    explanation: Text
    usual: int
    find: Finder
    now: Text
    was: Text
    headline: Any  # of ngettext_lazy, by "count"
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
