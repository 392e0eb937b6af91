"""Finds text for people that is not marked for translation, in templates, scripts and Python."""

import ast
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db import models
from django.template.base import Lexer, TokenType
from django.utils.functional import Promise

_WORD = re.compile(r"[^\W\d_]{2,}")
_TWO_WORDS = re.compile(r"[^\W\d_]{2,}[,.;:…]? +[^\W\d_]{2,}")
# Attributes that people see or hear; a button's value is its label.
_SEEN_ATTRIBUTES = frozenset({"title", "alt", "placeholder", "aria-label", "aria-description"})
_BUTTONS = frozenset({"submit", "button", "reset"})
# Filters whose argument is shown.
_SHOWN_ARGUMENT = re.compile(
    r"\|\s*(?:default|default_if_none|yesno|join|add|pluralize):\s*([\"'])(?P<text>.*?)\1"
)


def in_template(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of everything visible that no translation tag marks."""
    html, found = _without_tags(source)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield from sorted([*found, *reader.found])


def _without_tags(source: str) -> tuple[str, list[tuple[int, str]]]:
    """Only the HTML, with as many lines as `source`, and the findings inside template tags."""
    kept: list[str] = []
    found: list[tuple[int, str]] = []
    closes = ""
    for token, start, end in _tokens(source):
        newlines = "\n" * source.count("\n", start, end)
        name = token.contents.split()[0] if token.contents.split() else ""
        if closes:
            kept.append(newlines)
            closes = "" if token.token_type is TokenType.BLOCK and name == closes else closes
        elif token.token_type is TokenType.TEXT:
            kept.append(source[start:end])
        else:
            kept.append(newlines)
            if token.token_type is TokenType.BLOCK and name in _CLOSED_BY:
                closes = _CLOSED_BY[name]
            if _shows_a_literal(token.contents) and token.token_type is not TokenType.COMMENT:
                found.append((source.count("\n", 0, start) + 1, token.contents))
    return "".join(kept), found


_CLOSED_BY = {
    "blocktranslate": "endblocktranslate",
    "blocktrans": "endblocktrans",
    "comment": "endcomment",
}


def _tokens(source: str) -> Iterator[tuple[Any, int, int]]:
    """Django's tokens with their positions in `source`."""
    tokens = Lexer(source).tokenize()
    starts, at = [], 0
    for token in tokens:
        starts.append(at)
        if token.token_type is TokenType.TEXT:
            at += len(token.contents)
        else:
            opens = {TokenType.VAR: "{{", TokenType.BLOCK: "{%", TokenType.COMMENT: "{#"}
            closes = {TokenType.VAR: "}}", TokenType.BLOCK: "%}", TokenType.COMMENT: "#}"}
            assert source.startswith(opens[token.token_type], at)
            at = source.index(closes[token.token_type], at) + 2
    yield from ((token, *span) for token, span in zip(tokens, pairwise([*starts, at]), strict=True))


def _shows_a_literal(tag: str) -> bool:
    shown = (it["text"] for it in _SHOWN_ARGUMENT.finditer(tag))
    return "|pluralize" in tag or any(_WORD.search(text) for text in shown)


class _Reader(HTMLParser):
    """Collects visible text and visible attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._unseen = tag
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if self._is_seen(tag, name, given) and _WORD.search(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen and (word := _WORD.search(data)):
            line = self.getpos()[0] + data.count("\n", 0, word.start())
            self.found.append((line, data.strip()))

    def _is_seen(self, tag: str, name: str, given: dict[str, str]) -> bool:
        if tag in ("input", "button") and name == "value":
            return given.get("type") in _BUTTONS
        # Scripts read their texts from such attributes.
        is_text = name.startswith("data-") and bool(_TWO_WORDS.search(given[name]))
        return name in _SEEN_ATTRIBUTES or is_text


_SCRIPT_PARTS = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL
)
_SHOWN_BY_SCRIPT = re.compile(
    r"(?:\b(?:textContent|innerText|innerHTML|title|placeholder|ariaLabel)\s*\+?=|\balert\()\s*$"
)


def in_script(source: str) -> Iterator[tuple[int, str]]:
    """The line and the literal of every text in JavaScript; texts belong on the page instead."""
    for part in _SCRIPT_PARTS.finditer(source):
        literal = part[0]
        if literal.startswith(("//", "/*")) or literal[1:-1] == "use strict":
            continue
        is_shown = _SHOWN_BY_SCRIPT.search(source, 0, part.start()) and _WORD.search(literal)
        if is_shown or _TWO_WORDS.search(literal):
            yield source.count("\n", 0, part.start()) + 1, literal


_MARKS = frozenset(
    {
        "_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy", "ngettext",
        "ngettext_lazy", "npgettext", "npgettext_lazy",
    }
)  # fmt: skip
_TEXTS = {"n": 2, "p": 2, "np": 3}  # how many arguments are texts, by the function's prefix


def put_together(source: str) -> Iterator[tuple[int, str]]:
    """The line and the code of gettext calls whose text is not one plain literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            is_wrong = node.func.id in _MARKS and not _has_literals(node, node.func.id)
        else:
            is_wrong = isinstance(node, ast.JoinedStr | ast.BinOp) and _glues(node)
        if is_wrong:
            yield getattr(node, "lineno", 0), ast.unparse(node)


def _has_literals(call: ast.Call, mark: str) -> bool:
    texts = call.args[: _TEXTS.get(mark.partition("gettext")[0], 1)]
    return all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts)


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS


def _glues(node: ast.JoinedStr | ast.BinOp) -> bool:
    """Whether a translation is inside an f-string, or is added to something."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_mark(node.left) or _is_mark(node.right))
    return any(isinstance(it, ast.FormattedValue) and _is_mark(it.value) for it in node.values)


def of_model(model: type[models.Model]) -> Iterator[str]:
    """Names of a model's texts that are plain strings."""
    options = model._meta
    yield from _plain(
        {"verbose_name": options.verbose_name, "verbose_name_plural": options.verbose_name_plural}
    )
    for field in (*options.local_fields, *options.local_many_to_many):
        if field.auto_created:
            continue
        given: dict[str, object] = {
            "verbose_name": field.verbose_name,
            "help_text": field.help_text,
            **_choices(field.flatchoices),
            **_messages(field),
        }
        yield from (f"{field.name}.{name}" for name in _plain(given))
    for constraint in options.constraints:
        message = {"violation_error_message": constraint.violation_error_message}
        yield from (f"{constraint.name}.{name}" for name in _plain(message))


def of_form(form: type[forms.BaseForm]) -> Iterator[str]:
    """Names of a form's texts that are plain strings."""
    for name, field in form.base_fields.items():
        if field.widget.is_hidden:
            continue
        given: dict[str, object] = {
            "label": "no label" if field.label is None else field.label,
            "help_text": field.help_text,
            **_messages(field),
        }
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            given |= _choices(_flat(field.choices))
        given |= {f"widget {key}": text for key, text in field.widget.attrs.items()
                  if key in _SEEN_ATTRIBUTES}  # fmt: skip
        yield from (f"{name}.{text}" for text in _plain(given))


def of_admin(admin: "ModelAdmin[Any]") -> Iterator[str]:
    """Names of an admin page's texts that are plain strings."""
    for name, _fields in admin.fieldsets or ():
        yield from (f"fieldset {text}" for text in _plain({str(name): name}))
    for kind in type(admin).__mro__:
        if not kind.__module__.startswith(("callbacks.", "leads.")):
            continue
        for name, value in vars(kind).items():
            text = getattr(value, "short_description", "")
            yield from _plain({f"{name}.short_description": text})


def _choices(choices: Iterable[tuple[object, object]]) -> dict[str, object]:
    return {f"choice {value}": label for value, label in choices}


def _flat(choices: Iterable[Any]) -> Iterator[tuple[object, object]]:
    for value, label in choices:
        yield from label if isinstance(label, list | tuple) else [(value, label)]


def _messages(field: Any) -> dict[str, object]:
    given = {f"message {code}": text for code, text in field.error_messages.items()}
    for validator in field.validators:
        message = getattr(validator, "message", "")
        given[f"message of {type(validator).__name__}"] = message
    return given


def _plain(given: dict[str, object]) -> Iterator[str]:
    """Names of texts that are shown and are not lazy translations."""
    for name, text in given.items():
        if isinstance(text, str) and not isinstance(text, Promise) and _WORD.search(text):
            yield name


def all_below(kind: type) -> Iterator[type]:
    """The class's subclasses, their subclasses, and so on."""
    for sub in kind.__subclasses__():
        yield sub
        yield from all_below(sub)
