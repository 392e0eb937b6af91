"""The ledger: one entry for each Click2Call request, in order of arrival, never removed."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class LedgerLeg:
    """One phone of a call. Times are epoch seconds. `status` is RINGING, then TALKING, and finally
    the CDR's word: ANSWER, NOANSWER, BUSY, CANCEL, CHANUNAVAIL, VOICEMAIL ...

    `rang`: the phone was free and rang. `machine`: a voicemail picked up.
    """

    number: str
    started_at: float
    status: str = "RINGING"
    answered_at: float | None = None
    ended_at: float | None = None
    rang: bool = False
    machine: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As `GET /ledger` shows it."""
        return {
            "status": self.status,
            "started_at": self.started_at,
            "answered_at": self.answered_at,
            "ended_at": self.ended_at,
        }


@dataclass(slots=True)
class CdrNote:
    """One CDR: how often it was posted, and whether the product accepted it."""

    type: str
    posts: int = 0
    delivered: bool = False


@dataclass(slots=True)
class Entry:
    """One request. `error_code` is None if a fault struck before the request was examined. `fault`
    is also `forbidden` if the caller's address is not allowed.
    """

    at: float
    method: str
    encoding: str
    action: str
    parameters: dict[str, str]
    error_code: int | None = None
    error_message: str = ""
    call_id: str = ""
    fault: str | None = None
    cdr_fault: str | None = None
    leg1: LedgerLeg | None = None
    leg2: LedgerLeg | None = None
    cdrs: list[CdrNote] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The entry for `GET /ledger`: the parameters by name, and our own fields beside them.

        Our fields come last, so that a parameter named `at` or `error_code` cannot replace one.
        Leaves out the secret code.
        """
        shown: dict[str, Any] = {k: v for k, v in self.parameters.items() if k != "code"}
        shown.update(
            at=self.at,
            method=self.method,
            encoding=self.encoding,
            action=self.action,
            error_code=self.error_code,
            error_message=self.error_message,
            call_id=self.call_id,
            accepted=self.error_code == 0,
            fault=self.fault,
            cdr_fault=self.cdr_fault,
            leg1=self.leg1.as_dict() if self.leg1 else None,
            leg2=self.leg2.as_dict() if self.leg2 else None,
            cdrs=[
                {"type": note.type, "posts": note.posts, "delivered": note.delivered}
                for note in self.cdrs
            ],
        )
        return shown


class Ledger:
    """The list of entries. Only a control with `reset` starts a new one."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def append(self, entry: Entry) -> None:
        """Adds an entry."""
        self._entries.append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def since(self, count: int = 0) -> list[dict[str, Any]]:
        """All entries except the first `count`."""
        return [entry.as_dict() for entry in self._entries[count:]]
