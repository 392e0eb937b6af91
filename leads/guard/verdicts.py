"""What a check says of a submission, and what all of them together come to."""

import math
from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum


class Verdict(IntEnum):
    """The stricter, the greater: the strictest of all checks' wins."""

    ACCEPT = 0  # it is called
    HOLD = 1  # it is stored, and nobody is called until a manager releases it
    REFUSE = 2  # it is not stored


@dataclass(frozen=True)
class Finding:
    """What one check, by its name, has against a submission.

    `reason`: a sentence for a manager. `retry_after`: when a refused one may be tried again; None:
    never. `is_unanswered`: it had nobody to ask, and says nothing of the submission. `is_mild`: a
    solved challenge answers it (leads.guard.challenge).
    """

    asked: str
    verdict: Verdict
    reason: str
    retry_after: timedelta | None = None
    is_unanswered: bool = False
    is_mild: bool = False


@dataclass(frozen=True)
class Judgement:
    """What all checks have against a submission: nothing, if all accept it."""

    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The strictest."""
        return max((it.verdict for it in self.findings), default=Verdict.ACCEPT)

    @property
    def is_held(self) -> bool:
        """Whether it is not to be called, where it is stored."""
        return self.verdict is not Verdict.ACCEPT

    def without(self, asked: Container[str]) -> "Judgement":
        """Without what these checks found."""
        return Judgement(tuple(it for it in self.findings if it.asked not in asked))

    @property
    def reason(self) -> str:
        """Why, for a manager; "" where nothing is against it."""
        return " ".join(it.reason for it in self.findings if it.verdict is self.verdict)

    @property
    def retry_after(self) -> timedelta:
        """When a refused submission may be tried again."""
        return max((it.retry_after for it in self.findings if it.retry_after), default=timedelta())


class Refused(Exception):  # noqa: N818  # no fault of ours
    """A submission is not stored. `is_for_good`: nor is it when it is sent again later."""

    def __init__(self, judged: Judgement) -> None:
        super().__init__(judged.reason)
        self.retry_after = judged.retry_after
        self.is_for_good = any(
            it.verdict is Verdict.REFUSE and it.retry_after is None for it in judged.findings
        )

    @property
    def seconds(self) -> int:
        """Whole seconds until it may be tried again; 1 or more."""
        return max(1, math.ceil(self.retry_after.total_seconds()))


class CannotAnswer(Exception):  # noqa: N818  # no fault of ours
    """A check has nobody to ask: the submission is held. `reason`: why, a manager's sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
