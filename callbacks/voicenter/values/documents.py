"""Bytes from the provider as plain dicts: JSON, XML-RPC and form bodies, within bounds.

Nothing here knows what the fields mean. Whatever the bytes, the result is a value of JSON's own
types, or UnreadableError: never another exception, never unbounded work. The caller limits the
size; this module limits depth, number of fields and odd numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

# Deeper than any message of the provider, and shallow enough for every later reader.
MAX_DEPTH = 32
# A struct costs four elements a level (value, struct, member, value).
MAX_XML_DEPTH = 4 * MAX_DEPTH
MAX_XML_ELEMENTS = 250_000  # of one member; twice as many in all
# methodCall, params, param, value, struct, member
_FIELD_DEPTH = 6
_WHY = "why"
MAX_FIELDS = 500
# Longer integers stay text: they fit no column, and converting thousands of digits is slow.
MAX_INTEGER_DIGITS = 18

Form = Literal["json", "xml", "form"]
Pairs = list[tuple[str, Any]]


class UnreadableError(ValueError):
    """Not the expected kind of document; `.nested` if its depth was the reason."""

    def __init__(self, what: str, *, nested: bool = False) -> None:
        super().__init__(what)
        self.nested = nested


@dataclass(frozen=True)
class Unread:
    """Stands for the value of one field that could not be read, while the others could.

    `reason`: "nested" | "too_large" | "unreadable".
    """

    reason: str


def form_of(body: bytes) -> Form | None:
    """What a body looks like, whatever its Content-Type says; None if empty."""
    start = text_of(body)[:1]
    if not start:
        return None
    if start == "<":
        return "xml"
    return "json" if start in "{[" else "form"


def read_json(body: bytes | str, pairs: Callable[[Pairs], dict[str, Any]] = dict) -> dict[str, Any]:
    """A JSON object. NaN, infinities and floats out of range become None, huge integers text.

    `pairs` builds each object from its members in order (it may refuse duplicates with ValueError).
    """
    value = read_json_value(body if isinstance(body, str) else text_of(body), pairs)
    if not isinstance(value, dict):
        raise UnreadableError("JSON, but not an object")
    return value


def read_json_value(text: str, pairs: Callable[[Pairs], dict[str, Any]] = dict) -> Any:
    """Like `read_json`, but for a value of any type."""
    try:
        value = json.loads(
            text.strip(),
            object_pairs_hook=pairs,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda _: None,
        )
    except UnreadableError:
        raise
    except RecursionError:
        raise UnreadableError("JSON nested too deeply", nested=True) from None
    except ValueError:
        raise UnreadableError("not JSON") from None
    check_depth(value)
    return value


def read_form(body: bytes) -> dict[str, Any]:
    """A form-urlencoded body as text by name; the first of a repeated name counts."""
    try:
        fields = parse_qsl(
            text_of(body), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise UnreadableError("not a form") from None
    # Reversed, so that the first of a repeated name is written last.
    return dict(reversed(fields))


def read_xmlrpc(
    body: bytes,
    root: Literal["methodResponse", "methodCall"],
    pairs: Callable[[Pairs], dict[str, Any]] = dict,
    apart: str = "",
) -> dict[str, Any]:
    """The first struct of an XML-RPC document, whatever the order of its members.

    Scalars become text, typed or bare. Document types, entities and depth are refused. `apart`: the
    lower-case name of a member that may contain anything: if its value cannot be read, it becomes
    an Unread.
    """
    parser = DefusedXMLParser(target=_ShallowTree(), forbid_dtd=True)
    try:
        # Text before an XML declaration is an error, and ASP.NET pages often start with some.
        parser.feed(body.lstrip())
        document = parser.close()
    except UnreadableError:
        raise
    # LookupError: an unknown encoding. ValueError: also what defusedxml refuses.
    except (ParseError, ValueError, LookupError):
        raise UnreadableError("not XML") from None
    if not isinstance(document, Element) or document.tag != root:
        raise UnreadableError(f"not a {root}")
    structs = document.findall("params/param/value/struct")
    if not structs:
        raise UnreadableError(f"a {root} without a struct")
    if root == "methodResponse" and (len(structs) > 1 or len(document) > 1):
        # One could be a refusal and the other an acceptance.
        raise UnreadableError(f"a {root} that says several things")
    return _struct(structs[0], pairs, apart)


class _ShallowTree(TreeBuilder):
    """Leaves out elements that are too deep or too many while reading.

    Marks the member of the outermost struct that they are in, so that no reader of the tree has to
    recurse far.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = self._before_field = 0
        self._left_out_from = 0  # the depth of the outermost element left out, 0 for none
        self._field: Element | None = None

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:  # noqa: ARG002
        self._depth += 1
        if self._left_out_from and self._field is not None:
            return self._field
        if self._depth > MAX_XML_DEPTH:
            return self._leave_out("nested")
        if self._field is not None and self._elements - self._before_field >= MAX_XML_ELEMENTS:
            return self._leave_out("too_large")
        self._elements += 1
        if self._elements > 2 * MAX_XML_ELEMENTS:
            raise UnreadableError("XML of too many elements")
        # Without attributes: they mean nothing, and so no document can set our mark.
        element = super().start(tag, {})
        if self._depth == _FIELD_DEPTH and tag == "member":
            self._field, self._before_field = element, self._elements
        return element

    def data(self, text: str, /) -> None:
        if not self._left_out_from:
            super().data(text)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        if self._left_out_from and self._field is not None:
            if self._depth < self._left_out_from:
                self._left_out_from = 0
            return self._field
        if self._depth < _FIELD_DEPTH:
            self._field = None
        return super().end(tag)

    def _leave_out(self, why: str) -> Element:
        if self._field is None:
            raise UnreadableError(f"XML: {why}", nested=why == "nested")
        self._field.set(_WHY, why)
        self._left_out_from = self._depth
        return self._field


def _struct(
    struct: Element, pairs: Callable[[Pairs], dict[str, Any]], apart: str = ""
) -> dict[str, Any]:
    members: Pairs = []
    for member in struct.findall("member"):
        names, values = member.findall("name"), member.findall("value")
        if len(names) != 1 or len(values) != 1:
            raise UnreadableError("a member without exactly one name and one value")
        name = (names[0].text or "").strip()
        read = _any_value if apart and name.lower() == apart else _whole_value
        members.append((name, read(member.get(_WHY, ""), values[0], pairs)))
    try:
        return pairs(members)
    except UnreadableError:
        raise
    except ValueError:
        raise UnreadableError("a struct with a repeated member") from None


def _any_value(why: str, value: Element, pairs: Callable[[Pairs], dict[str, Any]]) -> Any:
    try:
        return Unread(why) if why else _value(value, pairs)
    except UnreadableError:
        return Unread("unreadable")


def _whole_value(why: str, value: Element, pairs: Callable[[Pairs], dict[str, Any]]) -> Any:
    if why:
        raise UnreadableError(f"XML: {why}", nested=why == "nested")
    return _value(value, pairs)


def _value(value: Element, pairs: Callable[[Pairs], dict[str, Any]]) -> Any:
    children = list(value)
    if not children:
        return value.text or ""
    if len(children) > 1:
        raise UnreadableError("a value of two types")
    (typed,) = children
    if typed.tag == "struct":
        return _struct(typed, pairs)
    if typed.tag == "array":
        return [_value(item, pairs) for item in typed.findall("data/value")]
    if typed.tag == "nil":
        return None
    if len(typed):
        raise UnreadableError("a scalar with elements in it")
    return typed.text or ""


def text_of(body: bytes) -> str:
    """A body as text, trimmed."""
    # "replace": one wrong byte in a message must not cost us the ERRORCODE next to it.
    return body.decode("utf-8-sig", errors="replace").strip()


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else digits


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def check_depth(value: Any) -> None:
    """Raises UnreadableError for a value with more than MAX_DEPTH levels. Does not recurse."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply", nested=True)
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
