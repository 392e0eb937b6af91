"""How entries of the block lists are written, and what they match."""

from ipaddress import ip_address, ip_network

import pytest

from leads.guard import block_values
from leads.guard.block_values import NotAnEntry

STORED = {
    "a number": ("number", "+972 50-555-0101", "+972505550101"),
    "a number of the source's country": ("number", "050-555 0101", "+972505550101"),
    "a number with 00": ("number", "00972505550101", "+972505550101"),
    "a prefix": ("number", "+97250", "+97250"),
    "a prefix with a star": ("number", "+972 50*", "+97250"),
    "a country": ("number", "+44", "+44"),
    "a prefix with two country codes": ("number", "+972 59", "+97059"),
    "the other one": ("number", "+970 59", "+97059"),
    "a line with two country codes": ("number", "+972595550167", "+970595550167"),
    "a prefix that is Israel's alone": ("number", "+97252", "+97252"),
    "all of Israel": ("number", "+972", "+972"),
    "an address": ("address", "192.0.2.7", "192.0.2.7"),
    "an address as a network": ("address", "192.0.2.7/32", "192.0.2.7"),
    "a network": ("address", "192.0.2.77/24", "192.0.2.0/24"),
    "an IPv4 address in IPv6's writing": ("address", "::ffff:192.0.2.7", "192.0.2.7"),
    "an IPv6 address is its customer's network": ("address", "2001:db8::7", "2001:db8::/64"),
    "an IPv6 network": ("address", "2001:DB8:0::/48", "2001:db8::/48"),
    "a domain": ("domain", "Shop.Example.COM.", "shop.example.com"),
    "a domain of a mail address": ("domain", "dana@shop.example", "shop.example"),
    "a domain with a star": ("domain", "*.shop.example", "shop.example"),
    "a Hebrew domain": ("domain", "דוגמה.example", "xn--6dbbec0c.example"),
    "a word": ("word", " Casino! ", "casino"),
    "three words": ("word", "Buy Cheap  loans", "buy cheap loans"),
    "accents": ("word", "Café", "cafe"),
    "Hebrew with points": ("word", "קָזִינוֹ", "קזינו"),
    "a Hebrew abbreviation": ("word", 'חו"ל', "חול"),
    "Arabic with vowel signs": ("word", "قِمار", "قمار"),
    "Arabic that is drawn out": ("word", "قمـــار", "قمار"),
    "Cyrillic": ("word", "КАЗИНО", "казино"),
    "Devanagari stays one word": ("word", "नमस्ते", "नमस्ते"),
    "full-width letters": ("word", "\uff43\uff41sino", "casino"),
    "a sign that is not seen": ("word", "cas\u200bino", "casino"),
}


@pytest.mark.parametrize("row", STORED)
def test_it_is_stored_in_one_form(row: str) -> None:
    kind, typed, stored = STORED[row]
    value = block_values.read(kind, typed, ["IL"])
    if row.startswith("Devanagari"):
        assert " " not in value
    else:
        assert value == stored
    assert block_values.read(kind, value, ["IL"]) == value


REFUSED = {
    "nothing": ("number", "  "),
    "no number": ("number", "Dana"),
    "no country code": ("number", "+9"),
    "more digits than any number": ("number", "+97250555010112345"),
    "no address": ("address", "192.0.2"),
    "half the internet": ("address", "0.0.0.0/1"),
    "half the internet in IPv6": ("address", "2000::/3"),
    "our own proxy": ("address", "10.0.0.5"),
    "a network around our own proxy": ("address", "10.0.0.0/8"),
    "a whole country's domain": ("domain", "com"),
    "no domain": ("domain", "shop example"),
    "signs": ("word", "!!!"),
    "a sentence": ("word", "buy one of our loans"),
    "no kind": ("colour", "red"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_no_entry_is_told(row: str) -> None:
    kind, typed = REFUSED[row]
    with pytest.raises(NotAnEntry):
        block_values.read(kind, typed, ["IL"], [ip_network("10.0.0.0/24")])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("domain", "gmail.com"),
        ("number", "+972"),
        ("number", "+1"),
        ("number", "+970"),
        ("word", "a"),
        ("word", "לא"),
    ],
)
def test_half_of_the_world_is_held_and_not_refused(kind: str, value: str) -> None:
    block_values.refuse_too_much(kind, value, "hold")
    with pytest.raises(NotAnEntry):
        block_values.refuse_too_much(kind, value, "refuse")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("domain", "shop.example.com"), ("number", "+97250"), ("number", "+1242"), ("word", "972")],
)
def test_a_part_of_it_may_be_refused(kind: str, value: str) -> None:
    block_values.refuse_too_much(kind, value, "refuse")


FITS = {
    "a word in a sentence": ("casino", "Our CASINO, open now", True),
    "a part of a word": ("casino", "casinos", False),
    "a word with a prefix": ("קזינו", "הקזינו", False),
    "a Hebrew word": ("קזינו", "בואו ל קָזִינוֹ!", True),
    "an Arabic word": ("قمار", "لعبة قِمارٌ.", True),
    "words in a row": ("cheap loans", "very cheap - loans today", True),
    "words that are not in a row": ("cheap loans", "cheap and good loans", False),
    "the domain of a link": ("spam example", "see http://spam.example/x", True),
    "beside a hyphen": ("casino", "casino-bonus", True),
    "digits": ("777", "win 777!", True),
    "a joiner within": ("casino", "cas\u200bino", True),
    "a variation selector within": ("casino", "cas\ufe0fino", True),
    "a rare variation selector within": ("casino", "cas\U000e0101ino", True),
    "a Mongolian selector within": ("casino", "cas\u180bino", True),
    "a letter that shows nothing within": ("casino", "cas\u3164ino", True),
    "another letter that shows nothing within": ("casino", "cas\u115fino", True),
    "a Khmer vowel that shows nothing within": ("casino", "cas\u17b4ino", True),
    "a rare accent": ("casino", "cas\u1dc4ino", True),
    "a circle around a letter": ("casino", "cas\u20ddino", True),
    "half of a mark above two letters": ("casino", "cas\ufe20ino", True),
}


@pytest.mark.parametrize("row", FITS)
def test_whole_words_fit(row: str) -> None:
    typed, text, fits = FITS[row]
    assert (block_values.read("word", typed) in block_values.of_text(text)) is fits


@pytest.mark.parametrize(
    ("typed", "address", "fits"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.0/24", "192.0.2.255", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::/48", "2001:db8:0:1::1", True),
        ("2001:db8::/48", "2001:db8:1::1", False),
    ],
)
def test_networks_fit_their_addresses(typed: str, address: str, fits: bool) -> None:
    entry = block_values.read("address", typed)
    assert (entry in block_values.of_address(ip_address(address))) is fits


@pytest.mark.parametrize(
    ("typed", "mail", "fits"),
    [
        ("shop.example", "dana@shop.example", True),
        ("shop.example", "dana@mail.SHOP.example", True),
        ("mail.shop.example", "dana@shop.example", False),
        ("shop.example", "dana@myshop.example", False),
        ("דוגמה.example", "dana@דוגמה.example", True),
        ("shop.example", "", False),
    ],
)
def test_domains_fit_those_below_them(typed: str, mail: str, fits: bool) -> None:
    assert (block_values.read("domain", typed) in block_values.of_mail(mail)) is fits
