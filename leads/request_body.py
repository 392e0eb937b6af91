"""Reads the body of an API request into strings by field name, or refuses it with a sentence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext

LIMIT = 64 * 1024  # bytes
MOST_FIELDS = 100  # of a form that anybody may send
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


class TooManyFields(TooManyFieldsSent):
    """A stranger's form has more than MOST_FIELDS fields: the answer is 400."""


@dataclass(frozen=True)
class BodyRefused(Exception):  # noqa: N818  # said of the body, to a person
    """A body that cannot be used: the HTTP status to answer with, and sentences by field."""

    status: int
    errors: Mapping[str, list[str]]

    @classmethod
    def of(cls, status: int, message: str) -> "BodyRefused":
        """Refuses the whole body with one sentence."""
        return cls(status, {"body": [message]})


def fields(request: HttpRequest, names: tuple[str, ...]) -> dict[str, str]:
    """Those of the fields `names` that a JSON or form body holds; other fields are ignored.

    A field that is null in JSON counts as missing. Raises BodyRefused.
    """
    if request.content_type == "application/json":
        return _strings(_json_object(read(request)), names)
    if request.content_type == _FORM:
        return _strings(_form_fields(read(request)), names)
    if request.content_type == _MULTIPART:
        return _strings(_multipart_fields(request, read(request)), names)
    raise BodyRefused.of(
        415,
        gettext("Send application/json, application/x-www-form-urlencoded or multipart/form-data."),
    )


def has_too_many_fields(form: QueryDict) -> bool:
    """Whether a form has more fields than a stranger may send; one sent twice counts twice."""
    return sum(len(values) for _name, values in form.lists()) > MOST_FIELDS


def declared_length(request: HttpRequest) -> int:
    """The Content-Length in bytes; 0 where it is missing or not a number, as in Django."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def read(request: HttpRequest, limit: int = LIMIT) -> bytes:
    """The whole body, chunked or not, up to `limit` bytes. Raises BodyRefused.

    Reads at most one byte more than the limit, whatever the Content-Length says.
    """
    declared = declared_length(request)
    if declared > limit:
        raise _too_large(limit)
    source: Any = request
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and request.META.get(
        "wsgi.input_terminated"
    ):
        # Django treats a body without a length as empty; the server knows where it ends.
        source = request.META["wsgi.input"]
    try:
        body: bytes = source.read(limit + 1)
    except (UnreadablePostError, OSError):
        raise BodyRefused.of(400, gettext("The body could not be read to its end.")) from None
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) < declared:
        raise BodyRefused.of(400, gettext("The body is shorter than its Content-Length."))
    return body


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused.of(
        413, gettext("The body is larger than %(size)d KiB.") % {"size": limit // 1024}
    )


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        # Bad UTF-8 and integers of thousands of digits raise ValueError too.
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BodyRefused.of(400, gettext("The body is not valid JSON in UTF-8.")) from None
    if not isinstance(value, dict):
        raise BodyRefused.of(400, gettext('The body is not a JSON object, like {"name": "Dana"}.'))
    return value


def _form_fields(body: bytes) -> Mapping[str, Any]:
    try:
        body.decode()
        form = QueryDict(body, encoding="utf-8")
        if has_too_many_fields(form):
            raise TooManyFields
        return form.dict()
    except (UnicodeDecodeError, SuspiciousOperation):  # the latter: too many fields
        raise BodyRefused.of(400, gettext("The body is not a form in UTF-8.")) from None


def _multipart_fields(request: HttpRequest, body: bytes) -> Mapping[str, Any]:
    meta = {**request.META, "CONTENT_LENGTH": str(len(body))}
    try:
        # No upload handlers: files are skipped.
        posted, _files = MultiPartParser(meta, BytesIO(body), [], "utf-8").parse()
        if has_too_many_fields(posted):
            raise TooManyFields
    except (MultiPartParserError, SuspiciousOperation):
        raise BodyRefused.of(400, gettext("The body is not a valid multipart form.")) from None
    return posted.dict()


def _strings(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Accepts strings only: a phone sent as a JSON number has lost its leading zero already."""
    known = {name: values[name] for name in names if values.get(name) is not None}
    wrong = {
        name: [gettext("This must be a string, in quotation marks.")]
        for name, value in known.items()
        if not isinstance(value, str)
    }
    if wrong:
        raise BodyRefused(400, wrong)
    return known
