"""Faults on request: which fault strikes which request. The same for the same seed.

Each request fault strikes one request, to Click2Call or to the service that `on` names. CDR faults
strike the records of one accepted call. With `application_error`, `forbidden` and faults whose name
ends in `_before`, the request has no effect. With all others it takes effect before the fault
strikes, unless the fault says `accepted: false`.
"""

import random
from dataclasses import dataclass

# Names of the vendor's services, in faults and in `GET /requests`.
SERVICES = frozenset({"click2call", "calllog", "activecalls", "extensions", "login", "blacklist"})
NEVER_ACCEPTED = frozenset({"reset_before", "error_500_before", "application_error", "forbidden"})
ALWAYS_ACCEPTED = frozenset({"reset_after", "error_500_after", "lost_answer"})
EITHER = frozenset({"delay", "stall", "truncated", "html", "empty", "wrong_content_type"})
REQUEST_KINDS = NEVER_ACCEPTED | ALWAYS_ACCEPTED | EITHER
CDR_KINDS = frozenset({"cdr_duplicate", "cdr_lost", "cdr_before_answer", "cdr_reordered"})
LEG_KINDS = frozenset({"cdr_duplicate", "cdr_lost"})
KINDS = REQUEST_KINDS | CDR_KINDS

# With these the caller still gets our answer (late, cut or mislabelled): ERRORCODE 2 if no call was
# placed.
SHOWS_AN_ANSWER = frozenset({"application_error", "delay", "truncated", "wrong_content_type"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the script: for the next `count` requests, or for a share (`rate`) of all.

    `on`: the service that it strikes. `seconds` belongs to `delay`; `leg` (1 or 2, None for both)
    to cdr_lost and cdr_duplicate.
    """

    kind: str
    count: int | None = 1
    rate: float | None = None
    seconds: float = 30.0
    accepted: bool = True
    leg: int | None = None
    on: str = "click2call"

    def as_dict(self) -> dict[str, object]:
        """As `GET /control` shows it."""
        return {
            "kind": self.kind,
            "on": self.on,
            "count": self.count,
            "rate": self.rate,
            "seconds": self.seconds,
            "accepted": self.accepted,
            "leg": self.leg,
        }


class FaultPlan:
    """The faults and how often each will still strike. The first that applies wins."""

    def __init__(self, faults: tuple[Fault, ...] = (), seed: int = 1) -> None:
        self._faults = faults
        self._left = [fault.count for fault in faults]
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Restarts the draws for rates."""
        # Each kind of draw has its own stream, so that a refused request does not change the draws
        # for calls.
        streams = {name: name for name in SERVICES} | {"click2call": "request", "cdr": "cdr"}
        self._draws = {
            name: random.Random(f"{seed}/{stream}")  # noqa: S311 (not for secrets)
            for name, stream in streams.items()
        }

    def replace(self, faults: tuple[Fault, ...]) -> None:
        """Replaces the faults; the draws go on."""
        self._faults = faults
        self._left = [fault.count for fault in faults]

    def for_request(self, service: str = "click2call") -> Fault | None:
        """The fault that strikes the request just read."""
        return self._take(REQUEST_KINDS, service)

    def for_call(self) -> Fault | None:
        """The fault that strikes the records of the call just accepted."""
        return self._take(CDR_KINDS, "cdr")

    def left(self) -> list[dict[str, object]]:
        """The faults with their remaining counts."""
        return [
            fault.as_dict() | {"count": left}
            for fault, left in zip(self._faults, self._left, strict=True)
        ]

    def _take(self, kinds: frozenset[str], stream: str) -> Fault | None:
        for index, fault in enumerate(self._faults):
            if fault.kind not in kinds or (stream != "cdr" and fault.on != stream):
                continue
            left = self._left[index]
            if fault.rate is not None:
                if self._draws[stream].random() < fault.rate:
                    return fault
            elif left:
                self._left[index] = left - 1
                return fault
        return None
