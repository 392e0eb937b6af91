"""Request bodies: bytes from outside -> for the API field names and strings, or a clear refusal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

LIMIT = 64 * 1024  # bytes
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class BodyRefused(Exception):  # noqa: N818  # said of the body, to a person
    """A body that cannot be used: the HTTP status to answer with, and errors by field."""

    status: int
    errors: Mapping[str, list[str]]

    @classmethod
    def of(cls, status: int, message: str) -> "BodyRefused":
        """A refusal of the whole body."""
        return cls(status, {"body": [message]})


def fields(request: HttpRequest, names: tuple[str, ...]) -> dict[str, str]:
    """The fields `names` of a JSON or form body, as far as they are there; others are ignored.

    JSON null counts as not there. Raises BodyRefused.
    """
    if request.content_type == "application/json":
        return _strings(_json_object(read(request)), names)
    if request.content_type == _FORM:
        return _strings(_form_fields(read(request)), names)
    if request.content_type == _MULTIPART:
        return _strings(_multipart_fields(request, read(request)), names)
    raise BodyRefused.of(
        415, "Send application/json, application/x-www-form-urlencoded or multipart/form-data."
    )


def declared_length(request: HttpRequest) -> int:
    """The Content-Length in bytes; 0 without a usable one, as Django reads it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def read(request: HttpRequest, limit: int = LIMIT) -> bytes:
    """The whole body, chunked or not, of at most `limit` bytes. Raises BodyRefused.

    At most one byte more than the limit is read, whatever the Content-Length says.
    """
    declared = declared_length(request)
    if declared > limit:
        raise _too_large(limit)
    source: Any = request
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and request.META.get(
        "wsgi.input_terminated"
    ):
        # Django takes a body without a length for an empty one; the server knows where it ends.
        source = request.META["wsgi.input"]
    try:
        body: bytes = source.read(limit + 1)
    except (UnreadablePostError, OSError):
        raise BodyRefused.of(400, "The body could not be read to its end.") from None
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) < declared:
        raise BodyRefused.of(400, "The body is shorter than its Content-Length.")
    return body


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused.of(413, f"The body is larger than {limit // 1024} KiB.")


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        # ValueError is also what bad UTF-8 and an integer of thousands of digits give.
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BodyRefused.of(400, "The body is not valid JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise BodyRefused.of(400, 'The body is not a JSON object, like {"name": "Dana"}.')
    return value


def _form_fields(body: bytes) -> Mapping[str, Any]:
    try:
        body.decode()
        return QueryDict(body, encoding="utf-8").dict()
    except (UnicodeDecodeError, SuspiciousOperation):  # the latter: too many fields
        raise BodyRefused.of(400, "The body is not a form in UTF-8.") from None


def _multipart_fields(request: HttpRequest, body: bytes) -> Mapping[str, Any]:
    meta = {**request.META, "CONTENT_LENGTH": str(len(body))}
    try:
        # No upload handlers: files are skipped.
        posted, _files = MultiPartParser(meta, BytesIO(body), [], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation):
        raise BodyRefused.of(400, "The body is not a valid multipart form.") from None
    return posted.dict()


def _strings(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """A number sent for a phone has lost its leading zero already: only strings are taken."""
    known = {name: values[name] for name in names if values.get(name) is not None}
    wrong = {
        name: ["This must be a string, in quotation marks."]
        for name, value in known.items()
        if not isinstance(value, str)
    }
    if wrong:
        raise BodyRefused(400, wrong)
    return known
