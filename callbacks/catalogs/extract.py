"""Extracts the sentences from templates and modules.

Babel reads Python. Django turns templates into something like Python, as for `makemessages`. So
nobody needs GNU gettext.
"""

import ast
import io
from collections.abc import Iterator
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

from callbacks.catalogs.places import ROOT, Place, all_places

# Which arguments of each function are texts; "c" marks the context. None: the first argument.
_FUNCTIONS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_NOTE = "Translators:"


def template() -> Catalog:
    """Every sentence of all places, without a translation."""
    catalog = Catalog()
    for place in all_places():
        for sentence in sentences(place):
            catalog.add(
                sentence.id,
                locations=[(place.path, 0)],
                flags=sentence.flags,
                auto_comments=sentence.auto_comments,
                context=sentence.context,
            )
    return catalog


def sentences(place: Place) -> Catalog:
    """The sentences of one place. Raises LookupError if the module lacks one of its definitions."""
    source = (ROOT / place.path).read_text()
    is_module = place.path.endswith(".py")
    read = source if is_module else _as_python(source)
    lines = _lines_of(source, place) if place.names else None
    catalog = Catalog()
    # Babel's own types for the function and the comments are wrong.
    found: Iterator[tuple[int, Any, Any, Any]] = extract_python(
        io.BytesIO(read.encode()), _FUNCTIONS, [_NOTE], {}
    )
    for line, function, messages, comments in found:
        if lines is not None and line not in lines:
            continue
        texts = messages if isinstance(messages, tuple | list) else (messages,)
        spec = _FUNCTIONS[function] or (1,)
        context = next((texts[it[0] - 1] for it in spec if isinstance(it, tuple)), None)
        ids = tuple(texts[it - 1] for it in spec if isinstance(it, int))
        if not all(ids):
            raise ValueError(f"{place.path}:{line}: a sentence is no plain literal.")
        catalog.add(
            ids if len(ids) > 1 else ids[0],
            locations=[(place.path, line)],
            auto_comments=comments,
            context=context,
        )
    return catalog


def _as_python(source: str) -> str:
    """A template's sentences as function calls that Babel finds."""
    # A note for translators becomes a Python comment, so the text after it needs a new line.
    called = templatize(source.replace("{% endcomment %}", "{% endcomment %}\n"))
    return f"(\n{called}\n)"  # inside brackets, indentation does not matter


def _lines_of(source: str, place: Place) -> set[int]:
    found = {name: lines for name, lines in _definitions(source) if name in place.names}
    if missing := set(place.names) - set(found):
        raise LookupError(f"{place.path} defines no {', '.join(sorted(missing))}.")
    return {line for lines in found.values() for line in lines}


def _definitions(source: str) -> Iterator[tuple[str, range]]:
    """The names that a module defines at its top level, with their lines."""
    for node in ast.parse(source).body:
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, lines
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, lines
        elif isinstance(node, ast.Assign):
            yield from ((it.id, lines) for it in node.targets if isinstance(it, ast.Name))
