"""The response that sends a file, so that a part of it never looks complete.

- CSV is sent while it is made, in chunks (HTTP/1.1). If it breaks off, the last chunk never comes,
  and the browser reports that the download failed.
- XLSX, and CSV for an HTTP/1.0 proxy, which knows no chunks, are made in a temporary file first and
  sent with their length.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from callbacks.exports import csv_file
from callbacks.exports.records import Recorded, begin, file_format
from callbacks.exports.tables import Rows
from callbacks.exports.workbook import Workbook
from callbacks.models.exports import ExportFormat, ExportWhat

_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BLOCK = 256 * 1024


def answer(
    request: HttpRequest,
    what: ExportWhat,
    name: str,
    table: Rows,
    fill: Callable[[Workbook, Recorded], None],
) -> HttpResponse | StreamingHttpResponse:
    """The file `name`, without its extension; `fill` writes the sheets of a workbook.

    Records who asked for it. The caller has checked the right to export.
    """
    kind = file_format(request)
    recorded = begin(request, what, table.count)
    length = None
    pieces: Iterator[tuple[bytes, int]]
    if kind is ExportFormat.CSV and request.META.get("SERVER_PROTOCOL") != "HTTP/1.0":
        pieces = csv_file.chunks(table)
    else:
        target = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has been sent
        try:
            if kind is ExportFormat.CSV:
                for data, written in csv_file.chunks(table):
                    target.write(data)
                    recorded.tell(written)
            else:
                with Workbook(target) as book:
                    fill(book, recorded)
            length = target.seek(0, 2)
        except BaseException:
            target.close()
            recorded.break_off()
            raise
        pieces = _blocks(target, table.count)
    response = StreamingHttpResponse(_Sent(pieces, recorded), content_type=_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    if length is not None:
        response["Content-Length"] = str(length)
    return response


class _Sent:
    """The bytes, and a record of how far they went.

    Not a generator: an abandoned generator would write to the database from garbage collection,
    wherever that happens to run.
    """

    def __init__(self, pieces: Iterator[tuple[bytes, int]], recorded: Recorded) -> None:
        self._pieces = pieces
        self._recorded = recorded
        self._written = 0
        self._is_over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece; asking for it means that the one before was sent."""
        if self._written:
            self._recorded.tell(self._written)
        try:
            data, self._written = next(self._pieces)
        except StopIteration:
            self._is_over = True
            self._recorded.complete()
            raise
        except BaseException:
            self.close()
            raise
        return data

    def close(self) -> None:
        """Ends the response: too early if the connection is gone or a piece could not be made."""
        if self._is_over:
            return
        self._is_over = True
        if isinstance(self._pieces, Generator):
            self._pieces.close()
        self._recorded.break_off()


def _blocks(target: IO[bytes], rows: int) -> Iterator[tuple[bytes, int]]:
    with target:
        target.seek(0)
        while block := target.read(_BLOCK):
            yield block, rows
