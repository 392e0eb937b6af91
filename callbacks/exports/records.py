"""Who exports what, and how far each export is."""

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
    """Whether the user may export reports: they may see them, and have `export_leads`."""
    return bool(scope.sees_figures(user) and user.has_perm(RIGHT))


def may_export_leads(user: User | AnonymousUser) -> bool:
    """Whether the user may export leads: they may see them, and have `export_leads`."""
    return bool(scope.sees_leads(user) and user.has_perm(RIGHT))


def file_format(request: HttpRequest) -> ExportFormat:
    """The format that the button asks for; anything unknown is CSV."""
    return ExportFormat.XLSX if request.POST.get("format") == "xlsx" else ExportFormat.CSV


def begin(request: HttpRequest, what: ExportWhat, rows: int) -> "Recorded":
    """Starts an export that a button asks for; it is stored before the first byte is sent."""
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
    """One export in progress."""

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
        """Stores that the export has started."""
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
        """Stores how many rows are in the file."""
        self._store(rows_written=written, told_at=timezone.now())

    def complete(self) -> None:
        """Stores that the whole file was handed to the connection."""
        self._store(state=ExportState.COMPLETE, told_at=timezone.now())

    def break_off(self) -> None:
        """Stores that the file will not be complete."""
        self._store(state=ExportState.BROKEN_OFF, told_at=timezone.now())

    def _store(self, **values: Any) -> None:
        ExportRecord.objects.filter(pk=self.record.pk).update(**values)


def progress(user_id: int, ticket: str, now: datetime) -> dict[str, Any] | None:
    """How far an export of this user is; None if there is none with this ticket."""
    record = ExportRecord.objects.filter(user=user_id, ticket=ticket).first() if ticket else None
    if record is None:
        return None
    return {
        "rows": record.rows,
        "written": record.rows_written,
        "state": str(record.state_at(now)),
    }
