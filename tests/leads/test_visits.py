"""What is stored of the pages that visitors come from, and what is left out."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import visits
from leads.visits import CameFrom

PAGES = {
    "a page": ("https://shop.example/lamps", "https://shop.example/lamps"),
    "without its query": ("https://shop.example/a?email=noa@example.com&q=1", "https://shop.example/a"),
    "without its fragment": ("https://shop.example/a#token=abc", "https://shop.example/a"),
    "without a login": ("https://noa:secret@shop.example/a", "https://shop.example/a"),
    "with its port": ("http://shop.example:8080/", "http://shop.example:8080/"),
    "in Hebrew": ("https://shop.example/%D7%9E%D7%A0%D7%95%D7%A8%D7%94", "https://shop.example/%D7%9E%D7%A0%D7%95%D7%A8%D7%94"),
    "a part that is an address": ("https://shop.example/u/noa%40example.com/orders", "https://shop.example/u/-/orders"),
    "a part that is a number": ("https://shop.example/call/050-555-0101", "https://shop.example/call/-"),
    "a part that is a secret": ("https://shop.example/r/9f86d081884c7d659a2feaa0c55ad015", "https://shop.example/r/-"),
    "a date is no number": ("https://shop.example/2026/01-12-2026/x", "https://shop.example/2026/01-12-2026/x"),
    "control characters": ("https://shop.example/a\x00\x1b\u202eb", "https://shop.example/ab"),
    "a line end": ("https://shop.example/a\r\nX: y", "https://shop.example/a X: y"),
    "a script": ("javascript:alert(1)", ""),
    "a script, in capitals": (" JavaScript:alert(1)//https://shop.example", ""),
    "data": ("data:text/html,<script>", ""),
    "a file": ("file:///etc/passwd", ""),
    "no host": ("https:///lamps", ""),
    "no address": ("lamps", ""),
    "a broken host": ("https://[::1", ""),
    "a broken port": ("https://shop.example:x/", "https://shop.example:x/"),
    "nothing": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize(("address", "kept"), PAGES.values(), ids=PAGES)
def test_the_address_of_a_page(address: str, kept: str) -> None:
    assert visits.page_of(address) == kept


PARTS = {
    "an address": ("noa@example.com", True),
    "one with a plus": ("noa+lamps@mail.example.co.il", True),
    "one in other words": ("to:noa@example.com!", True),
    "one of one letter": ("a@b.c", True),
    "the second @": ("@noa@example.com", True),
    "no @": ("noa.example.com", False),
    "nobody": ("@example.com", False),
    "a name after a space": (" @example.com", False),
    "no place": ("noa@", False),
    "no dot": ("noa@example", False),
    "nothing after the dot": ("noa@example.", False),
    "a dot at once": ("noa@.com", False),
    "a number": ("0505550101", True),
    "a number in parts": ("+972 (50) 555-0101", True),
    "a campaign's number": ("17894561234", False),
    "half a number": ("050555", False),
    "32 letters": ("a" * 32, True),
    "31 letters": ("a" * 31, False),
    "a signed token": ("eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM", True),
    "two parts of one": ("eyJhbGciOi.eyJzdWIiOi", False),
}


@pytest.mark.parametrize(("part", "is_left_out"), PARTS.values(), ids=PARTS)
def test_what_counts_as_an_address_a_number_or_a_secret(part: str, is_left_out: bool) -> None:
    page = visits.page_of(f"https://shop.example/a/{quote(part)}/b")
    assert page == f"https://shop.example/a/{'-' if is_left_out else quote(part)}/b"


HOSTILE = ("a", "a@", "@a", "a.", "a@a.", "0", "+0 ", "0-", "a-", "aaaaaaaa.", "%40", "/")


@pytest.mark.parametrize("repeated", HOSTILE)
def test_a_longer_text_takes_no_more_steps_for_each_sign(
    repeated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the time grew with the square of the length, this test would not finish."""
    monkeypatch.setattr(visits, "_MOST_READ", 300_000)
    text = repeated * (290_000 // len(repeated))
    address = f"https://shop.example/{text}?utm_term={text}"
    fields = dict.fromkeys(visits.ADDRESSES, address) | dict.fromkeys(visits.MARKS, text)
    assert len(visits.read(fields).last["page"]) <= visits.MOST_ADDRESS


def test_a_long_address_is_cut() -> None:
    assert len(visits.page_of("https://shop.example/" + "a-b/" * 3_000)) == visits.MOST_ADDRESS


MARKS = {
    "all five": (
        "utm_source=google&utm_medium=cpc&utm_campaign=Spring+sale&utm_term=lamp&utm_content=b1",
        {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Spring sale",
         "utm_term": "lamp", "utm_content": "b1"},
    ),
    "in Hebrew": ("utm_campaign=%D7%9E%D7%91%D7%A6%D7%A2", {"utm_campaign": "מבצע"}),
    "in capitals": ("UTM_Source=News", {"utm_source": "News"}),
    "a link with &amp;": ("a=1&amp;utm_source=mail", {"utm_source": "mail"}),
    "twice": ("utm_source=one&utm_source=two", {"utm_source": "one"}),
    "empty, then not": ("utm_source=&utm_source=two", {"utm_source": "two"}),
    "click ids": ("gclid=Cj0_a-b.c&fbclid=IwAR0&foo=1", {"gclid": "Cj0_a-b.c", "fbclid": "IwAR0"}),
    "a campaign's number": ("utm_campaign=17894561234", {"utm_campaign": "17894561234"}),
    "somebody's address": ("utm_content=noa@example.com&utm_source=mail", {"utm_source": "mail"}),
    "somebody's address, encoded": ("utm_term=noa%40example.com", {}),
    "somebody's number": ("utm_term=050-555%200101&utm_content=+972505550101", {}),
    "other parameters": ("email=noa@example.com&phone=0505550101&token=abc&name=Noa", {}),
    "only signs": ("utm_source=-&utm_medium=%20", {}),
    "an id that is none": ("gclid=<script>&wbraid=" + "a" * 256, {}),
    "a script": ("utm_source=javascript:alert(1)", {"utm_source": "javascript:alert(1)"}),
    "control characters": ("utm_source=a%00b%0Ac%E2%80%AE", {"utm_source": "ab c"}),
    "not UTF-8": ("utm_source=%ff%fe", {}),
    "half an escape": ("utm_source=50%&utm_medium=%2", {"utm_source": "50%", "utm_medium": "%2"}),
}  # fmt: skip


@pytest.mark.parametrize(("query", "kept"), MARKS.values(), ids=MARKS)
def test_the_marks_of_an_address(query: str, kept: dict[str, str]) -> None:
    last = visits.read({"page": f"https://shop.example/?{query}"}).last
    assert last == {"page": "https://shop.example/"} | kept


@pytest.mark.parametrize("query", [it for it, _kept in MARKS.values()], ids=MARKS)
def test_what_a_page_of_ours_hands_on_is_read_as_the_same(query: str) -> None:
    said = {"page": f"https://shop.example/a?{query}", "referrer": "https://search.example/?q=1"}
    said["utm_term"] = "by itself"
    assert visits.read(visits.handed_on(said)) == visits.read(said)


def test_3000_characters_are_cut() -> None:
    query = "&".join(f"{name}={'x' * 600}" for name in visits.UTM)
    last = visits.read({"page": f"https://shop.example/?{query}"}).last
    assert [len(last[name]) for name in visits.UTM] == [visits.MOST_MARK] * 5
    assert visits.read({"utm_source": "y" * 3_000}).last == {"utm_source": "y" * visits.MOST_MARK}


def test_marks_by_themselves_are_the_last_page_s() -> None:
    came = visits.read(
        {"page": "https://a.example/?utm_source=one", "utm_source": "two", "gclid": "x"}
    )
    assert came.last == {"page": "https://a.example/", "utm_source": "two", "gclid": "x"}


def test_the_first_page() -> None:
    last, first = "https://a.example/contact", "https://a.example/?utm_source=one"
    landed = {"page": "https://a.example/", "utm_source": "one"}
    assert visits.read({"page": last, "first_page": first}).first == landed
    # A referrer with campaign parameters counts as the first page; any other is only mentioned.
    assert visits.read({"page": last, "referrer": first}).first == landed
    came = visits.read({"page": last, "referrer": "https://search.example/"})
    assert came.first == came.last == {"page": last, "referrer": "https://search.example/"}
    assert visits.read({}) == CameFrom()
    assert not visits.read({"page": "nonsense"})


COUNTED = {
    "the last page's": ([{"utm_campaign": "b"}, {"utm_campaign": "a"}], ("", "", "b")),
    "the first one, if the last has none": ([{"page": "x"}, {"utm_source": "a"}], ("a", "", "")),
    "never of two pages": (
        [{"utm_source": "b"}, {"utm_campaign": "a", "utm_medium": "mail"}], ("b", "", ""),
    ),
    "a click id alone": ([{"gclid": "1"}], ("google", "cpc", "")),
    "a link on Facebook": ([{"fbclid": "1"}], ("facebook", "", "")),
    "an ad's before a link's": ([{"fbclid": "1", "gclid": "1"}], ("google", "cpc", "")),
    "what is said goes before an id": ([{"gclid": "1", "utm_campaign": "a"}], ("", "", "a")),
    "a term beside an id": ([{"gclid": "1", "utm_term": "a"}], ("google", "cpc", "")),
    "none": ([{}, {"page": "x"}], ("", "", "")),
}  # fmt: skip


@pytest.mark.parametrize(("pages", "wanted"), COUNTED.values(), ids=COUNTED)
def test_what_a_lead_is_counted_by(
    pages: list[dict[str, str]], wanted: tuple[str, str, str]
) -> None:
    assert tuple(visits.counted(*pages).values()) == wanted


@given(st.dictionaries(st.sampled_from(visits.FIELDS), st.text(max_size=400)))
def test_any_text_is_read(fields: dict[str, str]) -> None:
    came = visits.read(fields)
    for visit in (came.first, came.last):
        assert visit.keys() <= {*visits.FIELDS}
        assert all(value and "\x00" not in value for value in visit.values())
    assert visits.read(visits.handed_on(fields)) == came
