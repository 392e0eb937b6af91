"""Who exports what, and how far it has come."""

import re
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils import timezone

from callbacks.access import scope
from callbacks.models import ExportRecord
from callbacks.models.exports import ExportFormat, ExportState, ExportWhat

RIGHT = "callbacks.export_leads"
_TICKET = re.compile(r"[0-9a-f]{32}")


def may_export(user: User | AnonymousUser) -> bool:
    """Who may take out reports: those who may see them, and hold `export_leads`."""
    return bool(scope.sees_figures(user) and user.has_perm(RIGHT))


def may_export_leads(user: User | AnonymousUser) -> bool:
    """Who may take out leads: those who may see them, and hold `export_leads`."""
    return bool(scope.sees_leads(user) and user.has_perm(RIGHT))


def file_format(request: HttpRequest) -> ExportFormat:
    """The kind of file that the button asks for; anything else is CSV."""
    return ExportFormat.XLSX if request.POST.get("format") == "xlsx" else ExportFormat.CSV


def begin(request: HttpRequest, what: ExportWhat, rows: int) -> "Recorded":
    """An export that a button asks for: who, what and when is stored before the first byte."""
    ticket = request.POST.get("ticket") or ""
    return Recorded.of(
        request.user,
        what,
        file_format(request),
        request.GET.urlencode(),
        rows,
        ticket=ticket if _TICKET.fullmatch(ticket) else "",
    )


class Recorded:
    """One export as it goes on."""

    def __init__(self, record: ExportRecord) -> None:
        self.record = record

    @classmethod
    def of(
        cls,
        user: Any,
        what: ExportWhat,
        kind: ExportFormat,
        asked: str,
        rows: int,
        ticket: str = "",
    ) -> "Recorded":
        """Stores that it has begun."""
        return cls(
            ExportRecord.objects.create(
                user=user,
                username=user.get_username(),
                what=what,
                file_format=kind,
                asked=asked,
                ticket=ticket,
                rows=rows,
            )
        )

    def tell(self, written: int) -> None:
        """So many rows are in the file."""
        self._store(rows_written=written, told_at=timezone.now())

    def complete(self) -> None:
        """All of it has been handed to the connection."""
        self._store(state=ExportState.COMPLETE, told_at=timezone.now())

    def break_off(self) -> None:
        """It will not be whole any more."""
        self._store(state=ExportState.BROKEN_OFF, told_at=timezone.now())

    def _store(self, **values: Any) -> None:
        ExportRecord.objects.filter(pk=self.record.pk).update(**values)


def progress(user_id: int, ticket: str, now: datetime) -> dict[str, Any] | None:
    """How far an export of this person has come; None: there is none with this ticket."""
    record = ExportRecord.objects.filter(user=user_id, ticket=ticket).first() if ticket else None
    if record is None:
        return None
    return {
        "rows": record.rows,
        "written": record.rows_written,
        "state": str(record.state_at(now)),
    }
