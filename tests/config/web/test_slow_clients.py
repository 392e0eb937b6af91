"""Clients that send slowly or not at all, and what they leave for everybody else."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db(transaction=True)

# More connections than the server has threads.
MANY = 64
BODY = b"source=website&name=Noa&phone=0505550101"
FORM = "Content-Type: application/x-www-form-urlencoded"


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def head(*headers: str, request: str = "POST /api/leads/") -> bytes:
    return "\r\n".join([f"{request} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


BEGINNINGS = {
    "nothing at all": b"",
    "the first line": b"GET / HTTP/1.1\r\n",
    "half a head": b"POST /api/leads/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "a head without its body": head(FORM, "Content-Length: 40"),
    "half a body": head(FORM, "Content-Length: 40") + BODY[:20],
    "half a chunk that looks like the end": head(FORM, "Transfer-Encoding: chunked")
    + b"28\r\na=\r\n0\r\n\r\n",
    "half a body beside another coding": head(
        FORM, "Transfer-Encoding: identity", "Content-Length: 40"
    )
    + BODY[:20],
    "half a chunk": head(FORM, "Transfer-Encoding: chunked") + b"28\r\n" + BODY[:20],
}


@pytest.fixture
def slow(gunicorn: str, request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """This many connections that have begun like this and send no more."""
    wires = [connected(gunicorn) for _ in range(MANY)]
    for wire in wires:
        wire.sendall(BEGINNINGS[request.param])
    yield wires
    for wire in wires:
        wire.close()


@pytest.mark.parametrize("slow", BEGINNINGS, indirect=True)
def test_whoever_sends_slowly_keeps_nobody_from_the_form(
    slow: list[socket.socket], gunicorn: str, source: LeadSource
) -> None:
    """The form opens and a lead is stored before any of the slow clients is given up."""
    assert httpx.get(f"{gunicorn}/contact/website/", timeout=60).status_code == 200
    sent = httpx.post(f"{gunicorn}/api/leads/", content=BODY, timeout=60,
                      headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert sent.status_code == 201
    for wire in slow:
        wire.setblocking(False)
        with pytest.raises(BlockingIOError):
            wire.recv(1)


def drip(wires: list[socket.socket]) -> list[bytes]:
    """What the server says to clients that send one more byte every half second."""
    said: dict[socket.socket, bytes] = {}
    until = time.monotonic() + 120
    while len(said) < len(wires) and time.monotonic() < until:
        time.sleep(0.5)
        for wire in (it for it in wires if it not in said):
            wire.setblocking(False)
            try:
                said[wire] = wire.recv(65536)
            except BlockingIOError:
                wire.sendall(b"x")
            except ConnectionError:
                said[wire] = b""
    return [said.get(wire, b"still open") for wire in wires]


def test_a_request_has_a_deadline_and_not_each_of_its_bytes(
    gunicorn: str, source: LeadSource
) -> None:
    begun = [
        BEGINNINGS["half a head"],
        BEGINNINGS["half a body"].replace(b"Length: 40", b"Length: 4000"),
        head(FORM, "Transfer-Encoding: chunked") + b"fff\r\n" + BODY[:20],
    ]
    wires = [connected(gunicorn) for _ in begun]
    for wire, beginning in zip(wires, begun, strict=True):
        wire.sendall(beginning)
    try:
        assert [said[:12] for said in drip(wires)] == [b"HTTP/1.1 408"] * 3
    finally:
        for wire in wires:
            wire.close()
    assert not Lead.objects.exists()


def test_a_silent_connection_is_closed(gunicorn: str) -> None:
    with closing(connected(gunicorn)) as wire:
        assert wire.recv(1) == b""


def test_what_comes_in_pieces_is_one_request(gunicorn: str, source: LeadSource) -> None:
    with closing(connected(gunicorn)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        whole = head(FORM, f"Content-Length: {len(BODY)}") + BODY
        for byte in whole:
            wire.sendall(bytes([byte]))
        assert wire.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_requests_that_are_sent_together_are_answered_in_turn(
    gunicorn: str, source: LeadSource
) -> None:
    one = head(request="GET /nowhere/")
    with closing(connected(gunicorn)) as wire:
        wire.sendall(one * 2 + head("Connection: close", request="GET /nowhere/"))
        with wire.makefile("rb") as stream:
            answers = stream.read()
    assert answers.count(b"HTTP/1.1 404 ") == 3


def test_a_client_that_waits_to_be_told_to_go_on_is_told(gunicorn: str, source: LeadSource) -> None:
    with closing(connected(gunicorn)) as wire:
        wire.sendall(head(FORM, f"Content-Length: {len(BODY)}", "Expect: 100-continue",
                          "Connection: close"))  # fmt: skip
        assert wire.recv(65536).startswith(b"HTTP/1.1 100 ")
        wire.sendall(BODY)
        with wire.makefile("rb") as stream:
            told = [line for line in iter(stream.readline, b"") if line.startswith(b"HTTP/1.1 ")]
            assert told[-1].startswith(b"HTTP/1.1 201 ")


LARGE = {
    "a line": head(request="GET /" + "a" * 9_000),
    "a header": head("X-Large: " + "a" * 9_000),
    "many headers": head(*[f"X-{number}: 1" for number in range(101)]),
    "a head": head(*[f"X-{number}: {'a' * 4_000}" for number in range(50)]),
    "a head without end": b"GET / HTTP/1.1\r\n" + b"X-Large: 1\r\n" * 20_000,
}


@pytest.mark.parametrize("sent", LARGE.values(), ids=LARGE)
def test_what_is_too_large_before_the_body_is_refused(sent: bytes, gunicorn: str) -> None:
    with closing(connected(gunicorn)) as wire:
        try:
            wire.sendall(sent)
            answer = wire.recv(65536)
        except ConnectionError:
            return
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431"}


def test_large_bodies_whose_senders_stay_keep_nobody_from_the_form(
    gunicorn: str, source: LeadSource
) -> None:
    wires = [connected(gunicorn) for _ in range(MANY)]
    for wire in wires:
        wire.sendall(head(FORM, "Content-Length: 300000000") + b"a" * 1000)
    try:
        assert httpx.get(f"{gunicorn}/contact/website/", timeout=60).status_code == 200
        for wire in wires:
            assert wire.recv(65536).startswith(b"HTTP/1.1 413 ")
    finally:
        for wire in wires:
            wire.close()
