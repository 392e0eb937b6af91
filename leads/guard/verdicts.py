"""The findings of the checks about a submission, and the verdict from all of them."""

import math
from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum


class Verdict(IntEnum):
    """A greater value is stricter; the strictest verdict of all checks wins."""

    ACCEPT = 0  # it is called
    HOLD = 1  # it is stored, and nobody is called until a manager releases it
    REFUSE = 2  # it is not stored


@dataclass(frozen=True)
class Finding:
    """What one check, `asked`, found against a submission.

    `reason`: a sentence for a manager. `retry_after`: when a refused submission may be sent again;
    None: never. `is_unanswered`: the check could not find out, so it says nothing about the
    submission. `is_mild`: a solved challenge answers it (leads.guard.challenge).
    """

    asked: str
    verdict: Verdict
    reason: str
    retry_after: timedelta | None = None
    is_unanswered: bool = False
    is_mild: bool = False


@dataclass(frozen=True)
class Judgement:
    """The findings of all checks about a submission; none if all accept it."""

    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The strictest verdict."""
        return max((it.verdict for it in self.findings), default=Verdict.ACCEPT)

    @property
    def is_held(self) -> bool:
        """Whether the submission is not called, if it is stored."""
        return self.verdict is not Verdict.ACCEPT

    def without(self, asked: Container[str]) -> "Judgement":
        """The judgement without the findings of these checks."""
        return Judgement(tuple(it for it in self.findings if it.asked not in asked))

    @property
    def reason(self) -> str:
        """The reason, for a manager; "" if there are no findings."""
        return " ".join(it.reason for it in self.findings if it.verdict is self.verdict)

    @property
    def retry_after(self) -> timedelta:
        """When a refused submission may be sent again."""
        return max((it.retry_after for it in self.findings if it.retry_after), default=timedelta())


class Refused(Exception):  # noqa: N818  # no fault of ours
    """A submission is not stored. `is_for_good`: sending it again later will not help either."""

    def __init__(self, judged: Judgement) -> None:
        super().__init__(judged.reason)
        self.retry_after = judged.retry_after
        self.is_for_good = any(
            it.verdict is Verdict.REFUSE and it.retry_after is None for it in judged.findings
        )

    @property
    def seconds(self) -> int:
        """Whole seconds until it may be sent again; at least 1."""
        return max(1, math.ceil(self.retry_after.total_seconds()))


class CannotAnswer(Exception):  # noqa: N818  # no fault of ours
    """A check cannot find out: the submission is held. `reason`: why, as a sentence for a
    manager.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
