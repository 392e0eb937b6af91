"""Bytes from the provider as plain dicts: JSON, XML-RPC and form bodies, within bounds.

Nothing here knows what the fields mean. Whatever the bytes, the result is a value made of
JSON's own types, or UnreadableError: never another exception, never unbounded work. The caller
limits the size; here depth, number of fields and odd numbers are limited.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

# Deeper than any message of the provider, and shallow enough for every later reader of the value.
MAX_DEPTH = 32
# A struct costs four elements a level (value, struct, member, value).
MAX_XML_DEPTH = 4 * MAX_DEPTH
MAX_FIELDS = 500
# Longer ones stay text: they fit no column, and converting thousands of digits is slow.
MAX_INTEGER_DIGITS = 18

Form = Literal["json", "xml", "form"]
Pairs = list[tuple[str, Any]]


class UnreadableError(ValueError):
    """Not the kind of document it had to be; `.nested` if its depth was the reason."""

    def __init__(self, what: str, *, nested: bool = False) -> None:
        super().__init__(what)
        self.nested = nested


def form_of(body: bytes) -> Form | None:
    """What a body looks like, whatever its Content-Type says; None if empty."""
    start = _text(body)[:1]
    if not start:
        return None
    if start == "<":
        return "xml"
    return "json" if start in "{[" else "form"


def read_json(body: bytes, pairs: Callable[[Pairs], dict[str, Any]] = dict) -> dict[str, Any]:
    """A JSON object. NaN, infinities and floats out of range become None, huge integers text.

    `pairs` builds each object from its members in order (it may refuse duplicates by ValueError).
    """
    try:
        value = json.loads(
            _text(body),
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
    if not isinstance(value, dict):
        raise UnreadableError("JSON, but not an object")
    _check_depth(value)
    return value


def read_form(body: bytes) -> dict[str, Any]:
    """A form-urlencoded body as text by name; of a repeated name the first counts."""
    try:
        fields = parse_qsl(
            _text(body), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise UnreadableError("not a form") from None
    # Reversed, so that the first of a repeated name is written last.
    return dict(reversed(fields))


def read_xmlrpc(
    body: bytes,
    root: Literal["methodResponse", "methodCall"],
    pairs: Callable[[Pairs], dict[str, Any]] = dict,
) -> dict[str, Any]:
    """The first struct of an XML-RPC document, whatever the order of its members.

    Scalars come out as text, typed or bare. Document types, entities and depth are refused.
    """
    parser = DefusedXMLParser(target=_ShallowTree(), forbid_dtd=True)
    try:
        # Text before an XML declaration is an error, and ASP.NET pages like to begin with one.
        parser.feed(body.lstrip())
        document = parser.close()
    except UnreadableError:
        raise
    # LookupError: an encoding nobody knows. ValueError: also what defusedxml refuses.
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
    return _struct(structs[0], pairs)


class _ShallowTree(TreeBuilder):
    """Refuses depth while it is read, so that no reader of the tree has to recurse far."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > MAX_XML_DEPTH:
            raise UnreadableError("XML nested too deeply", nested=True)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _struct(struct: Element, pairs: Callable[[Pairs], dict[str, Any]]) -> dict[str, Any]:
    members: Pairs = []
    for member in struct.findall("member"):
        names, values = member.findall("name"), member.findall("value")
        if len(names) != 1 or len(values) != 1:
            raise UnreadableError("a member without exactly one name and one value")
        members.append(((names[0].text or "").strip(), _value(values[0], pairs)))
    try:
        return pairs(members)
    except UnreadableError:
        raise
    except ValueError:
        raise UnreadableError("a struct with a repeated member") from None


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


def _text(body: bytes) -> str:
    # "replace": one wrong byte in a message must not cost us the ERRORCODE beside it.
    return body.decode("utf-8-sig", errors="replace").strip()


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else digits


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableError("JSON nested too deeply", nested=True)
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
