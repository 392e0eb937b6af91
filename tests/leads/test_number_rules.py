"""What is typed as a number, and how it is read: one table, a row for each case."""

import re
from dataclasses import dataclass

import pytest
from django.utils import translation

from leads import phones
from leads.phones import PhoneRefused, TypedPhone

WHOLE = "Enter the full number, as you would dial it in its country (050-234-5678) or starting"
WORDS = "Enter only the phone number, in digits: for example 050-234-5678."
SEVERAL = "Enter one phone number only, for example 050-234-5678."
EXTENSION = (
    "Enter the phone number in digits. Write an extension of up to 7 digits after it like this: "
    "050-234-5678 ext. 12."
)
INVALID = "Enter a phone number that we can call, for example 050-234-5678"
KIND = "We cannot call this kind of number."


@dataclass(frozen=True)
class Row:
    """`typed` at a source of `countries` (the first one is its default) becomes `e164`, or is
    refused with `code` and a message that begins with `says`.
    """

    typed: str
    countries: str = "IL"
    e164: str = ""
    extension: str = ""
    code: str = ""
    says: str = ""
    # It may be half of another number, so the visitor is asked (test_number_asked_back.py).
    is_doubtful: bool = False


TABLE = {
    # A country code is not a part of a national number.
    "half a mobile": Row("972 50 234", code="incomplete", says=WHOLE),
    "half a mobile, with a hyphen": Row("972-52-991", code="incomplete", says=WHOLE),
    "half a Tel Aviv number": Row("972-3-6123", code="incomplete", says=WHOLE),
    "half a number after tel:": Row("tel:97250234", code="incomplete", says=WHOLE),
    "half a number of another country of the source": Row(
        "44 20 7946", "IL GB", code="incomplete", says=WHOLE
    ),
    "half a French number": Row("33 50 12 345", "FR", code="incomplete"),
    "half a Belgian number": Row("32 12 34 56", "BE", code="incomplete"),
    "half a South African number": Row("27 12 34 567", "ZA", code="incomplete"),
    "half a mobile with its plus": Row("+972 50 234", code="invalid", says=INVALID),
    "half a mobile, one 0 for the plus": Row("0972 50 234", code="incomplete", says=WHOLE),
    "the same with hyphens": Row("0972-50-234", code="incomplete", says=WHOLE),
    "the same, the code in brackets": Row("(0972) 50234", code="incomplete", says=WHOLE),
    "the same, the 0 in brackets": Row("(0)972 50 234", code="incomplete", says=WHOLE),
    "Lucerne, whose area is like its country's code": Row(
        "041 227 01 01", "CH", e164="+41412270101"
    ),
    "Lund, likewise": Row("046-12 34 56", "SE", e164="+4646123456"),
    "a landline that begins like it, with its 0": Row("09-725 0234", e164="+97297250234"),
    "a landline that begins like it, with its code": Row("972 9 725 0234", e164="+97297250234"),
    "a mobile without its 0, as a spreadsheet keeps it": Row("505550101", e164="+972505550101"),
    "a whole mobile of a country with long national numbers": Row(
        "49 170 1234567", "DE IL", e164="+491701234567"
    ),
    "another country's whole mobile there": Row("972 50 555 0178", "DE IL", e164="+972505550178"),
    "a whole French number": Row("33 6 12 34 56 78", "FR", e164="+33612345678"),
    "half a number there": Row("972 50 234", "DE IL", code="incomplete"),
    "half a Vietnamese mobile": Row("84 912 3456", "VN", code="incomplete"),
    "half a Lithuanian mobile": Row("370 61234", "LT", code="incomplete"),
    "half a Syrian mobile": Row("963 944567", "SY", code="incomplete"),
    "half a mobile of Guernsey, a landline there without its code": Row(
        "44 7781 12", "GG", code="incomplete"
    ),
    "half a number of Bermuda, likewise": Row("1 441 370 1", "BM", code="incomplete"),
    "half a number of Madagascar, likewise": Row("+261 20 21 234", "MG", code="incomplete"),
    "a landline of Guernsey as it is dialled there": Row("778112", "GG", e164="+441481778112"),
    "San Marino without its area": Row("+378 886377", "SM", e164="+3780549886377"),
    "a whole Vietnamese mobile": Row("84 912 345 678", "VN", e164="+84912345678"),
    "a Polish landline that begins like its code": Row(
        "48 512 34 56", "PL", e164="+48485123456", is_doubtful=True
    ),
    "an Italian mobile, which has no 0": Row(
        "392 123 4567", "IT", e164="+393921234567", is_doubtful=True
    ),
    "a number of Singapore": Row("6512 3456", "SG", e164="+6565123456", is_doubtful=True),
    "an Indian mobile that begins with 91": Row(
        "91987 65432", "IN", e164="+919198765432", is_doubtful=True
    ),
    # A number without its plus.
    "own country, without plus": Row("972505550101", e164="+972505550101"),
    "own country, its code and the 0": Row("972 050 5550101", e164="+972505550101"),
    "own country, one 0 for the plus": Row("0972 50 5550101", e164="+972505550101"),
    "another country of the source, without plus": Row(
        "44 7400 123456", "IL GB", e164="+447400123456"
    ),
    "the United States, without plus": Row("1 (212) 555-0101", "IL US", e164="+12125550101"),
    "another country, one 0 for the plus": Row("0970 59 912 3456", "IL PS", e164="+970599123456"),
    "another country, with 00": Row("0044 7400 123456", "IL GB", e164="+447400123456"),
    "a country that is not the source's, without plus": Row(
        "44 7400 123456", code="invalid", says=INVALID
    ),
    "several countries, and nothing fits": Row(
        "7400 1234",
        "IL GB",
        code="invalid",
        says=f"{INVALID}. For another country, begin with + and the country code.",
    ),
    # Extensions.
    "ext": Row("03-6123456 ext 12", e164="+97236123456", extension="12"),
    "ext. and no space": Row("03-6123456ext.12", e164="+97236123456", extension="12"),
    "extension": Row("03-6123456 extension: 1204", e164="+97236123456", extension="1204"),
    "x": Row("050-5550178x12", e164="+972505550178", extension="12"),
    "Hebrew": Row("03-6123456 שלוחה 12", e164="+97236123456", extension="12"),
    "Russian": Row("03-6123456 доб. 12", e164="+97236123456", extension="12"),
    "semicolon": Row("0505550178;123", e164="+972505550178", extension="123"),
    "tel: with ;ext=": Row("tel:+972-3-612-3456;ext=12", e164="+97236123456", extension="12"),
    "comma": Row("03-6123456, 12", e164="+97236123456", extension="12"),
    "two commas": Row("036123456,,12#", e164="+97236123456", extension="12"),
    "number sign": Row("03-6123456 #12", e164="+97236123456", extension="12"),
    "Arabic digits": Row("03-6123456 ext \u0661\u0662", e164="+97236123456", extension="12"),
    "ext in brackets": Row("03-6123456 (ext 12)", e164="+97236123456", extension="12"),
    "x in square brackets": Row("03-6123456 [x12]", e164="+97236123456", extension="12"),
    "Hebrew in brackets": Row("03-6123456 (שלוחה 12)", e164="+97236123456", extension="12"),
    "number sign in brackets": Row("03-6123456 (#12)", e164="+97236123456", extension="12"),
    "in brackets, before a name": Row(
        "03-6123456 (x12) (Dana)", e164="+97236123456", extension="12"
    ),
    "behind a name in brackets": Row(
        "03-6123456 (Dana, ext 12)", e164="+97236123456", extension="12"
    ),
    "before a name in brackets": Row("03-6123456 (x12, Dana)", e164="+97236123456", extension="12"),
    "ext. no.": Row("03-6123456 ext. no. 12", e164="+97236123456", extension="12"),
    "Hebrew with a number sign": Row(
        "03-6123456 שלוחה מס' 12", e164="+97236123456", extension="12"
    ),
    "Portuguese": Row("03-6123456 ramal 12", e164="+97236123456", extension="12"),
    "Portuguese, short": Row("03-6123456 r. 12", e164="+97236123456", extension="12"),
    "German": Row("03-6123456 Durchwahl 12", e164="+97236123456", extension="12"),
    "Spanish": Row("03-6123456 anexo 12", e164="+97236123456", extension="12"),
    "Spanish, in full": Row("03-6123456 extensión 12", e164="+97236123456", extension="12"),
    "Polish": Row("03-6123456 wewn. 12", e164="+97236123456", extension="12"),
    "Japanese": Row("03-6123456 内線12", e164="+97236123456", extension="12"),
    "Russian, in full": Row("03-6123456 добавочный 12", e164="+97236123456", extension="12"),
    "a word for it that we do not know": Row(
        "03-6123456 mellék 12", code="extension", says=EXTENSION
    ),
    "the same in brackets": Row("03-6123456 (mellék) 12", code="extension", says=EXTENSION),
    "an extension of 8 digits": Row("03-6123456 ext 12345678", code="extension", says=EXTENSION),
    "when to call, behind it": Row("050-555-0178 after 17", code="extension", says=EXTENSION),
    "an extension and nothing before it": Row("ext 12", code="invalid"),
    "a full stop behind it": Row("03-6123456 ext 12.", e164="+97236123456", extension="12"),
    "a comma behind it": Row("03-6123456, ext 12,", e164="+97236123456", extension="12"),
    "its digits in brackets": Row("03-6123456 ext (12)", e164="+97236123456", extension="12"),
    "two extensions": Row("03-6123456 ext 12/13", code="extension", says=EXTENSION),
    "a range of extensions": Row("03-6123456 ext 1-2", code="extension", says=EXTENSION),
    "two extensions in brackets": Row(
        "03-6123456 (ext 12 or 13)", code="extension", says=EXTENSION
    ),
    "a range of extensions in brackets": Row(
        "03-6123456 (ext 1-2)", code="extension", says=EXTENSION
    ),
    "two people's extensions in brackets": Row(
        "03-6123456 (Dana x12, Noa x13)", code="extension", says=EXTENSION
    ),
    "in brackets, and when to call": Row(
        "03-6123456 (ext 12, after 5)", e164="+97236123456", extension="12"
    ),
    "an extension in groups": Row("03-6123456 ext 12 34", code="extension", says=EXTENSION),
    "a name behind it": Row("03-6123456 ext. 12 Dana", code="extension", says=EXTENSION),
    "in front of the number": Row("ext 12, 03-6123456", code="extension", says=EXTENSION),
    "in front, in Hebrew": Row("שלוחה 12, 03-6123456", code="extension", says=EXTENSION),
    "a hyphen and digits": Row("03-6123456-12", code="extension", says=EXTENSION),
    "a space and digits": Row("03 6123456 12", code="extension", says=EXTENSION),
    "digits in brackets": Row("03-6123456 (12)", code="extension", says=EXTENSION),
    "a slash and another line": Row("03-6123456/7", code="extension", says=EXTENSION),
    "a digit too many, that belongs to the number": Row("050-555-01789", code="invalid"),
    # Text around a number.
    "a name in brackets": Row("050-555-0178 (Dana)", e164="+972505550178"),
    "a Hebrew name in brackets": Row("050-555-0178 (דנה)", e164="+972505550178"),
    "a time in brackets": Row("050 555 0178 (after 17)", e164="+972505550178"),
    "a kind and a time in brackets": Row("050 555 0178 (mobile, after 5)", e164="+972505550178"),
    "hours in brackets": Row("050 555 0178 [Sun-Thu 9-17]", e164="+972505550178"),
    "a second number in brackets": Row(
        "050-5550178 (or 052-5550178)", code="several", says=SEVERAL
    ),
    "a note in front": Row("[mobile] 050-555-0178", e164="+972505550178"),
    "a name and an extension": Row("03-6123456 (Dana) ext 5", e164="+97236123456", extension="5"),
    "tel:": Row("tel:+972-50-555-0178", e164="+972505550178"),
    "TEL: and a space": Row("TEL: 050-555-0178", e164="+972505550178"),
    "Tel. of a business card": Row("Tel. 050-555-0178", e164="+972505550178"),
    "Mobile:": Row("Mobile: 050-555-0178", e164="+972505550178"),
    "Hebrew for Tel.": Row("טל' 050-555-0178", e164="+972505550178"),
    "Russian for Tel.": Row("тел. 050-555-0178", e164="+972505550178"),
    "Tel and a space": Row("Tel 050-555-0178", e164="+972505550178"),
    "T:": Row("T: 050-555-0178", e164="+972505550178"),
    "a label of two words": Row("Phone number: 050-555-0178", e164="+972505550178"),
    "a name and a colon": Row("Dana Levi: 050-555-0178", e164="+972505550178"),
    "Hebrew for mobile, and a space": Row("נייד 050-5550178", e164="+972505550178"),
    "Hebrew for mobile, spoken": Row("פלאפון: 050-5550178", e164="+972505550178"),
    "callto://": Row("callto://+972505550178", e164="+972505550178"),
    "a Japanese long vowel for a hyphen": Row("090ー1234ー5678", "JP", e164="+819012345678"),
    "the same, half wide": Row("090ｰ1234ｰ5678", "JP", e164="+819012345678"),
    "wide digits and hyphens": Row(
        "\uff10\uff19\uff10\uff0d\uff11\uff12\uff13\uff14\uff0d\uff15\uff16\uff17\uff18",
        "JP",
        e164="+819012345678",
    ),
    "a maqaf, the Hebrew hyphen": Row("050\u05be5550178", e164="+972505550178"),
    "apostrophes, as the Swiss group digits": Row("050'555'0178", e164="+972505550178"),
    "typeset apostrophes": Row("050\u2019555\u20190178", e164="+972505550178"),
    "a backslash": Row("050\\555\\0178", e164="+972505550178"),
    "a number sign at its end": Row("0505550178#", e164="+972505550178"),
    "a full stop at its end": Row("050-555-0178.", e164="+972505550178"),
    "as a spreadsheet writes it": Row("505550178.0", e164="+972505550178"),
    "underscores": Row("050_555_0178", e164="+972505550178"),
    "middle dots": Row("050·555·0178", e164="+972505550178"),
    "bullets and spaces": Row("050 • 555 • 0178", e164="+972505550178"),
    "a Katakana dot": Row("090・1234・5678", "JP", e164="+819012345678"),
    "Mexico with its old 1": Row("+52 1 55 1234 5678", "MX", e164="+525512345678"),
    "Mexico as WhatsApp has it": Row("5215512345678", "MX", e164="+525512345678"),
    "Mexico with 044": Row("044 55 1234 5678", "MX", e164="+525512345678"),
    "Mexico with 01": Row("01 55 1234 5678", "MX", e164="+525512345678"),
    "Mexico today": Row("55 1234 5678", "MX", e164="+525512345678"),
    "Mexico, a digit short": Row("+52 1 55 1234 567", "MX", code="invalid"),
    "the plus in brackets": Row("(+972) 50-555-0178", e164="+972505550178"),
    "the 0 in brackets": Row("+972 (0)50 555 0178", e164="+972505550178"),
    "a name without brackets": Row("Dana 050-555-0178", code="words", says=WORDS),
    "a link": Row("https://wa.me/972505550178", code="words", says=WORDS),
    "letters for digits": Row("050-CALLNOW", code="words", says=WORDS),
    "a letter O": Row("05O-5550178", code="words", says=WORDS),
    # Two numbers.
    "or": Row("050-5550178 or 052-5550178", code="several", says=SEVERAL),
    "a slash": Row("050-5550178 / 052-5550178", code="several", says=SEVERAL),
    "a comma between": Row("050-5550178, 052-5550178", code="several", says=SEVERAL),
    "a semicolon between": Row("0505550178;0525550178", code="several", says=SEVERAL),
    "a space between": Row("0505550178 0525550178", code="several", says=SEVERAL),
    "two with plus": Row("+972505550178 +972525550178", code="several", says=SEVERAL),
    "with names": Row("050-5550178 (Dana) 052-5550178 (Noa)", code="several", says=SEVERAL),
    # One phone line, one number.
    "059 under 0": Row("059-912 3456", "IL PS", e164="+970599123456"),
    "059 under +972": Row("+972 59 912 3456", "IL PS", e164="+970599123456"),
    "059 under +970": Row("+970 59 912 3456", "IL PS", e164="+970599123456"),
    "056 under 0": Row("056-912 3456", "IL PS", e164="+970569123456"),
    "056 under +972": Row("972569123456", "IL PS", e164="+970569123456"),
    "Ramallah under 02": Row("02-224 1234", "IL PS", e164="+97022241234"),
    "Ramallah under +970": Row("+970 2 224 1234", "IL PS", e164="+97022241234"),
    "Jerusalem is Israel's": Row("02-555 0101", "IL PS", e164="+97225550101"),
    "059 where only Israel is allowed": Row(
        "059-912 3456",
        code="country",
        says="We cannot call numbers in this country: Palestine. Enter a number from this "
        "country: Israel (+972).",
    ),
    "the same by its other code": Row(
        "+970 59 912 3456",
        code="country",
        says="We cannot call numbers in this country: Palestine.",
    ),
    # Ranges of the plan that the library does not list.
    "072": Row("072-123 4567", e164="+972721234567"),
    "073": Row("073-123 4567", e164="+972731234567"),
    "074": Row("074-123 4567", e164="+972741234567"),
    "076": Row("076-123 4567", e164="+972761234567"),
    "079": Row("079-123 4567", e164="+972791234567"),
    "079 with its code": Row("+972 79 123 4567", e164="+972791234567"),
    "050-1": Row("050-123 4567", e164="+972501234567"),
    "070 is nobody's": Row("070-123 4567", code="invalid"),
    "071 is nobody's": Row("071-123 4567", code="invalid"),
    "072, a digit short": Row("072-123 456", code="invalid"),
    # Countries and kinds.
    "Guernsey, where Britain is allowed": Row(
        "+44 7781 123456",
        "GB IL",
        code="country",
        says="We cannot call numbers in this country: Guernsey. Enter a number from one of "
        "these countries: Israel (+972), United Kingdom (+44).",
    ),
    "Jamaica, where the United States are allowed": Row(
        "+1 876 555 0101",
        "US",
        code="country",
        says="We cannot call numbers in this country: Jamaica.",
    ),
    "more countries than a sentence can name": Row(
        "+39 392 123 4567",
        "IL GB FR DE ES US CA",
        code="country",
        says="We cannot call numbers in this country: Italy. "
        "Enter one that starts with one of these: +1, +33, +34, +44, +49, +972.",
    ),
    "satellite": Row(
        "+881 612 345 678", code="country", says="We cannot call numbers that begin with +881."
    ),
    "Canada's 600, for satellites": Row("+1 600 555 0101", "IL CA", code="type", says=KIND),
    "premium": Row("1-900-555-010", code="type", says=KIND),
    "premium of another country": Row("+44 909 8790000", "IL GB", code="type", says=KIND),
    "shared cost": Row("1-700-555-010", code="type", says=KIND),
    "toll-free": Row("1-800-555-010", code="type", says=KIND),
    "toll-free, of another operator": Row("1-809-555-010", code="type", says=KIND),
    "toll-free, in short": Row("1-255-010", code="type", says=KIND),
    "company-wide": Row("1-599-555-010", code="type", says=KIND),
    "premium, in short": Row("1-212-0101", code="type", says=KIND),
    "premium, from 1-200 on": Row("1-200-555-010", code="type", says=KIND),
    "voice mail of a mobile": Row("151-50-555-0101", code="type", says=KIND),
    "voice mail of a landline": Row("151-3-555-0101", code="type", says=KIND),
    "voice mail with the country's code": Row("+972 151 505550101", code="type", says=KIND),
    "fax to mail of a mobile": Row("153-50-555-0101", code="type", says=KIND),
    "fax to mail of a landline": Row("153-3-555-0101", code="type", says=KIND),
    "fax to mail without hyphens": Row("153505550101", code="type", says=KIND),
    "fax to mail with the country's code": Row("+972 153 505550101", code="type", says=KIND),
    "fax to mail with the country's code and no plus": Row(
        "972 153 505550101", code="type", says=KIND
    ),
    "a mobile that begins with 053 and is none of these": Row("053-555-0101", e164="+972535550101"),
    "police": Row("100", code="invalid", says=INVALID),
    "ambulance": Row("101", code="invalid", says=INVALID),
    "fire brigade": Row("102", code="invalid", says=INVALID),
    "electricity": Row("103", code="invalid", says=INVALID),
    "a municipality": Row("106", code="invalid", says=INVALID),
    "the emergency number of phones": Row("112", code="invalid", says=INVALID),
    "an enquiry service": Row("144", code="invalid", says=INVALID),
    "a helpline": Row("1201", code="invalid", says=INVALID),
    "a helpline with the country's code": Row("+972 1201", code="invalid", says=INVALID),
    "a star code": Row("*2700", code="invalid", says=INVALID),
    "a star code with the country's code": Row("+972 *2700", code="invalid", says=INVALID),
    "a network's command": Row("*151#", code="invalid", says=INVALID),
}

# Numbers that an older release, or a program that bypassed the form, may have stored.
NEVER_DIALLED = [
    "+9721900555010", "+9721700555010", "+9721800555010", "+9721599555010", "+972151505550101",
    "+972153505550101", "+97215335550101", "+972100", "+9721201",
]  # fmt: skip


@pytest.mark.parametrize("stored", NEVER_DIALLED)
def test_what_is_stored_is_not_dialled_either(stored: str) -> None:
    with pytest.raises(PhoneRefused):
        phones.check(stored, ["IL"])


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_what_is_typed(row: Row) -> None:
    allowed = row.countries.split()
    if row.code:
        with pytest.raises(PhoneRefused) as refused:
            phones.parse(row.typed, allowed[0], allowed)
        assert refused.value.code == row.code
        assert refused.value.message.startswith(row.says)
    else:
        assert phones.parse(row.typed, allowed[0], allowed) == TypedPhone(
            row.e164, row.extension, row.is_doubtful
        )
        phones.check(row.e164, allowed)


@pytest.mark.parametrize("stored", ["+972599123456", "+972569123456", "+97222241234"])
def test_a_number_stored_under_the_other_code_obeys_the_same_rule(stored: str) -> None:
    phones.check(stored, ["IL", "PS"])
    with pytest.raises(PhoneRefused):
        phones.check(stored, ["IL"])


def test_what_the_engineer_reads_of_a_refusal_names_a_range_and_nobody() -> None:
    with pytest.raises(PhoneRefused) as refused:
        phones.parse("+44 7781 123456", "IL", ["IL"])
    assert (refused.value.country, refused.value.prefix) == ("GG", "+4477")


# Between Arabic letters "050-234-5678" would read 5678-234-050, and "+972" in both 972+.
_ISOLATED = re.compile(r"\u2066[^\u2066\u2069]*\u2069")


@pytest.mark.parametrize("language", ["he", "ar"])
@pytest.mark.parametrize("row", [it for it in TABLE.values() if it.code])
def test_numbers_in_what_is_said_stand_from_left_to_right(row: Row, language: str) -> None:
    allowed = row.countries.split()
    with translation.override(language), pytest.raises(PhoneRefused) as refused:
        phones.parse(row.typed, allowed[0], allowed)
    around = _ISOLATED.sub("", refused.value.message)
    assert not re.search(r"\+ ?\d|\d[- ]\d", around)
