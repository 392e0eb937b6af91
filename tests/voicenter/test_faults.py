"""Faults produced on real sockets: what each one proves decides whether to call again."""

import signal
import socket

import pytest

from callbacks.voicenter import Call, Client, Forbidden, NotSent, OutcomeUnknown, Refused
from tests.support.simulator import eventually

from .server import (
    ACCEPTED,
    Provider,
    http,
    reset,
    reset_after,
    say,
    stall_after,
    trickle,
)

METHODS = ["post", "post-json", "get"]
# Only for requests that should time out; on a busy machine, all others may take longer.
SHORT = 0.3
CALL = Call(phone="101", target="972505550101")


def dial(url, method="post", *, connect_timeout=10, read_timeout=10, **options):
    client = Client(
        url=url,
        code="canary-7f3a9",
        method=method,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        **options,
    )
    try:
        return client.call(CALL)
    finally:
        client.close()


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def full_backlog():
    """A port that accepts no more connections: connecting to it times out."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
            waiting.append(sock)
        yield listener.getsockname()[1]
        for sock in waiting:
            sock.close()


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_connection_was_surely_not_sent(closed_port, method):
    with pytest.raises(NotSent) as caught:
        dial(f"http://127.0.0.1:{closed_port}/", method)
    assert caught.value.reason == "refused"


@pytest.mark.parametrize("method", METHODS)
def test_a_name_that_cannot_be_resolved_was_surely_not_sent(method):
    with pytest.raises(NotSent) as caught:
        dial("http://nothing.invalid/", method)
    assert caught.value.reason == "dns"


def test_a_connection_that_is_not_made_in_time_was_surely_not_sent(full_backlog):
    with pytest.raises(NotSent) as caught:
        dial(f"http://127.0.0.1:{full_backlog}/", connect_timeout=SHORT)
    assert caught.value.reason == "connect_timeout"


@pytest.mark.parametrize("method", METHODS)
def test_tls_against_a_plain_server_was_surely_not_sent(provider, method):
    provider.on_accept = lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(NotSent) as caught:
        dial(provider.url.replace("http:", "https:"), method)
    assert caught.value.reason == "tls"


def test_a_handshake_that_stalls_was_surely_not_sent(provider):
    provider.on_accept = lambda sock: provider._stop.wait(60)
    with pytest.raises(NotSent) as caught:
        dial(provider.url.replace("http:", "https:"), connect_timeout=SHORT)
    assert caught.value.reason == "connect_timeout"


def test_a_reset_during_the_handshake_was_surely_not_sent(provider):
    """The HTTP library cannot tell this from a reset after sending."""
    provider.on_accept = lambda sock: (sock.recv(10), reset(sock, provider._stop))
    with pytest.raises(NotSent) as caught:
        dial(provider.url.replace("http:", "https:"))
    assert caught.value.reason in ("connect", "tls")


def test_an_untrusted_certificate_was_surely_not_sent(tls_provider):
    with pytest.raises(NotSent) as caught:
        dial(tls_provider.url)
    assert caught.value.reason == "tls"
    assert tls_provider.requests == []


def test_a_ca_bundle_that_is_not_there_was_surely_not_sent(tls_provider, tmp_path):
    with pytest.raises(NotSent):
        dial(tls_provider.url, ca_bundle=str(tmp_path / "none.pem"))


def test_it_calls_over_tls_with_its_own_certificates(tls_provider, certificate):
    answer = dial(tls_provider.url, ca_bundle=str(certificate / "cert.pem"))
    assert answer.error_code == 0


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (reset, "reset"),
        # Once TLS has read all there was, a reset and a normal end look alike.
        (reset_after(http()[:-5]), "reset truncated"),
        (stall_after(), "read_timeout"),
        (stall_after(http()[:-5]), "read_timeout"),
        (trickle(b"H" * 10_000), "read_timeout"),
        (trickle(http(b" " * 10_000), first=100), "read_timeout"),
    ],
    ids=["reset", "reset half-way", "silence", "stall", "trickled head", "trickled body"],
)
def test_over_tls_too_a_break_after_the_request_is_unknown(
    tls_provider, certificate, behaviour, reason
):
    tls_provider.behaviour = behaviour
    with pytest.raises(OutcomeUnknown) as caught:
        dial(
            tls_provider.url,
            ca_bundle=str(certificate / "cert.pem"),
            read_timeout=SHORT if reason == "read_timeout" else 10,
        )
    assert caught.value.reason in reason.split()
    assert len(eventually(lambda: tls_provider.requests)) == 1


HTML = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LIES = {
    "reset after the request": (reset, "reset"),
    "closed after the request": (say(b""), "reset"),
    "reset in the head": (reset_after(b"HTTP/1.1 200 OK\r\nContent-"), "reset"),
    "reset in the body": (reset_after(http()[:-5]), "reset"),
    "closed in the body": (say(http()[:-5]), "truncated"),
    "closed in a chunk": (say(CHUNKED + b'40\r\n{"ERR'), "truncated"),
    "a chunk of no size": (say(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), "truncated"),
    "silence": (stall_after(), "read_timeout"),
    "stalled head": (stall_after(b"HTTP/1.1 200 OK\r\n"), "read_timeout"),
    "stalled body": (stall_after(http()[:-5]), "read_timeout"),
    "trickled head": (trickle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000), "read_timeout"),
    "trickled body": (trickle(http(b" " * 10_000), first=100), "read_timeout"),
    "endless continue": (say(b"HTTP/1.1 100 Continue\r\n\r\n" * 10), "reset"),
    "no HTTP at all": (say(b"\x16\x03\x01garbage\r\n\r\n"), "unreadable"),
    "an endless header line": (say(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000), "unreadable"),
    "thousands of headers": (say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000), "unreadable"),
    "broken gzip": (
        say(http(b"no gzip", "200 OK", "text/plain", "Content-Encoding: gzip")),
        "unreadable",
    ),
    "HTML": (say(http(HTML, content_type="text/html")), "unreadable"),
    "HTML that says it is JSON": (say(http(HTML)), "unreadable"),
    "an empty body": (say(http(b"")), "unreadable"),
    "no content": (say(b"HTTP/1.1 204 No Content\r\n\r\n"), "http_204"),
    "half of the JSON": (say(http(ACCEPTED[:-9])), "unreadable"),
    "an oversized body": (say(http(b" " * 70_000 + ACCEPTED)), "too_large"),
    "an endless body": (say(b"HTTP/1.1 200 OK\r\n\r\n" + b"{" * 200_000), "too_large"),
    "500 before anything": (say(http(HTML, "500 Internal Server Error")), "http_500"),
    "500 with an acceptance": (say(http(ACCEPTED, "500 Internal Server Error")), "http_500"),
    "503": (say(http(b"", "503 Service Unavailable")), "http_503"),
    "404": (say(http(b"", "404 Not Found")), "http_404"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", LIES)
def test_whatever_happens_after_the_request_is_unknown_and_sent_once(provider, fault, method):
    provider.behaviour, reason = LIES[fault]
    with pytest.raises(OutcomeUnknown) as caught:
        dial(provider.url, method, read_timeout=SHORT if reason == "read_timeout" else 10)
    assert caught.value.reason == reason
    assert caught.value.call_id == ""
    assert len(eventually(lambda: provider.requests)) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(provider, status):
    with Provider() as elsewhere:
        provider.behaviour = say(http(b"", status, "text/plain", f"Location: {elsewhere.url}"))
        with pytest.raises(OutcomeUnknown) as caught:
            dial(provider.url)
        assert caught.value.reason == f"http_{status[:3]}"
        assert elsewhere.requests == []


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
@pytest.mark.parametrize("rest", [b"", HTML])
def test_an_address_that_is_not_permitted_is_a_refusal_without_a_code(provider, status, rest):
    provider.behaviour = say(http(rest, status, "text/html"))
    with pytest.raises(Forbidden) as caught:
        dial(provider.url)
    assert isinstance(caught.value, Refused)
    assert caught.value.error_code is None
    assert caught.value.reason == f"http_{status[:3]}"


def test_a_stalled_body_does_not_hide_that_we_are_forbidden(provider):
    provider.behaviour = stall_after(http(HTML, "403 Forbidden")[:-5])
    with pytest.raises(Forbidden):
        dial(provider.url)


def test_a_caller_handling_another_error_does_not_change_the_reason(closed_port):
    try:
        raise TimeoutError("of something else")
    except TimeoutError:
        with pytest.raises(NotSent) as caught:
            dial(f"http://127.0.0.1:{closed_port}/")
    assert caught.value.reason == "refused"


def test_what_is_not_ours_to_catch_goes_through_and_closes_the_connection(client, provider, call):
    class TimeLimitError(Exception):
        pass

    def interrupt(*_):
        raise TimeLimitError

    provider.behaviour = stall_after(http()[:-5])
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with pytest.raises(TimeLimitError):
            client.call(call)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    provider.behaviour = say(http(), keep=True)
    assert client.call(call).error_code == 0
    assert [request.connection for request in provider.requests] == [1, 2]
