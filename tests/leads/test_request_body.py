"""Bodies that are too large, chunked, or not as long as they say: over real sockets."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from leads.models import Lead, LeadSource

TEN_MB = 10_000_000
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LEAD = json.dumps({"source": "website", "name": "Noa", "phone": "0505550101"}).encode()

pytestmark = pytest.mark.django_db(transaction=True)


def in_pieces(body: bytes) -> Iterator[bytes]:
    """httpx sends an iterator chunked, without a Content-Length."""
    for start in range(0, len(body), 8192):
        yield body[start : start + 8192]


def by_hand(url: str, head: str, body: bytes) -> str:
    """The answer to exactly these bytes; nothing more is sent after them."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as wire:
        wire.sendall(f"{head}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode() + body)
        wire.shutdown(socket.SHUT_WR)
        with wire.makefile("rb") as answer:
            return answer.read().decode()


def test_the_api_takes_64_kib_and_not_a_byte_more(source: LeadSource, gunicorn: str) -> None:
    def send(size: int) -> httpx.Response:
        return httpx.post(f"{gunicorn}/api/leads/", content=LEAD.ljust(size), headers=JSON)

    assert send(64 * 1024).status_code == 201
    refused = send(64 * 1024 + 1)
    assert refused.status_code == 413
    assert refused.json() == {"errors": {"body": ["The body is larger than 64 KiB."]}}


@pytest.mark.parametrize("headers", [JSON, FORM], ids=["json", "form"])
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_the_api_refuses_ten_megabytes(
    chunked: bool, headers: dict[str, str], source: LeadSource, gunicorn: str
) -> None:
    body = b"x" * TEN_MB
    with httpx.Client(timeout=60) as client:
        answer = client.post(
            f"{gunicorn}/api/leads/",
            content=in_pieces(body) if chunked else body,
            headers=headers,
        )
        assert answer.status_code == 413
        assert answer.json()["errors"]["body"]


def test_the_api_takes_a_chunked_body(source: LeadSource, gunicorn: str) -> None:
    answer = httpx.post(f"{gunicorn}/api/leads/", content=in_pieces(LEAD), headers=JSON)
    assert answer.status_code == 201
    assert Lead.objects.get().name == "Noa"


@pytest.mark.parametrize("said", [len(LEAD) + 1, 60_000], ids=["one short", "far too short"])
def test_a_body_shorter_than_it_says_is_refused(
    said: int, source: LeadSource, gunicorn: str
) -> None:
    head = f"POST /api/leads/ HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {said}"
    assert " 400 " in by_hand(gunicorn, head, LEAD).splitlines()[0]
    assert not Lead.objects.exists()


def test_a_body_that_says_it_is_enormous_is_not_read(source: LeadSource, gunicorn: str) -> None:
    head = (
        f"POST /api/leads/ HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {10**15}"
    )
    assert " 413 " in by_hand(gunicorn, head, LEAD).splitlines()[0]


def test_the_form_explains_ten_megabytes(source: LeadSource, gunicorn: str) -> None:
    with httpx.Client(timeout=60) as client:
        posted = client.post(f"{gunicorn}/contact/website/", data={"message": "x" * TEN_MB})
        file = client.post(f"{gunicorn}/contact/website/", files={"message": b"x" * TEN_MB})
    for answer in [posted, file]:
        assert answer.status_code == 413
        assert "That is too much for one message" in answer.text
