"""Reads, updates and compiles `locale/<language>/LC_MESSAGES/django.po`.

People write the .po files, which are in git. Django reads the .mo files beside them, which are
compiled and not in git. Each .mo contains the digest of its .po, so file times do not matter.
"""

import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from callbacks.catalogs.places import ROOT

FOLDER: Final = ROOT / "locale"
# As in Django's own catalogs: with other forms, plurals from there would get the wrong form.
PLURAL_FORMS: Final = {
    "ar": (
        "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
        "n%100>=11 && n%100<=99 ? 4 : 5;"
    ),
    "he": (
        "nplurals=4; plural=(n == 1 && n % 1 == 0) ? 0 : (n == 2 && n % 1 == 0) ? 1: "
        "(n % 10 == 0 && n % 1 == 0 && n > 10) ? 2 : 3;"
    ),
    "ru": (
        "nplurals=4; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || "
        "n%100>14) ? 1 : n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14)? 2 : 3);"
    ),
}
LANGUAGES: Final = tuple(PLURAL_FORMS)
_NAMED: Final = re.compile(r"(?<!%)%\((\w+)\)")
_UNNAMED: Final = re.compile(r"(?<!%)%[ds]")
_LINE: Final = re.compile(
    r'(?:(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d+\]) +)?"(?:[^"\\]|\\.)*"'
)


class BrokenCatalog(Exception):  # noqa: N818  # shown to an engineer
    """A .po that cannot be read, or would break a page; the message says where."""


def po_path(language: str) -> Path:
    """The file that people write."""
    return FOLDER / language / "LC_MESSAGES" / "django.po"


def mo_path(language: str) -> Path:
    """The compiled file that Django reads."""
    return po_path(language).with_suffix(".mo")


def read(language: str) -> Catalog:
    """A language's catalog. Raises BrokenCatalog, or OSError if there is none."""
    path = po_path(language)
    content = path.read_bytes()
    try:
        _refuse_broken_lines(content.decode())
        catalog = read_po(io.BytesIO(content), locale=language, domain="django", abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise BrokenCatalog(f"{_shown(path)} cannot be read: {error}") from error
    if catalog.plural_forms.rstrip(";") != PLURAL_FORMS[language].rstrip(";"):
        raise BrokenCatalog(
            f"{_shown(path)} has other plural forms than Django: write "
            f"“Plural-Forms: {PLURAL_FORMS[language]}” into its head."
        )
    for message in catalog:
        if problem := _problem(message, catalog):
            raise BrokenCatalog(f"{_shown(path)}, line {message.lineno}: {problem}")
    return catalog


def is_translated(message: Message) -> bool:
    """Whether the message has a translation in each of its forms."""
    string = message.string
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _refuse_broken_lines(text: str) -> None:
    """Refuses lines without their last quotation mark: Babel would drop their last letter."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#") and not _LINE.fullmatch(line.strip()):
            raise ValueError(f"line {number} is no text between quotation marks.")


def _problem(message: Message, catalog: Catalog) -> str:
    """What would break a page that shows the translation, or ""."""
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    string = message.string
    texts = string if isinstance(string, tuple | list) else (string or "",)
    if len(ids) > 1 and len(texts) != catalog.num_plurals:
        return f"a plural has {catalog.num_plurals} forms in this language."
    known = {name for text in ids for name in _NAMED.findall(text)}
    values = (0,) * len(_UNNAMED.findall(ids[0])) or _AnyValues()
    for text in filter(None, texts if message.python_format else ()):
        if unknown := set(_NAMED.findall(text)) - known:
            return f"nothing is given for %({unknown.pop()})s."
        try:
            _ = text % values
        except (TypeError, ValueError) as error:
            return f"a placeholder is broken ({error})."
    return ""


class _AnyValues(dict[str, int]):
    """Has a value for every placeholder."""

    def __missing__(self, name: str) -> int:
        return 0


def updated(language: str, template: Catalog) -> str:
    """The text of the .po with exactly the sentences of `template`; known translations stay.

    A changed sentence counts as a new one and needs a new translation.
    """
    if po_path(language).exists():
        catalog = read(language)
    else:
        catalog = Catalog(locale=language, domain="django", header_comment=f"# {language}")
    # The catalog reads its number of plural forms from this header.
    catalog.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    catalog.update(template, no_fuzzy_matching=True)
    body = io.BytesIO()
    write_po(
        body, catalog, width=100, omit_header=True, sort_by_file=True, ignore_obsolete=True,
        include_lineno=False,
    )  # fmt: skip
    return "\n".join([*_head(catalog, language), "", body.getvalue().decode().strip(), ""])


def _head(catalog: Catalog, language: str) -> Iterator[str]:
    """The head without dates and names, which would change with every run and in every branch."""
    yield from catalog.header_comment.splitlines()
    yield 'msgid ""'
    yield 'msgstr ""'
    yield r'"Project-Id-Version: lead-callback\n"'
    yield rf'"Language: {language}\n"'
    yield r'"MIME-Version: 1.0\n"'
    yield r'"Content-Type: text/plain; charset=utf-8\n"'
    yield r'"Content-Transfer-Encoding: 8bit\n"'
    yield rf'"Plural-Forms: {PLURAL_FORMS[language]}\n"'


def compile_all() -> list[Path]:
    """Compiles each .po whose .mo is missing or outdated. Returns the paths that were written.

    Raises BrokenCatalog, and then leaves the .mo as it is. Several processes may compile at once.
    """
    written = []
    for language in LANGUAGES:
        digest = _digest(language)
        if not digest or _is_made_from(digest, language):
            continue
        catalog = _without_unfinished(read(language))
        catalog.project, catalog.version = "lead-callback", digest
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        path = mo_path(language)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(compiled.getvalue())
        unfinished.replace(path)
        written.append(path)
    return written


def _without_unfinished(catalog: Catalog) -> Catalog:
    """The catalog without untranslated messages: a missing plural form would show nothing, where
    English is shown now.
    """
    unfinished = [it for it in catalog if it.id and not is_translated(it)]
    for message in unfinished:
        catalog.delete(message.id, message.context)
    return catalog


def not_compiled() -> list[str]:
    """The languages whose .mo is missing, or was not compiled from the present .po."""
    found = {language: _digest(language) for language in LANGUAGES}
    return [it for it, digest in found.items() if digest and not _is_made_from(digest, it)]


def _digest(language: str) -> str:
    try:
        return hashlib.sha256(po_path(language).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _is_made_from(digest: str, language: str) -> bool:
    try:
        return digest.encode() in mo_path(language).read_bytes()
    except FileNotFoundError:
        return False


def _shown(path: Path) -> str:
    return path.relative_to(FOLDER.parent).as_posix()
