"""Number rules: what a visitor may type, and which numbers may ever be dialled. Pure functions.

The rules are libphonenumber's. They are checked twice, when a lead comes in and again just before
the dial. They are an allow-list: a number is refused unless its country and its type are on it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext, ngettext
from phonenumbers import NumberParseException, PhoneNumberType, timezone

# What a callback may cost is bounded by this list: no premium, shared-cost, satellite, pager,
# personal or company-wide numbers, and nothing whose type is unknown.
CALLABLE_TYPES = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
# Ranges that a national numbering plan gives wholly to one callable kind. libphonenumber lists only
# the blocks that an operator has been given so far (its 9.0.43 refuses 050-1...), and the copy we
# run is older than the newest block: a person with such a number would be turned away. National
# significant numbers; Israel: 05 and eight digits are mobile, all of them.
_WHOLE_RANGES = {"IL": re.compile(r"5\d{8}")}
# Long enough for any spelling of a number; libphonenumber itself gives up at 250.
MAX_TYPED = 64
# Direction marks and joiners come along when a number is copied from a right-to-left page.
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# "03-555 0101 ext. 12": a number with an extension behind it, not a number with letters.
_EXTENSION = re.compile(r"(?<![^\W\d_])(?:ext(?:ension)?|x|שלוחה)[\s.:]*\d{1,7}\s*$", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class PhoneRefused(Exception):  # noqa: N818  # said of the number, to a person
    """A number that is not accepted.

    `code` is for programs: invalid, country, type or own. `message` is a sentence for the visitor.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


def parse(typed: str, default_country: str, allowed_countries: Collection[str]) -> str:
    """The E.164 form ("+972505550101") of a number as it was typed. Raises PhoneRefused.

    `default_country` is the ISO 3166 country of numbers typed without one. Every spelling of a
    number gives the same result: spaces, hyphens, brackets, 00 or + in front, digits of other
    scripts.
    """
    text = _INVISIBLE.sub("", typed).strip()
    if len(text) > MAX_TYPED:
        raise _invalid(default_country)
    # We ring the number; nobody is there to dial the extension.
    text = _EXTENSION.sub("", text)
    if _LETTERS.search(text):
        raise _invalid(default_country)
    number = _understood(text, default_country)
    if number is None:
        raise _invalid(default_country)
    refuse_unless_callable(number, allowed_countries)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def check(e164: str, allowed_countries: Collection[str]) -> None:
    """Checks a stored number against the same allow-list. Raises PhoneRefused."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        raise PhoneRefused("invalid", gettext("This is not a phone number.")) from None
    if not _is_number(number):
        raise PhoneRefused("invalid", gettext("This is not a phone number."))
    refuse_unless_callable(number, allowed_countries)


def refuse_unless_callable(
    number: phonenumbers.PhoneNumber, allowed_countries: Collection[str]
) -> None:
    """Raises PhoneRefused unless `number` is of an allowed country and type."""
    if phonenumbers.number_type(number) not in CALLABLE_TYPES and not _in_whole_range(number):
        raise PhoneRefused(
            "type",
            gettext(
                "We cannot call this kind of number. "
                "Enter a mobile, landline or internet phone number."
            ),
        )
    if phonenumbers.region_code_for_number(number) not in allowed_countries:
        codes = sorted({phonenumbers.country_code_for_region(name) for name in allowed_countries})
        sentence = ngettext(
            "We cannot call numbers in that country. Enter one that starts with %(prefixes)s.",
            "We cannot call numbers in that country. Enter one that starts with one of these: "
            "%(prefixes)s.",
            len(codes),
        )
        prefixes = ", ".join(f"+{code}" for code in codes)
        raise PhoneRefused("country", sentence % {"prefixes": prefixes})


def readable(e164: str) -> str:
    """ "+972505550101" -> "+972 50-555-0101"; a text that is not a number stays as it is."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=20_000)
def time_zones(e164: str) -> tuple[str, ...]:
    """The IANA zones in which the phone with this number may be; empty where they are unknown."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return ()
    # The second call serves numbers of an unknown kind, whose country is known all the same.
    return _known(timezone.time_zones_for_number(number)) or _known(
        timezone.time_zones_for_geographical_number(number)
    )


@lru_cache(maxsize=300)
def time_zones_of(country: str) -> tuple[str, ...]:
    """All the time zones of a country (ISO 3166)."""
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country), national_number=0
    )
    return _known(timezone.time_zones_for_geographical_number(number))


def _known(zones: Collection[str]) -> tuple[str, ...]:
    return tuple(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE)


def search_forms(typed: str, default_country: str) -> str:
    """The digits to look for in stored E.164 numbers when a person searches for `typed`.

    A whole number in any spelling gives its E.164 form; a part of one gives its bare digits,
    without the leading zero that E.164 drops. "" when `typed` holds no digits.
    """
    number = _understood(_INVISIBLE.sub("", typed).strip(), default_country)
    if number is not None:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return phonenumbers.normalize_digits_only(typed).lstrip("0")


def _understood(text: str, default_country: str) -> phonenumbers.PhoneNumber | None:
    """The valid number that `text` spells, or None.

    "00…" means "+…" in most of the world. Where the default country reads it differently (the
    United States, for example), "+…" is tried as well.
    """
    spellings = [text]
    digits = phonenumbers.normalize_digits_only(text)
    if digits.startswith("00"):
        spellings.append("+" + digits[2:])
    for spelling in spellings:
        try:
            number = phonenumbers.parse(spelling, default_country)
        except NumberParseException:
            continue
        if _is_number(number):
            return number
    return None


def _is_number(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.is_valid_number(number) or _in_whole_range(number)


def _in_whole_range(number: phonenumbers.PhoneNumber) -> bool:
    """Whether `number` lies in its country's range of _WHOLE_RANGES."""
    pattern = _WHOLE_RANGES.get(phonenumbers.region_code_for_number(number) or "")
    national = phonenumbers.national_significant_number(number)
    return pattern is not None and pattern.fullmatch(national) is not None


def _invalid(default_country: str) -> PhoneRefused:
    example = phonenumbers.example_number_for_type(default_country, PhoneNumberType.MOBILE)
    shown = (
        phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        if example
        else "+972 50-555-0101"
    )
    sentence = gettext("Enter a phone number that we can call, for example %(example)s.")
    return PhoneRefused("invalid", sentence % {"example": shown})
