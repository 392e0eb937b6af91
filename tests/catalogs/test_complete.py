"""Each language has every sentence, whole, with the same placeholders and tags, and no English."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import django
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils import translation

from callbacks.catalogs import extract, files
from callbacks.catalogs.places import Place
from leads import dated_sentences

# Named as in "%(name)s" and "{name}"; scripts put their own into "%%s" and "[time]".
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[ds]|%\(\w+\)\.\df|%%s|\{\w*\}|\[(?:time|here)\]")
TAG = re.compile(r"</?[a-z]+(?: [^<>]*)?>")

# Plural forms for one exact number, so that a word may stand in for the number. Russian's first
# form is also for 21 and 31.
EXACT = {"ar": {0, 1, 2}, "he": {0, 1}, "ru": set()}

SCRIPTS = {"ar": "\u0600-\u06ff", "he": "\u0590-\u05ff", "ru": "\u0400-\u04ff"}

DOUBLED = re.compile(r"\b(\w+) \1\b")

# Words in Latin letters in every language: names, formats, marks of protocols, examples.
LATIN = frozenset(
    {
        "API", "ASCII", "Authorization", "Bearer", "CALLID", "CSV", "Content-Encoding",
        "Content-Length", "Content-Type", "Cookie", "Dana", "Extensions", "Idempotency-Key",
        "JSON", "JavaScript", "KiB", "QR", "Retry-After", "Transfer-Encoding", "UTC", "UTF",
        "application", "chunked", "com", "cookie", "example", "ext", "form", "form-data", "json",
        "multipart", "name", "urlencoded", "www-form", "x-www-form-urlencoded",
    }
)  # fmt: skip

# Formats of dates, in CLDR's letters.
FORMATS = frozenset({"EEEE, d MMMM", "EEE dd MMM HH:mm", "EEE dd MMM y HH:mm", "dd MMM HH:mm"})
# Separators between two items, and before what follows: each language has its own.
MARKS = frozenset({", ", ": "})


@cache
def catalog(language: str) -> Catalog:
    return files.read(language)


@cache
def template() -> Catalog:
    return extract.template()


def of_django(language: str, part: str) -> Catalog:
    path = Path(django.__path__[0]) / part / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def told(language: str) -> Iterator[tuple[Message, int, str, str]]:
    """Each translation: its message, its plural form (0 if there is only one), the source text and
    the translation.
    """
    for message in catalog(language):
        if not message.id:
            continue
        if isinstance(message.string, tuple):
            for form, text in enumerate(message.string):
                yield message, form, message.id[-1], text
        else:
            yield message, 0, str(message.id), message.string


def key(message: Message) -> tuple[str, str]:
    return message.context or "", message.id if isinstance(message.id, str) else message.id[0]


COMPLETE = files.LANGUAGES


@pytest.mark.parametrize("language", COMPLETE)
class TestEachLanguage:
    def test_it_has_the_sentences_of_the_code_and_no_others(self, language: str) -> None:
        text = files.po_path(language).read_text()
        assert text == files.updated(language, template()), (
            "A sentence is new, changed or gone: `make messages`, then translate "
            "(docs/languages.md)."
        )

    def test_every_sentence_is_translated(self, language: str) -> None:
        assert [key(message) for message, _, _, text in told(language) if not text.strip(" ")
                and key(message)[1].strip()] == []  # fmt: skip

    def test_nothing_is_fuzzy_or_obsolete(self, language: str) -> None:
        text = files.po_path(language).read_text()
        assert "#~" not in text
        assert [key(it) for it in catalog(language) if it.id and it.fuzzy] == []

    def test_plural_forms_are_those_of_django(self, language: str) -> None:
        its = of_django(language, "conf")
        assert catalog(language).plural_forms == its.plural_forms
        counts = {len(it.string) for it in catalog(language) if isinstance(it.string, tuple)}
        assert counts == {its.num_plurals}

    def test_placeholders_are_the_same(self, language: str) -> None:
        wrong = []
        for message, form, original, text in told(language):
            meant = Counter(PLACEHOLDER.findall(original))
            found = Counter(PLACEHOLDER.findall(text))
            in_words = isinstance(message.id, tuple) and form in EXACT[language]
            if meant != found and not (in_words and is_without_number(meant, found)):
                wrong.append((key(message), text))
        assert wrong == []

    def test_tags_are_the_same(self, language: str) -> None:
        assert [
            (key(message), text)
            for message, _, original, text in told(language)
            if Counter(TAG.findall(original)) != Counter(TAG.findall(text))
        ] == []

    def test_spaces_and_ends_are_the_same(self, language: str) -> None:
        assert [
            (key(message), text)
            for message, _, original, text in told(language)
            if spaces(original) != spaces(text) or end(original) != end(text)
        ] == []

    def test_no_english_is_left(self, language: str) -> None:
        wrong = []
        for message, _, original, text in told(language):
            if original in FORMATS:
                continue
            bare = TAG.sub("", PLACEHOLDER.sub("", text))
            found = {it.strip("-") for it in re.findall(r"[A-Za-z][A-Za-z-]+", bare)}
            if words := found - LATIN:
                wrong.append((key(message), sorted(words)))
        assert wrong == []

    def test_it_is_written_in_its_own_script(self, language: str) -> None:
        foreign = "".join(letters for code, letters in SCRIPTS.items() if code != language)
        assert [text for _, _, _, text in told(language) if re.search(f"[{foreign}]", text)] == []
        own = re.compile(f"[{SCRIPTS[language]}]")
        assert [
            text
            for message, _, original, text in told(language)
            if original not in FORMATS
            and re.search("[A-Za-z]{3}", PLACEHOLDER.sub("", TAG.sub("", original)))
            and not own.search(text)
        ] == []

    def test_days_and_towns_fit_into_their_sentences(self, language: str) -> None:
        """The values of placeholders bring words of their own: "יום ראשון", "שעון ירושלים"."""
        with translation.override(language):
            at = datetime(2026, 11, 29, 12, tzinfo=UTC)
            zone = dated_sentences.zone_name(ZoneInfo("Asia/Jerusalem"), at)
            heading = dated_sentences.day_heading(at.date(), at.date() - timedelta(days=1))
            values = {
                "weekday": dated_sentences._weekday(at.date()),
                "date": dated_sentences.weekday_and_date(at.date()),
                "time": f"14:00 ({zone})",
                "zone": zone,
            }
        wrong = [heading] if DOUBLED.search(heading) else []
        for _, _, _, text in told(language):
            for name, value in values.items():
                if f"%({name})s" in text and DOUBLED.search(text.replace(f"%({name})s", value)):
                    wrong.append(text)
        assert wrong == []

    def test_it_is_compiled_into_what_gettext_reads(self, language: str) -> None:
        import gettext

        files.compile_all()
        with files.mo_path(language).open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        for message in catalog(language):
            if isinstance(message.id, str) and message.id and not message.context:
                assert compiled.gettext(message.id) == message.string


def test_a_russian_weekday_stands_where_its_nominative_fits() -> None:
    """Not "позвоним вам завтра, понедельник, в 07:00": after a verb it would be "в понедельник"."""
    texts = [text for _, _, _, text in told("ru") if "%(weekday)s" in text]
    assert len(texts) > 5
    fitting = re.compile(r"\(%\(weekday\)s\)|^Завтра, %|: завтра, %")
    assert [it for it in texts if not fitting.search(it)] == []


def is_without_number(meant: Counter[str], found: Counter[str]) -> bool:
    """Whether only one placeholder is missing: the number that the words say."""
    return not found - meant and (meant - found).total() == 1


def spaces(text: str) -> tuple[str, str]:
    return re.match(r"\s*", text)[0], re.search(r"\s*$", text)[0]  # type: ignore[index]


def end(text: str) -> str:
    """What a sentence ends in; a question mark is one in Arabic too."""
    last = text.rstrip()[-1:].replace("؟", "?")
    return last if last in ".:?…!" else ""


def test_what_is_translated_for_django_is_what_it_lacks() -> None:
    """What Django has in all languages by now can be removed from ours."""
    ours = extract.sentences(Place("callbacks/catalogs/of_django.py"))
    lacking = {
        key(found)
        for language in files.LANGUAGES
        for part in ("conf", "contrib/auth")
        for found in of_django(language, part)
        if found.id and not files.is_translated(found)
    }
    assert {key(it) for it in ours if it.id} - lacking == set()


def test_no_sentence_is_a_piece_of_one() -> None:
    """Whoever translates a piece does not see the rest of its sentence."""
    texts = [
        text
        for message in template()
        for text in ([message.id] if isinstance(message.id, str) else message.id)
    ]
    assert [it for it in texts if it and it not in MARKS and is_piece(it)] == []


def is_piece(text: str) -> bool:
    if text != text.strip() or text[0] in ",;:.)":
        return True
    is_alone = bool(PLACEHOLDER.fullmatch(text))
    return is_alone or bool(re.search(r"(?:,|;| (?:a|an|the|of|and|or|by|with|for))$", text))


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("Call me back", False),
        ("The next possible time is", False),  # its words alone do not show it
        (" more", True),
        (", and", True),
        ("Wait for the", True),
        ("%(name)s", True),
        ("Times are in %(zone)s.", False),
    ],
)
def test_a_piece_is_found(text: str, piece: bool) -> None:
    assert is_piece(text) is piece
