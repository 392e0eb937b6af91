"""The part of a request that has arrived: whether a thread can answer it, and whom it is for."""

import re
from urllib.parse import unquote_to_bytes

from gunicorn.util import split_request_uri  # type: ignore[import-untyped]

# Bytes of a head; its lines have their own limits (gunicorn.conf.py).
LONGEST_HEAD = 64 * 1024
# Bytes of a body that is collected. A longer body is refused unread (callbacks.config.bodies).
LONGEST_BODY = 2 * 1024 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9a-f]{1,15})(?:[ \t]*;[^\r\n]*)?\r\n", re.IGNORECASE)
_LONGEST_CHUNK_LINE = 4096  # bytes
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
# Pages of people who work here. Signing in is one of them, also for strangers who try.
_STAFF = (b"/admin/", b"/desk/", b"/sign-in/", b"/wallboard/")
# Those of them that read many leads, and may take a minute.
_LONG = (b"/admin/reports/", b"/admin/leads/lead/export/")


class Incoming:
    """The part of a request that the client has sent so far."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray()
        self._body_at = 0  # 0 until the whole head has arrived
        self._looked_to = 0  # in a chunked body: where the next chunk begins
        self._length = 0
        self._expects = False
        self._chunks_to_come = False
        self.add(data)

    def __len__(self) -> int:
        return len(self.data)

    def add(self, data: bytes) -> None:
        """Adds more bytes, and parses only the new ones."""
        self.data += data
        if not self._body_at:
            found = self.data.find(b"\r\n\r\n", max(self._looked_to - 3, 0))
            self._looked_to = len(self.data)
            if found < 0:
                return
            self._read_head(found + 4)
        while self._chunks_to_come and self._next_chunk():
            pass

    def _read_head(self, ends_at: int) -> None:
        self._body_at = self._looked_to = ends_at
        head = bytes(self.data[:ends_at])
        declared = _LENGTH.search(head)
        self._length = int(declared[1]) if declared else 0
        self._chunks_to_come = _CHUNKED.search(head) is not None
        self._expects = _EXPECTS.search(head) is not None

    def _next_chunk(self) -> bool:
        """Moves past one chunk. False if no more follow, or if the chunk has not all arrived."""
        at = self._looked_to
        line = _CHUNK.match(self.data, at)
        if line is None:  # incomplete, or not a chunk, which gunicorn will refuse
            ends_later = b"\r\n" not in self.data[at : at + _LONGEST_CHUNK_LINE]
            self._chunks_to_come = ends_later and len(self.data) - at < _LONGEST_CHUNK_LINE
            return False
        size = int(line[1], 16)
        if not size:  # the last chunk; its trailer ends with an empty line, as a head does
            self._chunks_to_come = self.data.find(b"\r\n\r\n", line.end() - 2) < 0
            return False
        if line.end() + size + 2 > len(self.data):
            return False
        self._looked_to = line.end() + size + 2
        return True

    @property
    def has_head(self) -> bool:
        """Whether the whole head has arrived."""
        return self._body_at > 0

    @property
    def is_for_staff(self) -> bool:
        """Whether it asks for a staff page."""
        return self._path().startswith(_STAFF)

    @property
    def is_long(self) -> bool:
        """Whether it asks for a staff page that may take a minute."""
        return self._path().startswith(_LONG)

    def _path(self) -> bytes:
        """The path as gunicorn reads it: after an empty line, and also from a whole address."""
        first_line = self.data[: self._body_at].lstrip().split(b"\r\n", 1)[0]
        try:
            _method, target, _version = first_line.decode("latin-1").split(" ")
            return unquote_to_bytes(split_request_uri(target).path)
        except ValueError:  # gunicorn refuses it
            return b""

    @property
    def is_too_large(self) -> bool:
        """Whether the head is longer than allowed."""
        return not self.has_head and len(self) > LONGEST_HEAD

    @property
    def is_complete(self) -> bool:
        """Whether a thread can answer the request without waiting for the client.

        A body longer than LONGEST_BODY need not arrive whole: it is refused unread.
        """
        if not self.has_head:
            return False
        here = len(self) - self._body_at
        if self._chunks_to_come and here <= LONGEST_BODY:
            return False
        return here >= self._length or self._length > LONGEST_BODY

    @property
    def waits_to_go_on(self) -> bool:
        """Whether the client waits for "100 Continue" before it sends the body."""
        return self._expects and len(self) == self._body_at
