"""Number rules, as tables."""

import pytest

from leads import phones
from leads.phones import PhoneRefused


@pytest.mark.parametrize(
    "typed",
    [
        "050-555 0167",
        "0505550167",
        "+972 50 5550167",
        "+972-(0)50-5550167",
        "00972505550167",
        "00972 50 555 01 67",
        "972505550167",
        "(050) 555.01.67",
        "050/5550167",
        "050\u20135550167",
        "\u0660\u0665\u0660\u0665\u0665\u0665\u0660\u0661\u0666\u0667",
        "\u06f0\u06f5\u06f0\u06f5\u06f5\u06f5\u06f0\u06f1\u06f6\u06f7",
        "\uff10\uff15\uff10\uff15\uff15\uff15\uff10\uff11\uff16\uff17",
        "\uff0b\uff19\uff17\uff12\uff15\uff10\uff15\uff15\uff15\uff10\uff11\uff16\uff17",
        "\u202d050-5550167\u202c",
        "\u200f050-5550167\u200e",
        "\u061c050-5550167",
        "\u2066+972\u00a050\u00a05550167\u2069",
        "  050-5550167\t",
        "050-5550167 ext. 12",
        "050-5550167x12",
    ],
)
def test_every_spelling_of_a_number_is_the_same_number(typed: str) -> None:
    assert phones.parse(typed, "IL", ["IL"]).e164 == "+972505550167"


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("050-555 0101", "+972505550101"),
        ("054-555 0167", "+972545550167"),
        ("03-555 0101", "+97235550101"),
        ("02-555 0101", "+97225550101"),
        ("077-555 0101", "+972775550101"),
    ],
    ids=["mobile", "mobile of a block not listed yet", "Tel Aviv", "Jerusalem", "internet phone"],
)
def test_it_accepts_mobile_landline_and_internet_phones(typed: str, e164: str) -> None:
    assert phones.parse(typed, "IL", ["IL"]).e164 == e164
    phones.check(e164, ["IL"])


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1-900-555-010", "type"),
        ("1-919-555-010", "type"),
        ("1-700-555-010", "type"),
        ("1-599-555-010", "type"),
        ("1-800-555-010", "type"),
        ("+972 1-700-555-010", "type"),
        ("+881 612 345 678", "country"),
        ("+870 773 111 632", "country"),
        ("+1 212 555 0101", "country"),
        ("+44 7400 123456", "country"),
        ("+970 599 123 456", "country"),
        ("100", "invalid"),
        ("112", "invalid"),
        ("2700", "invalid"),
        ("*2700", "invalid"),
        ("*67 050-5550167", "invalid"),
        ("#31#0505550167", "invalid"),
        ("**21*0505550167#", "invalid"),
        ("555 0101", "invalid"),
        ("050-123456", "invalid"),
        ("050-55501678", "invalid"),
        ("1" * 40, "invalid"),
        ("+" + "9" * 40, "invalid"),
        ("0" * 10_000, "invalid"),
        ("050-CALLNOW", "words"),
        ("05O-5550167", "words"),
        ("call me", "words"),
        ("050-5550167 or 052-5550167", "several"),
        ("050\x005550167", "invalid"),
        ("050\ud8005550167", "invalid"),
        ("\U0001f4de", "invalid"),
        ("", "invalid"),
        ("   ", "invalid"),
        ("+", "invalid"),
    ],
)
def test_it_refuses(typed: str, code: str) -> None:
    with pytest.raises(PhoneRefused) as refused:
        phones.parse(typed, "IL", ["IL"])
    assert refused.value.code == code
    assert str(refused.value) == refused.value.message


def test_a_refusal_says_what_to_do_and_not_what_was_typed() -> None:
    with pytest.raises(PhoneRefused) as refused:
        phones.parse("+44 7400 123456", "IL", ["IL", "FR"])
    assert refused.value.message.endswith("one of these countries: France (+33), Israel (+972).")
    assert "7400" not in refused.value.message


def test_other_countries_are_accepted_where_a_source_allows_them() -> None:
    assert phones.parse("07400 123456", "GB", ["GB", "IL"]).e164 == "+447400123456"
    assert phones.parse("00 972 50-5550167", "US", ["US", "IL"]).e164 == "+972505550167"


def test_a_number_of_a_shared_country_code_belongs_to_its_own_country() -> None:
    """+1 includes Canada as well as the United States; 876 is Jamaica, which costs far more."""
    with pytest.raises(PhoneRefused):
        phones.parse("+1 876 555 0101", "US", ["US"])


@pytest.mark.parametrize("stored", ["+972190055501", "+972170055501", "+12125550101", "nonsense"])
def test_a_stored_number_is_asked_about_again(stored: str) -> None:
    with pytest.raises(PhoneRefused):
        phones.check(stored, ["IL"])


def test_a_number_can_be_read_out() -> None:
    assert phones.readable("+972505550101") == "+972 50-555-0101"
    assert phones.readable("nonsense") == "nonsense"


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("050-555 0101", "+972505550101"),
        ("00972505550101", "+972505550101"),
        ("0555", "555"),
        ("555-01", "55501"),
        ("972 52 991", "97252991"),
        ("Dana", ""),
    ],
)
def test_a_manager_finds_a_number_by_any_spelling(typed: str, looked_for: str) -> None:
    assert phones.search_forms(typed, "IL") == looked_for
