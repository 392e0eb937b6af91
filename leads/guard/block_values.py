"""How entries of the block lists are written, and which entries match a request. Pure.

Entries are looked up by equality: all values that an entry could have are made from the request
(each prefix of its number, each network around its address, each domain above its mail's, each
word, and each two or three words in a row).

Words are compared without case, accents, vowel points and invisible characters, in any script. A
word ends where its letters and digits end: "loan" does not match "loans". Scripts without spaces
between words (Chinese, Thai) are compared up to the next character that is neither a letter nor a
digit.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, normalize_digits_only

from leads import countries, one_line, phones
from leads.guard.address import Address, Network, customer
from leads.models.blocks import BlockKind, BlockVerdict
from leads.phones import PhoneRefused

# How many words in a row an entry may have.
MOST_WORDS = 3
_FEWEST_LETTERS = 3  # in a word that refuses
# Networks wider than these are too large a part of the internet.
_WIDEST = {4: 8, 6: 20}
_LONGEST = 190  # characters
_MOST_DIGITS = 15
# Blocking one of these would block everybody's mail.
PUBLIC_DOMAINS = frozenset({
    "aol.com", "gmail.com", "gmx.com", "gmx.de", "googlemail.com", "hotmail.com", "icloud.com",
    "live.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com", "proton.me",
    "protonmail.com", "rambler.ru", "ukr.net", "walla.co.il", "walla.com", "web.de", "yahoo.com",
    "yandex.com", "yandex.ru", "zahav.net.il",
})  # fmt: skip
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")
# Accents, including rare ones, and signs drawn around a letter; Hebrew points; Arabic vowel signs;
# the Arabic line that only stretches a word; and invisible letters and marks.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]"
)
# Inside a word: "don't", and the Hebrew geresh and gershayim.
_WITHIN = re.compile("(?<=\\w)['\"\u2018\u2019\u02bc\u05f3\u05f4](?=\\w)")


class NotAnEntry(ValueError):  # noqa: N818  # said to a person
    """A text is not an entry of its kind; the message says why."""


def read(
    kind: str, typed: str, default_countries: Collection[str] = (), proxies: Iterable[Network] = ()
) -> str:
    """The entry that a person means by `typed`, as it is stored. Raises NotAnEntry.

    `default_countries` (ISO 3166): the countries to read a number without + in. `proxies`: networks
    that nobody may block, because everybody comes through them.
    """
    typed = typed.strip()
    if not typed:
        raise NotAnEntry(gettext("There is nothing to block."))
    match kind:
        case BlockKind.NUMBER:
            return _number(typed, default_countries)
        case BlockKind.ADDRESS:
            return _network(typed, proxies)
        case BlockKind.DOMAIN:
            return _domain(typed)
        case BlockKind.WORD:
            return _words(typed)
    raise NotAnEntry(gettext("%(typed)s is not a kind of entry.") % {"typed": kind})


def refuse_too_much(kind: str, value: str, verdict: str) -> None:
    """Raises NotAnEntry for an entry that would refuse far too many people; it may only hold
    them.
    """
    if kind == BlockKind.DOMAIN and value in PUBLIC_DOMAINS and verdict == BlockVerdict.REFUSE:
        raise NotAnEntry(
            gettext("Anybody can have mail at %(domain)s: it can be held, but not refused.")
            % {"domain": value}
        )
    if kind == BlockKind.WORD and len(value) < _FEWEST_LETTERS and verdict == BlockVerdict.REFUSE:
        raise NotAnEntry(
            gettext("“%(word)s” is too short: it can be held, but not refused.") % {"word": value}
        )
    is_a_country = value[1:].isdecimal() and int(value[1:]) in COUNTRY_CODE_TO_REGION_CODE
    if kind == BlockKind.NUMBER and is_a_country and verdict == BlockVerdict.REFUSE:
        raise NotAnEntry(
            gettext(
                "%(prefix)s is a whole country: it can be held, but not refused. Set the "
                "countries a form accepts at its source."
            )
            % {"prefix": value}
        )


def of_number(phone: str) -> set[str]:
    """The entries that match a number (E.164): the number and its prefixes, in each spelling."""
    spellings = one_line.spellings(phone)
    return {spelling[:end] for spelling in spellings for end in range(2, len(spelling) + 1)}


def of_address(address: Address) -> set[str]:
    """The entries that match an address: the address and each network around it."""
    bits = address.max_prefixlen
    own = ipaddress.ip_network(address)
    return {_written(own.supernet(new_prefix=length)) for length in range(bits + 1)}


def of_mail(email: str) -> set[str]:
    """The entries that match a mail address: its domain, and the domains above it."""
    labels = _ascii(email.rpartition("@")[2]).split(".")
    return {".".join(labels[place:]) for place in range(len(labels) - 1)}


def of_text(text: str) -> set[str]:
    """The entries that match a text: its words, and up to MOST_WORDS of them in a row."""
    words = list(_tokens(text))
    return {
        " ".join(words[start : start + length])
        for length in range(1, MOST_WORDS + 1)
        for start in range(len(words) - length + 1)
    }


def written(answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """The texts in the answers to a manager's own fields, without ticked boxes.

    `answers`: as in leads.models.Answers.
    """
    return [it["value"] for it in answers if isinstance(it["value"], str)]


def _number(typed: str, default_countries: Collection[str]) -> str:
    text = typed.removesuffix("*").strip()
    digits = normalize_digits_only(text)
    if text[:1] in {"+", "\uff0b"} or digits.startswith("00"):
        return one_spelling(f"+{digits.removeprefix('00')}", typed)
    for country in default_countries:
        try:
            return phones.parse(text, country, countries.NAMES).e164
        except PhoneRefused:
            continue
    raise NotAnEntry(
        gettext(
            "%(typed)s is not a phone number. Begin a prefix with + and the country code: +97259."
        )
        % {"typed": typed}
    )


def one_spelling(value: str, typed: str) -> str:
    """A number or prefix (+ and digits); for a number with two country codes, the spelling that is
    stored. Raises NotAnEntry, which shows `typed`, if no number begins like this.
    """
    digits = value[1:]
    has_a_country = any(int(digits[:n] or 0) in COUNTRY_CODE_TO_REGION_CODE for n in (1, 2, 3))
    if not has_a_country or len(digits) > _MOST_DIGITS:
        raise NotAnEntry(
            gettext("%(typed)s does not begin with a country code, or is longer than any number.")
            % {"typed": typed}
        )
    return one_line.stored_beginning(value)


def _network(typed: str, proxies: Iterable[Network]) -> str:
    try:
        network = ipaddress.ip_network(typed, strict=False)
    except ValueError:
        raise NotAnEntry(
            gettext(
                "%(typed)s is neither an address nor a network, "
                "for example 192.0.2.7 or 2001:db8::/48."
            )
            % {"typed": typed}
        ) from None
    if network.version == 6 and (mapped := network.network_address.ipv4_mapped):
        length = max(network.prefixlen - 96, 0)
        network = ipaddress.ip_network((mapped, length), strict=False)
    if network.prefixlen < _WIDEST[network.version]:
        raise NotAnEntry(
            gettext("%(typed)s is too wide: /%(widest)s at most.")
            % {"typed": typed, "widest": _WIDEST[network.version]}
        )
    if network.version == 6 and network.prefixlen == network.max_prefixlen:
        network = ipaddress.ip_network(customer(network.network_address))
    if any(it.version == network.version and it.overlaps(network) for it in proxies):
        raise NotAnEntry(
            gettext("%(typed)s is one of our proxies: everybody would be blocked.")
            % {"typed": typed}
        )
    return _written(network)


def _written(network: Network) -> str:
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def _domain(typed: str) -> str:
    domain = _ascii(typed.rpartition("@")[2].removeprefix("*").strip("."))
    if not _DOMAIN.fullmatch(domain) or len(domain) > _LONGEST:
        raise NotAnEntry(
            gettext("%(typed)s is not a mail domain, for example shop.example.com.")
            % {"typed": typed}
        )
    return domain


def _ascii(domain: str) -> str:
    domain = domain.strip().rstrip(".").casefold()
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _words(typed: str) -> str:
    words = list(_tokens(typed))
    if not words:
        raise NotAnEntry(gettext("%(typed)s has no letters and no digits.") % {"typed": typed})
    if len(words) > MOST_WORDS:
        raise NotAnEntry(
            gettext(
                "Enter at most %(most)s words. An entry matches if all of them appear in a row."
            )
            % {"most": MOST_WORDS}
        )
    found = " ".join(words)
    if len(found) > _LONGEST:
        raise NotAnEntry(gettext("%(typed)s is too long.") % {"typed": typed[:40]})
    return found


def _tokens(text: str) -> Iterator[str]:
    """The words of a text, in the form that is compared."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    plain = "".join(it for it in plain if unicodedata.category(it) != "Cf").casefold()
    plain = _WITHIN.sub("", plain)
    parted = "".join(it if unicodedata.category(it)[0] in "LNM" else " " for it in plain)
    yield from parted.split()
