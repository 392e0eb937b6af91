"""Where a visitor came from: pages, referrers, and the marks of advertisements. Pure.

A `Visit` is what is kept of one page: its address and its referrer, both without the part after "?"
or "#", and the marks found there: UTM parameters and click ids. Nothing else of a query is kept,
because queries hold people's addresses, numbers and tokens. An unreadable part is left out, and
refuses nobody.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_plus, urlsplit, urlunsplit

from leads.typed_text import clean_line

# The fields of the form and the API, beside those named like the marks.
PAGE, REFERRER = "page", "referrer"
FIRST_PAGE, FIRST_REFERRER = "first_page", "first_referrer"
ADDRESSES = (PAGE, REFERRER, FIRST_PAGE, FIRST_REFERRER)

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# What a click id alone says, as (source, medium). Facebook marks every link, paid or not.
CLICK_IDS: Mapping[str, tuple[str, str]] = {
    "gclid": ("google", "cpc"),
    "gbraid": ("google", "cpc"),
    "wbraid": ("google", "cpc"),
    "dclid": ("google", "display"),
    "msclkid": ("bing", "cpc"),
    "yclid": ("yandex", "cpc"),
    "ttclid": ("tiktok", "cpc"),
    "twclid": ("twitter", "cpc"),
    "li_fat_id": ("linkedin", "cpc"),
    "rdt_cid": ("reddit", "cpc"),
    "epik": ("pinterest", "cpc"),
    "sccid": ("snapchat", "cpc"),
    "fbclid": ("facebook", ""),
}
MARKS = (*UTM, *CLICK_IDS)
FIELDS = (*ADDRESSES, *MARKS)

MOST_ADDRESS = 300
MOST_MARK = 150
# A cut-off click id is useless: a longer one is left out.
_CLICK_ID = re.compile(r"[A-Za-z0-9_.~=+/-]{1,255}")
# How much of an address, and of a single mark, is read at all.
_MOST_READ = 8_000
_MOST_MARK_READ = 600

# All three search what anybody sends: the steps of a search grow only linearly with its length.
_EMAIL = re.compile(r"[^\s@/]@[^\s@/]+\.\w")
# Only with a leading + or 0: advertisers number their campaigns with as many digits.
_NUMBER = re.compile(r"(?<![\w.-])(?:\+|0)\d(?:[ ().-]{0,3}\d){7,}")
_TOKEN = re.compile(r"[A-Za-z0-9_]{32,}|[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")
_LEFT_OUT = "-"

Visit = Mapping[str, str]


@dataclass(frozen=True)
class CameFrom:
    """The visitor's first page, as far as known, and the page that the request came from."""

    first: Visit = field(default_factory=dict)
    last: Visit = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.first or self.last)


def read(fields: Mapping[str, str]) -> CameFrom:
    """What a request's FIELDS say; marks in separate fields belong to the last page."""
    last = _visit(fields.get(PAGE, ""), fields.get(REFERRER, ""), fields)
    first = _visit(fields.get(FIRST_PAGE, ""), fields.get(FIRST_REFERRER, ""), {})
    if not first:
        led_here = _visit(fields.get(REFERRER, ""), "", {})
        first = led_here if has_marks(led_here) else last
    return CameFrom(first, last)


def has_marks(visit: Visit) -> bool:
    """Whether an advertisement, or somebody who counts clicks, led to this page."""
    return any(name in visit for name in MARKS)


def counted(*visits: Visit) -> dict[str, str]:
    """utm_source, utm_medium and utm_campaign of the first visit with any marks, "" for missing
    ones.

    If it has only click ids, the source and medium that the id implies.
    """
    known: Visit = next((it for it in visits if has_marks(it)), {})
    source, medium = next((CLICK_IDS[name] for name in CLICK_IDS if name in known), ("", ""))
    if any(name in known for name in UTM[:3]):
        source = medium = ""
    return {
        "utm_source": known.get("utm_source", source),
        "utm_medium": known.get("utm_medium", medium),
        "utm_campaign": known.get("utm_campaign", ""),
    }


def page_of(address: str) -> str:
    """A page's address without the part after "?" or "#", which may hold names and numbers, and
    without parts of its path that look like such; cut to the stored length. "" if it is not an
    address.
    """
    parts = _split(address)
    if parts is None:
        return ""
    place, path, _query = parts
    return (place + "/".join(_harmless(it) for it in path.split("/")))[:MOST_ADDRESS]


def with_marks(address: str) -> str:
    """page_of with the marks of its query, for our own pages to hand on."""
    page, marks = page_of(address), _marks_in(address)
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in marks.items())
    return f"{page}?{query}" if page and query else page


def handed_on(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields for our own page to send back with its form: `read` reads the same from them."""
    addresses = {name: with_marks(fields.get(name, "")) for name in ADDRESSES}
    marks = {name: _mark(name, fields.get(name, "")[:_MOST_MARK_READ]) for name in MARKS}
    return addresses | {name: value for name, value in marks.items() if value}


def _visit(address: str, referrer: str, named: Mapping[str, str]) -> Visit:
    found = {PAGE: page_of(address), REFERRER: page_of(referrer)} | _marks_in(address)
    for name in MARKS:
        if value := _mark(name, named.get(name, "")[:_MOST_MARK_READ]):
            found[name] = value
    return {name: value for name, value in found.items() if value}


def _split(address: str) -> tuple[str, str, str] | None:
    """Scheme and place, path, query; None if it is not the address of a page."""
    try:
        parts = urlsplit(clean_line(address[:_MOST_READ]))
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, "", "", "")), parts.path, parts.query


def _harmless(part: str) -> str:
    """A part of a path; "-" if it looks like somebody's address, number or secret."""
    said = unquote(part)
    is_secret = _EMAIL.search(said) or _NUMBER.search(said) or _TOKEN.fullmatch(said)
    return _LEFT_OUT if is_secret else part


def _marks_in(address: str) -> dict[str, str]:
    parts = _split(address)
    return dict(_pairs(parts[2])) if parts else {}


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    """The marks of a query. For a repeated mark, the first."""
    seen = set()
    for pair in query.split("&"):
        written, _equals, value = pair.partition("=")
        name = unquote_plus(written).strip().lower().removeprefix("amp;")
        # Unquoted without replacing +: a + is a space in a query, and part of a number.
        if name not in MARKS or name in seen or _NUMBER.search(unquote(value)):
            continue
        if mark := _mark(name, unquote_plus(value)):
            seen.add(name)
            yield name, mark


def _mark(name: str, value: str) -> str:
    """The value to keep; "" if it says nothing, or names a person."""
    value = clean_line(value)
    if name in CLICK_IDS:
        return value if _CLICK_ID.fullmatch(value) else ""
    if _EMAIL.search(value) or _NUMBER.search(value) or not any(it.isalnum() for it in value):
        return ""
    return value[:MOST_MARK].strip()
