"""Reads a telephone number as people write it. Pure functions; leads.phones says what is allowed.

"tel:+972-50-555-0101", "050-555-0101 (Dana)", "03-555 0101 ext. 12", "00972505550101": one number
each. A text that is a number only by a guess is refused: it would ring a stranger.

Digits without + that begin with the code of one of the source's countries are read with that code
if they are then a whole number. If they are not, and are a national number only without the 0 that
this country dials, they are half a number. Where numbers are written without a 0 (Poland, Italy,
India, Singapore) nobody can tell: the digits are the number, as anybody there would dial it.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
)
from phonenumbers.phonenumbermatcher import _is_national_prefix_present_if_required

from leads import one_line

# Long enough for any spelling of a number; libphonenumber's own limit is 250.
MAX_TYPED = 64
# Ranges that a national numbering plan gives entirely to one callable kind. libphonenumber lists
# only the blocks that operators have so far (its 9.0.43 refuses 050-1... and 073-1...), and our
# copy is older than the newest block: a person with such a number would be turned away. National
# significant numbers. Israel: 05 and eight digits are always mobiles, 072 to 079 and seven digits
# are always landlines or internet phones.
_WHOLE_RANGES = {"IL": re.compile(r"5\d{8}|7[2-9]\d{7}")}
# Direction marks and joiners, which come along when a number is copied from a right-to-left page.
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# "tel:" from a link; any word with a colon, as in "Mobile:" or "Dana:"; "Tel." or "Tel" from a
# card.
_LABEL = re.compile(
    r"^(?:[^\W\d_][^\d:+]{0,30}:(?://)?|(?:tel(?:ephone)?|phone|mobile|mob|cell|whatsapp|"
    r"тел(?:ефон)?|моб|טלפון|טל|נייד|פלאפון)(?:[.'\u2019\u05f3]+|\s|(?=[\d+(])))\s*",
    re.IGNORECASE,
)
# Characters used as hyphens between digits: the Hebrew maqaf, the Japanese long vowel, an
# underscore, apostrophes, a backslash, middle dots.
_HYPHENS = re.compile(
    r"(?<=\d)\s*[\u05be\u30fc\uff70_'\u2018\u2019\u2032\\\u00b7\u2022\u2027\u2043\u2219\u22c5"
    r"\u30fb]\s*(?=\d)"
)
# The end of a sentence, the # that ends a number in telephone menus, the ".0" of a spreadsheet.
_END = re.compile(r"(?<=\d{7})\.0$|[\s.,;:!#]+$")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
# "03-555 0101 ext. 12", "03-555 0101;12": a number followed by an extension.
_WORDS = (
    r"(?<![^\W\d_])(?:extensi[oó]n|extn?|xtn?|x|interno?|int|poste|ramal|anexo|r|durchwahl|dw|"
    r"nebenstelle|apparat|app|wewn(?:ętrzny)?|toestel|tst|anknytning|lokal|dahili|доб(?:авочный)?|"
    r"вн(?:утренний|утр)?|שלוחה|פנימי|تحويلة|内線|内线|分机|分機)"
    r"[\s.:=#(\[-]*(?:(?:no|nr|number|номер|מספר|מס|№)[\s.:'\u2019\u05f3-]*)?"
)
_SIGNS = r"(?:;\s*ext=|;|,{1,2}|\#)\s*"
_EXTENSION = re.compile(
    rf"(?:{_WORDS}(\d{{1,7}})[)\]]?|{_SIGNS}(\d{{1,6}}))\s*\#?\s*$", re.IGNORECASE
)
_NAMED_EXTENSION = re.compile(rf"{_WORDS}(\d{{1,7}})(?!\d)", re.IGNORECASE)
# "/13", " or 13", "-14" after an extension: another extension, or more of the same.
_ANOTHER = re.compile(r"\s*(?:[/,&+\u2010-\u2015-]|or\b|and\b|או)?\s*\d", re.IGNORECASE)
# An extension that is too long, or that follows a word we do not know.
_LIKE_AN_EXTENSION = re.compile(
    rf"\d{{4}}[)\]]?\s*(?:{_WORDS}\d{{8,9}}|[(\[]?[^\W\d_][^\d()\[\]]*\d{{1,7}}[)\]]?)\s*$",
    re.IGNORECASE,
)
# "03-555 0101-12", "03-555 0101/2": an extension or another line; nothing says which.
_DIGITS_BEHIND = re.compile(r"[\s/.(\[\u2010-\u2015-]+\d{1,5}[)\]]?$")
_LETTERS = re.compile(r"[^\W\d_]")
# Until 2019, Mexican mobiles were dialled with a 1 after the country code, or with 044, 045 or 01
# in front; address books and WhatsApp still have those forms.
_OLD_MEXICAN = re.compile(r"(?:1|4[45])?(\d{10})")
# Characters that appear between two numbers, but not inside one.
_BETWEEN_NUMBERS = re.compile(r"[^\d\s().\-\u2010-\u2015]+")
_LEAST_DIGITS, _MOST_DIGITS = 7, 15
_MEXICO = 52
_SAN_MARINO = 378
# libphonenumber treats the 0 of these as optional; nobody in these countries leaves it out.
_WRITTEN_WITH_0 = frozenset({"LT", "MG", "RW", "SY", "VN"})


@dataclass(eq=False)
class Misread(Exception):  # noqa: N818  # said of the text, to a person
    """A text that is not one whole number.

    `why`: invalid, words, extension, several or incomplete.
    """

    why: str


def read(typed: str, default_country: str, countries: Collection[str]) -> tuple[PhoneNumber, str]:
    """The valid number that `typed` spells, and the extension after it or "". Raises Misread.

    A number without + belongs to `default_country` (ISO 3166), or begins with the code of one of
    `countries`.
    """
    text = _INVISIBLE.sub("", typed).strip()
    if len(text) > MAX_TYPED:
        raise Misread("invalid")
    text = phonenumbers.normalize_digits_only(text, keep_non_digits=True)
    text = _HYPHENS.sub("-", _BRACKETS.sub(_without_note, _LABEL.sub("", text)))
    text = _END.sub("", text).strip()
    extension = ""
    if found := _EXTENSION.search(text):
        extension = found[1] or found[2]
        text = text[: found.start()]
    elif _LIKE_AN_EXTENSION.search(text):
        raise Misread("extension")
    if _are_several(text):
        raise Misread("several")
    if _LETTERS.search(text):
        raise Misread("extension" if _NAMED_EXTENSION.search(text) else "words")
    try:
        number = _number(text, default_country, {default_country, *countries})
    except Misread as misread:
        if (
            misread.why == "invalid"
            and (shorter := _DIGITS_BEHIND.sub("", text)) != text
            and _parsed(shorter, default_country)
        ):
            raise Misread("extension") from None
        raise
    if number.extension:  # after a sign we do not know as an extension's
        raise Misread("invalid")
    return one_line.own(number), extension


def _without_note(bracket: re.Match[str]) -> str:
    """Removes "(Dana)" or "(mobile, after 17)", a note about the number. Keeps "(ext 12)" and a
    second number. Raises Misread for "(ext 12 or 13)".
    """
    inside = bracket[1].strip()
    if found := _EXTENSION.fullmatch(inside) or _NAMED_EXTENSION.search(inside):
        behind = inside[found.end() :]
        if _ANOTHER.match(behind) or _NAMED_EXTENSION.search(behind):
            raise Misread("extension")
        return f" {found[0]} "
    is_note = _LETTERS.search(inside) and len(_digits(inside)) < _LEAST_DIGITS
    return " " if is_note else bracket[0]


def is_number(number: PhoneNumber) -> bool:
    """Whether such a number can exist: by libphonenumber, or by the country's own plan."""
    return phonenumbers.is_valid_number(number) or is_in_whole_range(number)


def is_in_whole_range(number: PhoneNumber) -> bool:
    """Whether the country's plan gives the whole range of `number` to a kind that we call."""
    pattern = _WHOLE_RANGES.get(phonenumbers.region_code_for_number(number) or "")
    national = phonenumbers.national_significant_number(number)
    return pattern is not None and pattern.fullmatch(national) is not None


def may_be_half_typed(typed: str, number: PhoneNumber, countries: Collection[str]) -> bool:
    """Whether `typed`, read as `number`, may be the beginning of another number.

    Where numbers are written without a 0 (Poland, Italy, India), "48 600 10 02" is somebody's
    landline there, and also a mobile with its country code and missing digits. The digits do not
    tell which, so the visitor must be asked.
    """
    text = _INVISIBLE.sub("", typed).strip()
    digits = _digits(text)
    if text.lstrip(" (")[:1] in {"+", "\uff0b"} or digits.startswith("0"):
        return False
    national = phonenumbers.national_significant_number(number)
    codes = {str(phonenumbers.country_code_for_region(it)) for it in countries}
    begins = any(national.startswith(code) for code in codes)
    return begins and digits.startswith(national)


def _number(text: str, default_country: str, countries: set[str]) -> PhoneNumber:
    code = phonenumbers.country_code_for_region
    digits = _digits(text)
    national = _parsed(text, default_country)
    has_code = text.lstrip(" (")[:1] in {"+", "\uff0b"} or digits.startswith("00")
    spellings = ["+" + digits[2:]] if digits.startswith("00") else []
    if digits.startswith(f"0{code(default_country)}") or any(
        _begins_with(text, code(country)) for country in countries
    ):
        spellings.append("+" + digits[1:])
    if not has_code and any(digits.startswith(str(code(country))) for country in countries):
        spellings.append("+" + digits)
    others = (_parsed(spelling, default_country) for spelling in spellings)
    other = next((number for number in others if number), None)
    if (national and not has_code) and (
        _reads_a_code_as_digits(national, digits, countries)
        or _reads_an_area_in_its_code(text, national, code(default_country))
    ):
        if other is None:
            raise Misread("incomplete")
        return other
    number = national or other
    if number is None:
        raise Misread("invalid")
    if _adds_an_area(number, digits):
        raise Misread("incomplete")
    return number


def _adds_an_area(number: PhoneNumber, digits: str) -> bool:
    """Whether libphonenumber added the area of `number`, although `digits` begin with the country
    code.

    For islands where people dial each other without an area (Guernsey, Bermuda) it reads "44 7781
    12", half a mobile, as the island's landline 778112. San Marino is called with or without its
    area.
    """
    whole = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    has_code = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    return has_code and number.country_code != _SAN_MARINO and len(whole) > len(digits)


def _reads_a_code_as_digits(number: PhoneNumber, digits: str, countries: set[str]) -> bool:
    """Whether `number` is valid only because its country code was read as part of its digits.

    "972 50 234" is half a mobile, and by its digits somebody's landline, 09-725 0234. In its
    country people would type that with the 0; where numbers are written without one (Italy, India)
    the digits are the number.
    """
    if number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return False
    codes = (str(phonenumbers.country_code_for_region(country)) for country in countries)
    needs_0 = phonenumbers.region_code_for_number(number) in _WRITTEN_WITH_0
    lacks_prefix = needs_0 or not _is_national_prefix_present_if_required(number)
    return lacks_prefix and any(digits.startswith(code) for code in codes)


def _reads_an_area_in_its_code(text: str, number: PhoneNumber, code: int) -> bool:
    """Whether "0972 50 234" was read as 09-725-0234, which has the same digits.

    But 041 and 046, the codes of Switzerland and Sweden, are also the areas of Lucerne and Lund:
    there 041 555 01 01 is a number as written.
    """
    written = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return _begins_with(text, code) and not _begins_with(written, code)


def _begins_with(text: str, code: int) -> bool:
    """Whether `text` begins with a separate country code, with a 0 instead of the plus: "0972
    50".
    """
    return re.match(rf"\W*0\W*{code}(?!\d)", text) is not None


def _parsed(text: str, default_country: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, default_country, keep_raw_input=True)
    except NumberParseException:
        return None
    number = _of_today(number)
    return number if is_number(number) else None


def _of_today(number: PhoneNumber) -> PhoneNumber:
    """A Mexican number in its old form as it is dialled now; any other number unchanged."""
    old = _OLD_MEXICAN.fullmatch(str(number.national_number))
    if number.country_code != _MEXICO or old is None:
        return number
    return PhoneNumber(
        country_code=_MEXICO,
        national_number=int(old[1]),
        country_code_source=number.country_code_source,
    )


def _are_several(text: str) -> bool:
    lengths = [len(part) for part in _digits_of_parts(text)]
    return sum(length >= _LEAST_DIGITS for length in lengths) > 1 or any(
        _MOST_DIGITS < length <= 2 * _MOST_DIGITS for length in lengths
    )


def _digits_of_parts(text: str) -> Iterator[str]:
    return (_digits(part) for part in _BETWEEN_NUMBERS.split(text))


def _digits(text: str) -> str:
    digits: str = phonenumbers.normalize_digits_only(text)
    return digits
