"""Number rules: what a visitor may type, and which numbers may ever be dialled. Pure functions.

The rules are libphonenumber's. They are checked twice: when a lead arrives, and again just before
dialling. They are an allow-list: a number is refused unless its country and its type are on it.
leads.typed_numbers reads the typed text.
"""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import get_language_bidi, gettext, ngettext
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, timezone

from leads import countries, one_line, typed_numbers
from leads.typed_numbers import Misread

# This list bounds the cost of a callback: no premium, shared-cost, satellite, pager, personal or
# company-wide numbers, and none of unknown type.
CALLABLE_TYPES = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
# Numbers that the library accepts but nobody answers, as national significant numbers. Israel: 153
# leads to a fax mailbox, whatever number follows. Canada: 600 is for data and satellites, and the
# caller pays for it.
_NOBODYS = {"CA": re.compile(r"600\d{7}"), "IL": re.compile(r"153\d{8,9}")}
# Nobody reads a sentence that names more countries than this.
_COUNTRIES_NAMED = 5
_INDONESIA = 62
# Where the library gives a country another country's clock, an hour off for half the year: the
# country code and the library's zone, and the place's own zones.
_OTHERS_CLOCKS = {
    (7, "Europe/Bucharest"): ("Europe/Kaliningrad", "Europe/Moscow"),
    (52, "America/New_York"): ("America/Cancun",),
    (211, "Africa/Nairobi"): ("Africa/Juba",),
    (212, "Atlantic/Canary"): ("Africa/Casablanca",),
    (213, "Europe/Paris"): ("Africa/Algiers",),
    (218, "Europe/Bucharest"): ("Africa/Tripoli",),
    (505, "America/Chicago"): ("America/Managua",),
    (970, "Europe/Bucharest"): ("Asia/Gaza", "Asia/Hebron"),
}


@dataclass(eq=False)
class PhoneRefused(Exception):  # noqa: N818  # said of the number, to a person
    """A number that is not accepted.

    `code` is for programs: invalid, words, extension, several, incomplete, country, type, own,
    same, unsure, never_call or blocked. `message` is a sentence for the visitor, or for a manager
    (the last two codes). `country` (ISO 3166) and `prefix` (the first digits of the number in
    E.164, too few to identify its owner) are for the engineer; "" if unknown. `number` (E.164): the
    number that the visitor has to confirm, if it is unsure.
    """

    code: str
    message: str
    country: str = ""
    prefix: str = ""
    number: str = ""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class TypedPhone:
    """A number that may be called, in E.164, and the extension typed after it: "" or up to 7
    digits.

    `is_doubtful`: it may be another number that was only half typed
    (typed_numbers.may_be_half_typed).
    """

    e164: str
    extension: str = ""
    is_doubtful: bool = False


def parse(typed: str, default_country: str, allowed_countries: Collection[str]) -> TypedPhone:
    """The number ("+972505550101") and extension that were typed. Raises PhoneRefused.

    `default_country`: the ISO 3166 country of numbers typed without one. Every spelling of a number
    gives the same result: spaces, hyphens, brackets, a leading 00 or +, digits of other scripts.
    """
    try:
        number, extension = typed_numbers.read(typed, default_country, allowed_countries)
    except Misread as misread:
        sentence = _misread(misread.why, default_country, allowed_countries)
        raise PhoneRefused(misread.why, sentence) from None
    refuse_unless_callable(number, allowed_countries)
    is_doubtful = typed_numbers.may_be_half_typed(
        typed, number, {default_country, *allowed_countries}
    )
    return TypedPhone(_e164(number), extension, is_doubtful)


def check(e164: str, allowed_countries: Collection[str]) -> None:
    """Checks a stored number against the same allow-list. Raises PhoneRefused."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        raise PhoneRefused("invalid", gettext("This is not a phone number.")) from None
    number = one_line.own(number)
    if not typed_numbers.is_number(number):
        raise PhoneRefused("invalid", gettext("This is not a phone number."))
    refuse_unless_callable(number, allowed_countries)


def refuse_unless_callable(
    number: phonenumbers.PhoneNumber, allowed_countries: Collection[str]
) -> None:
    """Raises PhoneRefused unless `number` has an allowed country and type."""
    country = phonenumbers.region_code_for_number(number) or ""
    if not _is_callable(number, country):
        sentence = gettext(
            "We cannot call this kind of number. Enter a mobile, landline or internet phone number."
        )
        raise PhoneRefused("type", sentence, country, _prefix(number))
    if country not in allowed_countries:
        sentences = f"{_not_of(country, number.country_code)} {_one_of(allowed_countries)}"
        raise PhoneRefused("country", sentences, country, _prefix(number))


def _is_callable(number: PhoneNumber, country: str) -> bool:
    """Whether a number of this country is of a kind that people answer."""
    nobodys = _NOBODYS.get(country)
    if nobodys and nobodys.fullmatch(phonenumbers.national_significant_number(number)):
        return False
    is_known = typed_numbers.is_in_whole_range(number)
    return phonenumbers.number_type(number) in CALLABLE_TYPES or is_known


def _not_of(country: str, code: int | None) -> str:
    if country in countries.NAMES:
        return gettext("We cannot call numbers in this country: %(country)s.") % {
            "country": countries.name(country)
        }
    return gettext("We cannot call numbers that begin with %(code)s.") % {
        "code": _left_to_right(f"+{code}")
    }


def _one_of(allowed: Collection[str]) -> str:
    """ "Enter a number from this country: Israel (+972)." or a similar sentence."""
    codes = {name: phonenumbers.country_code_for_region(name) for name in allowed}
    if len(codes) > _COUNTRIES_NAMED:
        prefixes = gettext(", ").join(
            _left_to_right(f"+{code}") for code in sorted(set(codes.values()))
        )
        return gettext("Enter one that starts with one of these: %(prefixes)s.") % {
            "prefixes": prefixes
        }
    named = sorted(
        f"{countries.name(name)} ({_left_to_right(f'+{code}')})" for name, code in codes.items()
    )
    sentence = ngettext(
        "Enter a number from this country: %(countries)s.",
        "Enter a number from one of these countries: %(countries)s.",
        len(named),
    )
    return sentence % {"countries": gettext(", ").join(named)}


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _prefix(number: phonenumbers.PhoneNumber) -> str:
    """ "+97272": the country code and two digits, a range shared by a million people."""
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)[:2]}"


def with_extension(e164: str, extension: str) -> str:
    """ "+97235550101", "12" -> "+972 3-555-0101, ext. 12"; the number alone for an empty
    extension.
    """
    number = readable(e164)
    if not extension:
        return number
    return gettext("%(number)s, ext. %(extension)s") % {"number": number, "extension": extension}


def readable(e164: str) -> str:
    """ "+972505550101" -> "+972 50-555-0101"; a text that is not a number stays as it is. For an
    erased number's placeholder, the word "erased".
    """
    if e164.startswith("+0"):
        return gettext("erased")
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def isolated(number: str) -> str:
    """A number for a sentence on a page: left to right, even between Hebrew or Arabic words."""
    return f"\u2066{number}\u2069"


def _left_to_right(number: str) -> str:
    """A number for a sentence that programs get too: isolated only in languages written from right
    to left, where its groups would otherwise change order.
    """
    return isolated(number) if get_language_bidi() else number


def shown_to(e164: str, phone: str) -> str:
    """A number as the owner of the number `phone` reads it: without the country code if both share
    it. "+97235550100" -> "03-555-0100" in Israel, "+972 3-555-0100" elsewhere; "" stays "".
    """
    if not e164:
        return ""
    number, own = phonenumbers.parse(e164), None
    with suppress(NumberParseException):
        own = phonenumbers.parse(phone)
    if own is None or own.country_code != number.country_code:
        return readable(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


@lru_cache(maxsize=20_000)
def time_zones(e164: str) -> tuple[str, ...]:
    """The IANA zones where the phone with this number may be; empty if unknown.

    The zones of the number's own range, if the range tells a place: an area, a mobile range of one
    area, or one of the smaller countries that share a code (+7 7 is Kazakhstan). For any other
    number, all zones of the country code: a Russian mobile may be anywhere in Russia.
    """
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return ()
    code = number.country_code or 0
    geographical = timezone.time_zones_for_geographical_number
    return _known(_zones(number), code) or _known(geographical(number), code)


def _zones(number: PhoneNumber) -> Collection[str]:
    code = number.country_code or 0
    region = phonenumbers.region_code_for_number(number)
    if region and region != phonenumbers.region_code_for_country_code(code):
        zones: Collection[str] = timezone.time_zones_for_geographical_number(number)
        return zones
    if code == _INDONESIA and phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
        # The library treats these as area numbers, all of Jakarta.
        return time_zones_of("ID")
    zones = timezone.time_zones_for_number(number)
    return tuple(zones)


def country(e164: str) -> str:
    """The country (ISO 3166) of a number; "" if unknown."""
    try:
        number = one_line.own(phonenumbers.parse(e164))
    except NumberParseException:
        return ""
    found = phonenumbers.region_code_for_number(number) or ""
    return found if found in countries.NAMES else ""


def example(country: str) -> str:
    """A mobile number of the country (ISO 3166) in E.164, for examples in forms; "" if none is
    known.
    """
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return _e164(number) if number else ""


@lru_cache(maxsize=300)
def time_zones_of(country: str) -> tuple[str, ...]:
    """All time zones of a country (ISO 3166)."""
    code = phonenumbers.country_code_for_region(country)
    number = phonenumbers.PhoneNumber(country_code=code, national_number=0)
    return _known(timezone.time_zones_for_geographical_number(number), code)


def _known(zones: Collection[str], code: int) -> tuple[str, ...]:
    """The known zones, with _OTHERS_CLOCKS applied for the country code."""
    known = (zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE)
    theirs = (own for zone in known for own in _OTHERS_CLOCKS.get((code, zone), (zone,)))
    return tuple(dict.fromkeys(theirs))


def search_forms(typed: str, default_country: str) -> str:
    """The digits to look for in stored E.164 numbers when a person searches for `typed`.

    A whole number in any spelling gives its E.164 form. A part of a number gives its bare digits,
    without leading zeros, which E.164 drops. "" if `typed` has no digits.
    """
    try:
        number, _extension = typed_numbers.read(typed, default_country, [default_country])
    except Misread:
        return phonenumbers.normalize_digits_only(typed).lstrip("0")
    return _e164(number)


def _misread(why: str, default_country: str, allowed_countries: Collection[str]) -> str:
    """The sentence for a text that is not one whole number: what is wrong and what to do."""
    code = phonenumbers.country_code_for_region(default_country)
    example = _example(default_country)
    shown = {
        "example": _left_to_right(example),
        "with_extension": _left_to_right(f"{example} ext. 12"),
        "code": _left_to_right(f"+{code} ..."),
    }
    match why:
        case "words":
            return (
                gettext("Enter only the phone number, in digits: for example %(example)s.") % shown
            )
        case "extension":
            return (
                gettext(
                    "Enter the phone number in digits. Write an extension of up to 7 digits "
                    "after it like this: %(with_extension)s."
                )
                % shown
            )
        case "several":
            return gettext("Enter one phone number only, for example %(example)s.") % shown
        case "incomplete":
            return (
                gettext(
                    "Enter the full number, as you would dial it in its country (%(example)s) "
                    "or starting with + and the country code (%(code)s)."
                )
                % shown
            )
    if len(allowed_countries) > 1:
        return (
            gettext(
                "Enter a phone number that we can call, for example %(example)s. For another "
                "country, begin with + and the country code."
            )
            % shown
        )
    return gettext("Enter a phone number that we can call, for example %(example)s.") % shown


def _example(country: str) -> str:
    example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    if example is None:
        return "+972 50-555-0101"
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
