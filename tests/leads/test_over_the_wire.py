"""What strangers and their programs send, byte by byte, to a real server, and how it answers."""

import gzip
import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import pytest

from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
PARTS = "Content-Type: multipart/form-data; boundary=x"
CHUNKED = "Transfer-Encoding: chunked"
FIELDS = {"source": "website", "name": "Noa", "phone": "0505550101"}
NOA = "נועה"
AS_FORM = b"source=website&name=Noa&phone=0505550101"


def as_json(charset: str = "utf-8", **more: str) -> bytes:
    return json.dumps(FIELDS | more, ensure_ascii=False).encode(charset)


def as_form(charset: str = "utf-8", name: str = "Noa", **more: str) -> bytes:
    quoted = quote_from_bytes(name.encode(charset)).encode()
    rest = "".join(f"&{key}={value}" for key, value in more.items()).encode()
    return b"source=website&phone=0505550101&name=" + quoted + rest


def parts(charset: str = "utf-8", **more: str) -> bytes:
    written = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (FIELDS | more).items()
    )
    return "".join(written).encode(charset) + b"--x--\r\n"


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def where(table: Mapping[str, tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Each row for the API; rows that are not about JSON also for the page, which takes forms."""
    at_the_page = [row for row, (kind, *_) in table.items() if not kind.startswith(JSON)]
    return [
        *(("/api/leads/", row) for row in table),
        *(("/contact/website/", row) for row in at_the_page),
    ]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    is_closed: bool


@dataclass(frozen=True)
class Wire:
    """Sends exactly these bytes over a new connection."""

    url: str
    sockets: list[socket.socket] = field(default_factory=list)

    def send(self, request: str, *headers: str, body: bytes = b"", length: int = -1) -> Answer:
        """The answer. `length` is the Content-Length to claim; -1 for the true one."""
        address = urlsplit(self.url)
        wire = socket.create_connection((address.hostname, address.port), timeout=30)
        self.sockets.append(wire)
        said = (
            []
            if any("chunked" in it for it in headers)
            else [f"Content-Length: {len(body) if length < 0 else length}"]
        )
        head = [f"{request} HTTP/1.1", "Host: 127.0.0.1", *said, *headers, "", ""]
        wire.sendall("\r\n".join(head).encode() + body)
        return _read(wire)


def _read(wire: socket.socket) -> Answer:
    stream = wire.makefile("rb")
    status = int(stream.readline().split()[1])
    lines = iter(lambda: stream.readline().decode().strip(), "")
    headers = {
        name.lower(): value.strip() for name, _, value in (ln.partition(":") for ln in lines)
    }
    body = stream.read(int(headers.get("content-length", 0))).decode()
    wire.settimeout(0.2 if headers["connection"] == "keep-alive" else 20)
    try:
        is_closed = stream.read(1) == b""
    except TimeoutError:
        is_closed = False
    return Answer(status, headers, body, is_closed)


@pytest.fixture
def wire(gunicorn: str) -> Wire:
    return Wire(gunicorn)


# --- bodies that can be read ----------------------------------------------------------------------

READ = {
    "JSON, chunked": (JSON, CHUNKED, chunks(as_json()[:7], as_json()[7:])),
    "form, chunked": (FORM, CHUNKED, chunks(as_form())),
    "JSON in windows-1255": (
        f"{JSON}; charset=windows-1255",
        "",
        as_json("windows-1255", name=NOA),
    ),
    "JSON in UTF-16": (f"{JSON}; charset=utf-16", "", as_json("utf-16", name=NOA)),
    "form in windows-1255": (f"{FORM}; charset=windows-1255", "", as_form("windows-1255", NOA)),
    "form in ISO-8859-8-I": (f'{FORM}; charset="ISO-8859-8-I"', "", as_form("iso-8859-8", NOA)),
    "form in UTF-8, said so": (f"{FORM}; charset=UTF-8", "", as_form(name=NOA)),
    "a byte order mark": (JSON, "", b"\xef\xbb\xbf" + as_json()),
    "parts in UTF-8": (PARTS, "", parts(name=NOA)),
    "parts in windows-1255": (
        f"{PARTS}; charset=windows-1255",
        "",
        parts("windows-1255", name=NOA),
    ),
    "parts that name windows-1255": (
        PARTS,
        "charset in the form",
        parts("windows-1255", name=NOA, _charset_="windows-1255"),
    ),
}


@pytest.mark.parametrize(("address", "row"), where(READ))
def test_the_obvious_reading(address: str, row: str, wire: Wire, source: LeadSource) -> None:
    kind, coding, body = READ[row]
    more = [coding] if coding == CHUNKED else []
    assert wire.send(f"POST {address}", kind, *more, body=body).status in (201, 303)
    assert Lead.objects.get().name == (
        NOA if "charset" in kind + coding or PARTS in kind else "Noa"
    )


@pytest.mark.parametrize("name", ["language", "earlier"])
@pytest.mark.parametrize(
    "value", [7, True, ["he"], {"code": "he"}, 1.5, "nonsense-\u05d0"], ids=str
)
def test_a_hint_that_is_no_text_refuses_no_lead(
    name: str, value: object, wire: Wire, source: LeadSource
) -> None:
    body = json.dumps(FIELDS | {name: value}).encode()
    assert wire.send("POST /api/leads/", JSON, body=body).status == 201
    assert Lead.objects.get().language == "en"


@pytest.mark.parametrize(
    ("hint", "stored"),
    [
        ("he_IL", "he-IL"),
        ("HE-il", "he-IL"),
        ("he_IL.UTF-8", "he-IL"),
        ("he-IL,he;q=0.9", "he-IL"),
        ("pt-BR", "pt-BR"),
        ("zh_hant", "zh-Hant"),
        ("ENG", "en"),
        ("heb_IL", "he-IL"),
        ("fil-PH", "fil-PH"),
        ("he-IL-u-ca-hebrew", "he"),
        ("klingon", "en"),
        ("???", "en"),
        ("x" * 500, "en"),
    ],
)
def test_a_language_is_a_hint_and_refuses_no_lead(
    hint: str, stored: str, wire: Wire, source: LeadSource
) -> None:
    assert wire.send("POST /api/leads/", JSON, body=as_json(language=hint)).status == 201
    assert Lead.objects.get().language == stored


# --- bodies that cannot ---------------------------------------------------------------------------

MANY = AS_FORM + b"&a=1" * 101
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
REFUSED = {
    "no chunk size": (
        JSON,
        [CHUNKED],
        b"zz\r\nhello\r\n0\r\n\r\n",
        400,
        "could not be read to the",
    ),
    "a chunk too long": (JSON, [CHUNKED], b"2\r\nhello\r\n0\r\n\r\n", 400, "could not be read to"),
    "a negative chunk": (JSON, [CHUNKED], b"-5\r\nhello\r\n0\r\n\r\n", 400, "could not be read to"),
    "gzip": (JSON, ["Content-Encoding: gzip"], gzip.compress(as_json()), 415, "Content-Encoding"),
    "gzip on the way": (
        JSON,
        ["Transfer-Encoding: gzip, chunked"],
        chunks(gzip.compress(as_json())),
        501,
        "chunked is the only Transfer-Encoding",
    ),
    "deflate form on the way": (
        FORM,
        ["Transfer-Encoding: deflate, chunked"],
        chunks(AS_FORM),
        501,
        "chunked is the only Transfer-Encoding",
    ),
    "brotli form": (FORM, ["Content-Encoding: br"], AS_FORM, 415, "Content-Encoding"),
    "windows-1255 unsaid": (JSON, [], as_json("windows-1255", name=NOA), 400, "not text in UTF-8"),
    "an unknown charset": (f"{JSON}; charset=klingon", [], as_json(), 415, "charset is not known"),
    "no charset at all": (f"{JSON}; charset=zlib", [], as_json(), 415, "charset is not known"),
    "101 fields": (FORM, [], MANY, 400, "more than 100 fields"),
    "101 parts": (PARTS, [], PART * 101 + b"--x--\r\n", 400, "more than 100 fields"),
    "6000 fields": (FORM, [], b"a=1&" * 6000, 400, "more than 100 fields"),
    "not JSON": (JSON, [], b"{", 400, "not valid JSON"),
}


@pytest.mark.parametrize(("address", "row"), where(REFUSED))
def test_the_true_reason(
    address: str,
    row: str,
    wire: Wire,
    source: LeadSource,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kind, more, body, status, says = REFUSED[row]
    answer = wire.send(f"POST {address}", kind, *more, body=body)
    assert answer.status == status
    assert says in answer.body
    assert answer.is_closed == (answer.headers["connection"] == "close")
    assert not Lead.objects.exists()
    assert "Traceback" not in capfd.readouterr().err


PARTS_REFUSED = {
    "parts in windows-1255, unsaid": (PARTS, "windows-1255", 400, "not text in UTF-8"),
    "parts in a charset that is none": (
        f"{PARTS}; charset=klingon", "utf-8", 415, "charset is not known",
    ),
    "parts in UTF-16": (f"{PARTS}; charset=utf-16", "utf-8", 415, "cannot be in UTF-16"),
}  # fmt: skip


@pytest.mark.parametrize("row", PARTS_REFUSED)
def test_no_name_is_stored_with_other_signs(row: str, wire: Wire, source: LeadSource) -> None:
    kind, charset, status, says = PARTS_REFUSED[row]
    answer = wire.send("POST /api/leads/", kind, body=parts(charset, name=NOA))
    assert (answer.status, says in answer.body) == (status, True)
    assert not Lead.objects.exists()


def test_a_visitors_page_in_another_charset_is_not_refused(wire: Wire, source: LeadSource) -> None:
    body = parts("windows-1255", name=f"{NOA} Levi")
    assert wire.send("POST /contact/website/", PARTS, body=body).status == 303
    assert Lead.objects.get().name.endswith(" Levi")


# --- enormous bodies ------------------------------------------------------------------------------

ANYWHERE = [
    "/", "/nowhere/", "/contact/website/", "/contact/nowhere/", "/api/leads/", "/api/nowhere",
    "/admin/login/", "/admin/", "/desk/", "/healthz", "/static/none.css",
]  # fmt: skip


@pytest.mark.parametrize("address", ANYWHERE)
@pytest.mark.parametrize("kind", [PARTS, FORM, JSON], ids=["multipart", "form", "json"])
def test_300_megabytes_are_refused_before_they_are_sent(
    address: str, kind: str, wire: Wire, source: LeadSource
) -> None:
    started = b"--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n" + b"x" * 1000
    answer = wire.send(f"POST {address}", kind, body=started, length=300_000_000)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert answer.is_closed


def test_chunks_without_end_are_refused(wire: Wire, source: LeadSource) -> None:
    body = chunks(*[b"x" * 65536] * 64)
    answer = wire.send("POST /admin/login/", PARTS, CHUNKED, body=body)
    assert (answer.status, answer.headers["connection"], answer.is_closed) == (413, "close", True)


def test_the_server_goes_on_while_refused_clients_linger(wire: Wire, source: LeadSource) -> None:
    for _ in range(20):
        wire.send("POST /nowhere/", PARTS, length=300_000_000)
    assert wire.send("GET /healthz").status == 200


# --- addresses and headers ------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/contact/website", "/api/leads"])
def test_a_post_without_the_final_slash_is_not_lost(
    address: str, wire: Wire, source: LeadSource
) -> None:
    assert wire.send(f"POST {address}", FORM, body=AS_FORM).status in (201, 303)
    assert Lead.objects.count() == 1


def test_a_page_without_the_final_slash_is_sent_on(wire: Wire, source: LeadSource) -> None:
    answer = wire.send("GET /contact/website")
    assert (answer.status, answer.headers["location"]) == (302, "/contact/website/")


@pytest.mark.parametrize(
    "header",
    [
        "SCRIPT_NAME: /evil",
        "SCRIPT-NAME: /evil",
        "PATH_INFO: /admin/",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Protocol: ssl",
        "X-Forwarded-Host: evil.example.com",
        "X-Forwarded-Prefix: /evil",
        "Forwarded: proto=https;host=evil.example.com",
    ],
)
def test_a_visitors_header_moves_no_address(header: str, wire: Wire, source: LeadSource) -> None:
    answer = wire.send("POST /api/leads/", FORM, header, body=AS_FORM)
    assert answer.status == 201
    assert answer.headers["location"].startswith("http://127.0.0.1/api/leads/")
    assert wire.send("GET /contact/website/", header).status == 200


def test_contradicting_headers_refuse_nobody(wire: Wire, source: LeadSource) -> None:
    headers = ("X-Forwarded-Proto: https", "X-Forwarded-Ssl: off")
    assert wire.send("GET /contact/website/", *headers).status == 200


# --- Idempotency-Key ------------------------------------------------------------------------------

KEY = "Idempotency-Key: 1"


@pytest.mark.parametrize(
    "other",
    [
        {"phone": "0505550102"},
        {"name": "Dana"},
        {"message": "and call my office"},
        {"email": "noa@example.com"},
        {"language": "he"},
    ],
    ids=["number", "name", "message", "e-mail", "language"],
)
def test_a_key_with_another_body_is_422_and_never_the_first_lead(
    other: dict[str, str], wire: Wire, source: LeadSource
) -> None:
    first = wire.send("POST /api/leads/", JSON, KEY, body=as_json())
    again = wire.send("POST /api/leads/", JSON, KEY, body=as_json(**other))
    assert (first.status, again.status) == (201, 422)
    assert json.loads(first.body)["id"] not in again.body
    assert json.loads(again.body)["errors"]["Idempotency-Key"]
    assert Lead.objects.count() == 1


def test_a_repeated_key_gets_its_answer_when_its_source_is_off(
    wire: Wire, source: LeadSource
) -> None:
    first = wire.send("POST /api/leads/", JSON, KEY, body=as_json())
    source.is_active = False
    source.save()
    again = wire.send("POST /api/leads/", JSON, KEY, body=as_json(source=" Website "))
    assert (again.status, again.body) == (201, first.body)
    other = wire.send("POST /api/leads/", JSON, KEY, body=as_json(name="Dana"))
    new = wire.send("POST /api/leads/", JSON, "Idempotency-Key: 2", body=as_json())
    assert (other.status, new.status) == (422, 404)
    assert Lead.objects.count() == 1


def test_keys_that_cross_are_one_lead(wire: Wire, source: LeadSource) -> None:
    def send(number: int) -> Answer:
        body = as_json(name=f"Noa {number % 2}", phone=f"050555010{number % 2}")
        return wire.send("POST /api/leads/", JSON, KEY, body=body)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert sorted(answer.status for answer in answers) == [201] * 4 + [422] * 4
    assert len({answer.body for answer in answers}) == 2
    assert Lead.objects.count() == 1


def test_a_key_with_the_same_fields_in_another_spelling_is_the_same(
    wire: Wire, source: LeadSource
) -> None:
    first = wire.send("POST /api/leads/", JSON, KEY, body=as_json())
    again = wire.send("POST /api/leads/", FORM, KEY, body=AS_FORM + b"&utm=1")
    assert (again.status, again.body) == (201, first.body)
