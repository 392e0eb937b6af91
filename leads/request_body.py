"""Reads a request's body into strings by field name, or refuses it with a sentence."""

import codecs
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext

from leads import visits

LIMIT = 64 * 1024  # bytes
MOST_FIELDS = 100  # in a form that anybody may send
# Hints: a value of another type counts as missing, and refuses nobody.
_HINTS = frozenset({"language", "earlier", *visits.FIELDS})
# Fields that may be numbers, because no leading zero can be lost.
_NUMBERS = frozenset({"consent"})
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
# The encodings, among those Python knows, that a form or a program may use.
_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|latin-?1|iso-?8859-\d\d?|(?:windows|cp)-?12\d\d|koi8-[ru]"
)


_CHARSET_FIELD = re.compile(rb"(?:^|&)_charset_=([\w.:-]*)(?=&|$)", re.ASCII)


class TooManyFields(TooManyFieldsSent):
    """A stranger's form has more than MOST_FIELDS fields: the answer is 400."""


@dataclass(eq=False)
class BodyRefused(Exception):  # noqa: N818  # said of the body, to a person
    """A body that cannot be used: the HTTP status of the answer, and sentences by field."""

    status: int
    errors: Mapping[str, list[str]]

    @classmethod
    def of(cls, status: int, message: str) -> "BodyRefused":
        """Refuses the whole body with one sentence."""
        return cls(status, {"body": [message]})

    @property
    def sentence(self) -> str:
        """All the sentences, for a page."""
        return " ".join(message for messages in self.errors.values() for message in messages)


def fields(
    request: HttpRequest,
    names: tuple[str, ...],
    look_at: Callable[[Mapping[str, Any]], None] = lambda _sent: None,
    prefix: str = "",
) -> dict[str, str]:
    """The fields in `names` from a JSON or form body, and those that begin with `prefix`, for which
    true and false become texts; ignores other fields.

    A JSON null counts as missing, and so does a hint that is not a text. Raises BodyRefused, and
    whatever `look_at` raises, which gets everything that was sent.
    """
    try:
        values = _fields(request)
        look_at(values)
        own = [name for name in values if prefix and name.startswith(prefix)]
        if len(own) > MOST_FIELDS:
            raise TooManyFields
        said = {name: values[name] for name in own}
        as_text = {name: str(value) for name, value in said.items() if isinstance(value, bool)}
        return _strings({**values, **as_text}, (*names, *own))
    except TooManyFieldsSent:
        sentence = gettext("The body has more than %(most)d fields.") % {"most": MOST_FIELDS}
        raise BodyRefused.of(400, sentence) from None


def _fields(request: HttpRequest) -> Mapping[str, Any]:
    match request.content_type:
        case "application/json":
            return _json_object(_text(request, read(request)))
        case "application/x-www-form-urlencoded":
            return _form_fields(request, read(request))
        case "multipart/form-data":
            return _multipart_fields(request, read(request))
    raise BodyRefused.of(
        415,
        gettext("Send application/json, application/x-www-form-urlencoded or multipart/form-data."),
    )


def page_form(request: HttpRequest, limit: int) -> dict[str, str]:
    """The fields of a form that a page sent, of at most `limit` bytes. Leaves files out.

    Replaces characters outside the page's encoding, so that no visitor is refused for them. A body
    can be read only once, so its fields are stored on the request for later calls. Raises
    BodyRefused and TooManyFields.
    """
    known: dict[str, str] | None = getattr(request, "_page_form", None)
    if known is None:
        known = _page_form(request, limit)
        request._page_form = known  # type: ignore[attr-defined]
    return dict(known)


def _page_form(request: HttpRequest, limit: int) -> dict[str, str]:
    body = read(request, limit)
    if request.content_type == _FORM:
        return _few(QueryDict(body, encoding=_form_charset(request, body)))
    if request.content_type == _MULTIPART:
        return _multipart_fields(request, body, errors="replace")
    if body:
        sentence = gettext("Send the form as %(form)s or %(multipart)s.")
        raise BodyRefused.of(415, sentence % {"form": _FORM, "multipart": _MULTIPART})
    return {}


def has_too_many_fields(form: QueryDict) -> bool:
    """Whether a form has more fields than a stranger may send; a repeated field counts each
    time.
    """
    return sum(len(values) for _name, values in form.lists()) > MOST_FIELDS


def declared_length(request: HttpRequest) -> int:
    """The Content-Length in bytes; 0 if it is missing or not a number, as in Django."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def read(request: HttpRequest, limit: int = LIMIT) -> bytes:
    """The whole body, chunked or not, up to `limit` bytes. Raises BodyRefused.

    Reads at most one byte more than the limit, whatever the Content-Length says. A chunked body
    already has its length (callbacks.config.bodies).
    """
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        sentence = gettext("Send the body as it is, without Content-Encoding.")
        raise BodyRefused.of(415, sentence)
    declared = declared_length(request)
    if declared > limit:
        raise too_large(limit)
    try:
        body = request.read(limit + 1)
    except (UnreadablePostError, OSError):
        raise unreadable() from None
    if len(body) > limit:
        raise too_large(limit)
    if len(body) < declared:
        raise BodyRefused.of(400, gettext("The body is shorter than its Content-Length."))
    return body


def encoded_on_the_way() -> BodyRefused:
    """501: a Transfer-Encoding other than `chunked` alone."""
    sentence = gettext("Send the body as it is: chunked is the only Transfer-Encoding supported.")
    return BodyRefused.of(501, sentence)


def unreadable() -> BodyRefused:
    """For a body that breaks off, or has invalid chunks."""
    return BodyRefused.of(400, gettext("The body could not be read to the end."))


def too_large(limit: int = LIMIT) -> BodyRefused:
    """For a body of more than `limit` bytes."""
    return BodyRefused.of(
        413, gettext("The body is larger than %(size)d KiB.") % {"size": limit // 1024}
    )


def _charset(request: HttpRequest, field: str = "") -> str:
    """The encoding that the request names, else the form's `field`, else UTF-8.

    Raises BodyRefused.
    """
    return _known((request.content_params or {}).get("charset", "") or field)


def _form_charset(request: HttpRequest, body: bytes) -> str:
    """The encoding of a form, which may name it in the field `_charset_`: browsers fill that in.

    Raises BodyRefused.
    """
    field = _CHARSET_FIELD.search(body)
    return _of_form(request, field[1].decode("ascii") if field else "")


def _of_form(request: HttpRequest, field: str) -> str:
    charset = _charset(request, field)
    if charset.startswith(("utf-16", "utf16")):
        raise BodyRefused.of(415, gettext("A form cannot be in UTF-16. Send UTF-8."))
    return charset


def _known(named: str) -> str:
    """The encoding with that name; UTF-8 for "". Raises BodyRefused."""
    charset = named.strip("\"' ").lower().removesuffix("-i").removesuffix("-e") or "utf-8"
    if not (_CHARSET.fullmatch(charset) and _exists(charset)):
        raise BodyRefused.of(415, gettext("This charset is not known. Send UTF-8."))
    return charset


def _exists(charset: str) -> bool:
    """cp1255 does, cp1299 does not."""
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True


def _text(request: HttpRequest, body: bytes) -> str:
    return _decoded(body, _charset(request))


def _decoded(body: bytes, charset: str, errors: str = "strict") -> str:
    try:
        return body.decode("utf-8-sig" if charset in {"utf-8", "utf8"} else charset, errors)
    except UnicodeDecodeError:
        sentence = gettext("The body is not text in %(charset)s.") % {"charset": charset.upper()}
        raise BodyRefused.of(400, sentence) from None


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # integers with thousands of digits raise ValueError too
        raise BodyRefused.of(400, gettext("The body is not valid JSON.")) from None
    if not isinstance(value, dict):
        raise BodyRefused.of(400, gettext('The body is not a JSON object, like {"name": "Dana"}.'))
    return value


def _form_fields(request: HttpRequest, body: bytes) -> Mapping[str, Any]:
    charset = _form_charset(request, body)
    _decoded(unquote_to_bytes(body), charset)  # refuses what is not in that encoding
    return _few(QueryDict(_decoded(body, charset), encoding=charset))


def _multipart_fields(request: HttpRequest, body: bytes, errors: str = "strict") -> dict[str, str]:
    meta = {**request.META, "CONTENT_LENGTH": str(len(body))}
    try:
        # No upload handlers: files are skipped. Latin-1 keeps each byte as it is: the encoding of
        # the parts is known only after reading them, and Django would replace bytes outside it.
        posted, _files = MultiPartParser(meta, BytesIO(body), [], "latin-1").parse()
    except TooManyFieldsSent:
        raise
    except (MultiPartParserError, SuspiciousOperation):
        raise BodyRefused.of(400, gettext("The body is not a valid multipart form.")) from None
    parts = _few(posted)
    charset = _of_form(request, parts.get("_charset_", ""))

    def text(latin: str) -> str:
        return _decoded(latin.encode("latin-1"), charset, errors)

    return {text(name): text(value) for name, value in parts.items()}


def _few(form: QueryDict) -> dict[str, str]:
    """The last value of each field. Raises TooManyFields."""
    if has_too_many_fields(form):
        raise TooManyFields
    return {name: str(value) for name, value in form.dict().items()}


def _strings(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Accepts only strings: a phone sent as a JSON number has already lost its leading zero."""
    known = {name: values[name] for name in names if values.get(name) is not None}
    for hint in _HINTS & known.keys():
        if not isinstance(known[hint], str):
            del known[hint]
    for number in _NUMBERS & known.keys():
        if type(known[number]) is int:  # not bool
            known[number] = str(known[number])
    wrong = {
        name: [gettext("This must be a string, in quotation marks.")]
        for name, value in known.items()
        if not isinstance(value, str)
    }
    if wrong:
        raise BodyRefused(400, wrong)
    return known
