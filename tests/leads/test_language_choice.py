"""Which language a page is in: the rule, as a table."""

import pytest

from leads import language_choice
from leads.language_choice import Choice

EVERY = {
    # the languages of the address, the source and the browser; the page's, and if it was asked for
    "nothing is known": ([], "", "", "en", False),
    "the address": (["he"], "ar", "ru", "he", True),
    "the source": ([], "ar", "ru", "ar", False),
    "the browser": ([], "", "ru", "ru", False),
    "by its old code": (["iw"], "en", "", "he", True),
    "with a country": (["he-IL"], "en", "", "he", True),
    "with an underscore": (["he_IL"], "en", "", "he", True),
    "in capitals, with an encoding": ([" HE_il.UTF-8 "], "en", "", "he", True),
    "its old code, with a country": (["iw_IL"], "en", "", "he", True),
    "a header in the address": (["he,en;q=0.5"], "en", "", "he", True),
    "empty": ([""], "ar", "", "ar", False),
    "no page is in it": (["fr"], "ar", "", "ar", False),
    "no code": (["<script>"], "ar", "", "ar", False),
    "a zero byte": (["he\x00"], "ar", "", "ar", False),
    "half a surrogate pair": (["\ud83d"], "ar", "", "ar", False),
    "3,000 characters": (["h" * 3000], "ar", "", "ar", False),
    "3,000 characters that begin with a language": (["he-" * 1000], "ar", "", "he", True),
    "two: the first": (["he", "ru"], "ar", "", "he", True),
    "two: the first that is ours": (["fr", "ru"], "ar", "", "ru", True),
    "two: none is ours": (["fr", "de"], "ar", "", "ar", False),
    "the source has a country": ([], "he-IL", "ru", "he", False),
    "the source's old code": ([], "iw", "ru", "he", False),
    "no page is in the source's": ([], "fr", "ru", "ru", False),
    "no page is in any of them": (["fr"], "de", "es, it", "en", False),
    "a browser's list": ([], "", "fr-FR, ar-EG;q=0.8, he;q=0.9", "he", False),
    "a browser that refuses one": ([], "", "he;q=0, ru;q=0.1", "ru", False),
    "a browser's old code": ([], "", "iw-IL,iw;q=0.9", "he", False),
    "any language": ([], "", "*", "en", False),
    "a broken header": ([], "", "he;;q=x,,", "en", False),
    "a header of 30,000 characters": ([], "", "he," * 10_000, "he", False),
    "one word of 30,000 characters": ([], "", "h" * 30_000, "en", False),
}


@pytest.mark.parametrize(
    ("asked", "source", "accepted", "language", "is_asked"), EVERY.values(), ids=EVERY
)
def test_the_rule(
    asked: list[str], source: str, accepted: str, language: str, is_asked: bool
) -> None:
    assert language_choice.choose(asked, source, accepted) == Choice(language, is_asked)


def test_languages_have_their_own_names_and_directions() -> None:
    known = [
        (it, language_choice.own_name(it), language_choice.direction(it))
        for it in language_choice.codes()
    ]
    assert known == [
        ("en", "English", "ltr"),
        ("he", "עברית", "rtl"),
        ("ar", "العربيّة", "rtl"),
        ("ru", "Русский", "ltr"),
    ]


DIRECTIONS = {"iw": "rtl", "fa-IR": "rtl", "zh-Hant": "ltr", "xx": "ltr", "": "ltr"}


@pytest.mark.parametrize(("code", "direction"), DIRECTIONS.items())
def test_the_direction_of_other_languages(code: str, direction: str) -> None:
    assert language_choice.direction(code) == direction
