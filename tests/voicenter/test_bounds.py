"""Documents made to cost much time or memory are refused before they do."""

import gzip
import tracemalloc

import pytest

from callbacks.voicenter import (
    Call,
    CdrError,
    OutcomeUnknown,
    PopUpError,
    ReadFailed,
    parse_cdr,
    parse_popup,
)
from callbacks.voicenter.click2call.answers import MAX_ANSWER, read_answer
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.services.call_log import read_page

from .exchange import client_of
from .server import http

HUNDRED_MB = 100 * 1024 * 1024
MIB = 1024 * 1024
LAUGHS = (
    "<!DOCTYPE l [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)
READERS = {
    "answer": (read_answer, OutcomeUnknown),
    "record": (lambda body: parse_cdr(body, "text/xml"), CdrError),
    "pop-up": (lambda body: parse_popup(body, ""), PopUpError),
    "reply": (lambda body: read_page(Reply(200, body)), ReadFailed),
}
DEEP = {
    "objects": b'{"a":' * 10_000,
    "closed objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "lists": b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "elements": b"<a>" * 10_000,
    "structs": b"<methodResponse><params><param>" + b"<value><struct><member>" * 2_500,
    "closed structs": b"<methodCall><params><param>"
    + b"<value><struct><member><name>a</name>" * 900
    + b"</member></struct></value>" * 900
    + b"</param></params></methodCall>",
    "text in the custom data": b'{"ivruniqueid":"x","ivrid":"x","CustomData":"'
    + b"{'a':" * 10_000
    + b'"}',
    "text in the menu": b'{"ivruniqueid":"x","ivrid":"x","IVR":"' + b"[" * 10_000 + b'"}',
}


def memory_of(work):
    """The peak memory in bytes while `work` runs."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(read, body, kind):
    with pytest.raises(kind) as caught:
        read(body)
    return caught.value.reason


@pytest.mark.parametrize("name", ["answer", "record", "pop-up"])
def test_a_hundred_megabytes_are_refused_without_a_look(name):
    read, kind = READERS[name]
    body = bytes(HUNDRED_MB)
    assert memory_of(lambda: refused(read, body, kind)) < MIB
    assert refused(read, body, kind) == "too_large"


class Flood:
    """Sends a hundred megabytes, or as many as the client accepts."""

    def __init__(self, headers):
        self.sent = 0
        self.headers = headers

    def __call__(self, sock, stop):
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + self.headers + b"\r\n")
        piece = b" " * MIB
        while self.sent < HUNDRED_MB:
            try:
                sock.sendall(piece)
            except OSError:
                break
            self.sent += len(piece)
        return False


@pytest.mark.parametrize(
    "headers", [b"", b"Content-Length: %d\r\n" % HUNDRED_MB], ids=["no length", "length"]
)
def test_of_a_flood_on_the_socket_little_is_read(provider, headers):
    provider.behaviour = flood = Flood(headers)
    client = client_of(provider)
    with pytest.raises(OutcomeUnknown) as caught:
        client.call(Call(phone="101", target="0505550101"))
    assert caught.value.reason == "too_large"
    # Only as much as the system's buffers took before the connection was closed.
    assert flood.sent < HUNDRED_MB // 4
    assert MAX_ANSWER == 64 * 1024


@pytest.mark.parametrize("ask", ["active_calls", "extensions"])
def test_of_a_flooded_list_no_more_than_its_limit_is_kept(provider, ask):
    provider.behaviour = Flood(b"")
    client = client_of(provider, read_timeout=60)

    def work():
        with pytest.raises(ReadFailed) as caught:
            getattr(client, ask)()
        assert caught.value.reason == "too_large"

    assert memory_of(work) < 40 * MIB


@pytest.mark.parametrize("name", ["answer", "record"])
@pytest.mark.parametrize("root", ["methodResponse", "methodCall"])
def test_a_billion_laughs_are_not_laughed(name, root):
    read, kind = READERS[name]
    body = (
        f"<?xml version='1.0'?>{LAUGHS}<{root}><params><param><value><struct><member>"
        f"<name>&a9;</name><value>&a9;</value></member></struct></value></param></params></{root}>"
    ).encode()
    assert memory_of(lambda: refused(read, body, kind)) < MIB


@pytest.mark.parametrize("shape", DEEP)
@pytest.mark.parametrize("name", READERS)
def test_ten_thousand_levels_are_refused_or_left_alone(name, shape):
    read, kind = READERS[name]
    if shape.startswith("text") and name in ("record", "pop-up"):
        found = read(DEEP[shape])
        assert (found.custom, getattr(found, "ivr", ())) == ({}, ())
    else:
        reason = refused(read, DEEP[shape], kind)
        assert reason in ("unreadable", "nested")
        if (name, shape) == ("record", "closed structs"):
            assert reason == "nested"


def test_a_compressed_flood_is_not_unpacked_past_the_limit(provider):
    bomb = gzip.compress(bytes(HUNDRED_MB // 2))
    provider.behaviour = lambda sock, stop: sock.sendall(
        http(bomb, "200 OK", "application/json", "Content-Encoding: gzip")
    )
    client = client_of(provider)

    def work():
        with pytest.raises(OutcomeUnknown) as caught:
            client.call(Call(phone="101", target="0505550101"))
        assert caught.value.reason == "too_large"

    assert memory_of(work) < 16 * MIB
