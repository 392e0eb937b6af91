"""A record as the body of a post: JSON, url-encoded form or XML-RPC methodCall. Pure.

The real service spells some fields in several ways; `Spelling` chooses one.
"""

import json
import re
import xmlrpc.client  # nosec: it only writes here
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

JSON_TYPE = "application/json; charset=utf-8"
FORM_TYPE = "application/x-www-form-urlencoded"
XML_TYPE = "text/xml; charset=utf-8"
_PREFIX = "var_"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XMLRPC_INT = 2**31


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a record is written.

    `form`: json, form or xml. `custom`: the field that holds the var_* parameters (CustomData,
    CUSTOM_DATA, customdata), or "flat" for one field each; `prefix`: whether their names keep
    `var_`. `ivr`: the steps of the menu, as a list or, with `ivr_text`, as a JSON string.
    """

    form: str = "json"
    custom: str = "CustomData"
    prefix: bool = True
    ivr: tuple[Mapping[str, Any], ...] = ()
    ivr_text: bool = False


def spell(record: Mapping[str, Any], spelling: Spelling) -> dict[str, Any]:
    """The record with its custom data and IVR in this spelling."""
    fields = {name: value for name, value in record.items() if name not in {"CustomData", "IVR"}}
    steps = [dict(step) for step in spelling.ivr]
    fields["IVR"] = json.dumps(steps) if spelling.ivr_text else steps
    custom = {
        name if spelling.prefix else name[len(_PREFIX) :]: value
        for name, value in record["CustomData"].items()
    }
    if spelling.custom == "flat":
        # A custom name must not replace a field.
        return custom | fields
    return fields | {spelling.custom: custom}


def pack(record: Mapping[str, Any], spelling: Spelling) -> tuple[bytes, str]:
    """The body of the post, and its content type."""
    fields = spell(record, spelling)
    if spelling.form == "form":
        return form(fields), FORM_TYPE
    if spelling.form == "xml":
        call = xmlrpc.client.dumps((_for_xml(fields),), methodname="cdr")
        return call.encode("utf-8", "replace"), XML_TYPE
    return json.dumps(fields).encode(), JSON_TYPE


def form(fields: Mapping[str, Any]) -> bytes:
    """Url-encoded fields; lists, objects and flags as JSON, null as an empty value."""
    flat = {name: _in_form(value) for name, value in fields.items()}
    return urlencode(flat, errors="replace").encode()


def _in_form(value: Any) -> Any:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


def _for_xml(value: Any) -> Any:
    if isinstance(value, dict):
        return {_NOT_XML.sub("\ufffd", name): _for_xml(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_for_xml(inner) for inner in value]
    if isinstance(value, str):
        return _NOT_XML.sub("\ufffd", value)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _XMLRPC_INT:
        return str(value)
    return value
