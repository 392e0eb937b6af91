"""When a request has arrived completely, so that a thread may take it."""

import pytest

from callbacks.config.incoming import LONGEST_BODY, LONGEST_HEAD, Incoming

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEITHER = {
    "nothing": b"",
    "a head that goes on": POST,
    "a body to come": POST + b"Content-Length: 3\r\n\r\nab",
    "whatever the case": POST + b"content-length:3 \r\n\r\nab",
    "a chunk to come": CHUNKED + b"3\r\nabc\r\n",
    "half a chunk": CHUNKED + b"3\r\nab",
    "half a line": CHUNKED + b"3",
    "the end inside a chunk": CHUNKED + b"c\r\na\r\n0\r\n\r\n",
    "a last chunk without its end": CHUNKED + b"0\r\n",
    "trailers that go on": CHUNKED + b"0\r\nA: b\r\n",
}
COMPLETE = {
    "no body": POST + b"\r\n",
    "a body": POST + b"Content-Length: 3\r\n\r\nabc",
    "more than a body": POST + b"Content-Length: 3\r\n\r\nabcGET",
    "chunks": CHUNKED + b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"0\r\nA: b\r\n\r\n",
    "no chunk at all": CHUNKED + b"zz\r\n",
    "a negative one": CHUNKED + b"-5\r\nhello\r\n",
    "a line without end": CHUNKED + b"1;" + b"x" * 5000,
    "longer than is read": POST + b"Content-Length: 3000000\r\n\r\n",
    "chunks longer than are read": CHUNKED + b"ffffff\r\n" + b"a" * (LONGEST_BODY + 1),
}


@pytest.mark.parametrize("sent", NEITHER.values(), ids=NEITHER)
def test_it_waits(sent: bytes) -> None:
    assert not Incoming(sent).is_complete


@pytest.mark.parametrize("sent", COMPLETE.values(), ids=COMPLETE)
def test_it_is_complete(sent: bytes) -> None:
    assert Incoming(sent).is_complete


@pytest.mark.parametrize("row", [*NEITHER, *[it for it in COMPLETE if "longer" not in it]])
def test_pieces_say_the_same_as_the_whole(row: str) -> None:
    sent = {**NEITHER, **COMPLETE}[row]
    pieces = Incoming()
    for byte in sent:
        pieces.add(bytes([byte]))
    assert pieces.is_complete is Incoming(sent).is_complete


def test_a_head_has_a_bound() -> None:
    assert not Incoming(b"a" * LONGEST_HEAD).is_too_large
    assert Incoming(b"a" * (LONGEST_HEAD + 1)).is_too_large


def test_who_asks_is_told_to_go_on_once_the_head_is_here() -> None:
    asked = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    assert Incoming(asked).waits_to_go_on
    assert not Incoming(asked + b"a").waits_to_go_on
    assert not Incoming(POST + b"Content-Length: 3\r\n\r\n").waits_to_go_on


FOR_STAFF = {
    "the admin": b"GET /admin/ HTTP/1.1\r\n",
    "a report": b"GET /admin/reports/people/?period=year HTTP/1.1\r\n",
    "the desk": b"POST /desk/pause/ HTTP/1.1\r\n",
    "signing in": b"POST /sign-in/ HTTP/1.1\r\n",
    "a wallboard": b"GET /wallboard/abc/now/ HTTP/1.1\r\n",
    "the whole address": b"GET https://callbacks.example.com/admin/ HTTP/1.1\r\n",
    "letters as numbers": b"GET /%61dmin/ HTTP/1.1\r\n",
    "an empty line first": b"\r\nGET /admin/ HTTP/1.1\r\n",
    "an address of another kind": b"GET ftp://h/admin/ HTTP/1.1\r\n",
    "an address without a host": b"GET x:/admin/?:// HTTP/1.1\r\n",
}
FOR_OTHERS = {
    "the first page": b"GET / HTTP/1.1\r\n",
    "a form": b"GET /contact/website/ HTTP/1.1\r\n",
    "a form that quotes the admin": b"GET /contact/website/?from=/admin/ HTTP/1.1\r\n",
    "a lead": b"POST /api/leads/ HTTP/1.1\r\n",
    "a record": b"POST /webhooks/voicenter/secret/cdr/ HTTP/1.1\r\n",
    "a source called admin": b"GET /contact/admin/ HTTP/1.1\r\n",
    "a page that begins alike": b"GET /administration/ HTTP/1.1\r\n",
    "another header": b"GET / HTTP/1.1\r\nReferer: x /admin/ HTTP\r\n",
    "the server itself": b"OPTIONS * HTTP/1.1\r\n",
    "no request": b"\x16\x03\x01\x02",
    "nothing": b"",
}


@pytest.mark.parametrize("sent", FOR_STAFF.values(), ids=FOR_STAFF)
def test_it_is_for_a_staff_page(sent: bytes) -> None:
    assert Incoming(sent + b"\r\n").is_for_staff


@pytest.mark.parametrize("sent", FOR_OTHERS.values(), ids=FOR_OTHERS)
def test_it_is_for_visitors_or_the_provider(sent: bytes) -> None:
    assert not Incoming(sent + b"\r\n").is_for_staff


@pytest.mark.parametrize(
    ("path", "is_long"),
    [
        ("/admin/reports/callback-times/?period=year", True),
        ("/admin/reports/people/export/", True),
        ("/admin/leads/lead/export/?q=levi", True),
        ("/admin/leads/lead/", False),
        ("/desk/", False),
    ],
)
def test_reports_and_exports_may_take_long(path: str, *, is_long: bool) -> None:
    sent = Incoming(f"GET {path} HTTP/1.1\r\n\r\n".encode())
    assert (sent.is_for_staff, sent.is_long) == (True, is_long)
