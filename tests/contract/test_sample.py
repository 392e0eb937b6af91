"""What the vendor's own sample sends (page, section 1.7), byte for byte over a bare socket.

It sends no action, has a line break inside the form body, and expects XML. The test needs no PHP.
"""

import socket
from urllib.parse import urlsplit

import pytest

from .strangers import read


def exchange(url: str, body: bytes) -> tuple[bytes, bytes]:
    """Head and body of the answer to a form post that is written as PHP's curl writes it."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\n"
        "Accept: */*\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "\r\n"
    ).encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as sock:
        sock.sendall(head + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(65536)
        head, _, rest = data.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        while len(rest) < length:
            rest += sock.recv(65536)
    return head, rest


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("path", ["ForwardDialer", "forwardDialer"])
def test_the_vendors_own_sample_makes_a_call(simulator, line_end, path):
    body = (
        f"code={simulator.code}&phone=aBcD12ef&phonecallerid=0500000000&target=0505550101".encode()
        + line_end
        + b"&targetcallerid=0505550101&record=true"
    )
    url = simulator.click2call_url.replace("ForwardDialer", path)
    head, answer = exchange(url, body)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-type: text/xml" in head.lower()
    fields = read(answer, "xml")
    (entry,) = simulator.ledger()
    assert fields["ERRORCODE"] == "0"
    assert fields["CALLID"] == entry["call_id"] != ""
    assert entry["action"] == "call"
    assert entry["target"] == entry["targetcallerid"] == "0505550101"
    assert (entry["phone"], entry["record"]) == ("aBcD12ef", "true")
    (call,) = simulator.ended()
    assert call["leg2"]["status"] == "ANSWER"
