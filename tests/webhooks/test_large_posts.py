"""How the webhooks treat bodies that are huge, chunked, or not as long as they claim."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from callbacks.models import CallRecord

TEN_MB = 10_000_000
JSON = {"Content-Type": "application/json"}
RECORD = json.dumps({"ivruniqueid": "C-1", "type": "Incoming Call", "status": "ANSWER"}).encode()

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["cdr", "popup"])
def address(request: pytest.FixtureRequest, gunicorn: str, settings: Any) -> str:
    return f"{gunicorn}/webhooks/voicenter/{settings.CDR_SECRET}/{request.param}/"


def in_pieces(body: bytes) -> Iterator[bytes]:
    """httpx sends an iterator chunked, without a Content-Length."""
    for start in range(0, len(body), 8192):
        yield body[start : start + 8192]


def by_hand(url: str, length: int, body: bytes) -> str:
    """The answer to a post that says it has this length; nothing is sent after `body`."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as wire:
        wire.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
        wire.shutdown(socket.SHUT_WR)
        with wire.makefile("rb") as answer:
            return answer.read().decode()


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_ten_megabytes_are_a_parse_error_and_change_nothing(chunked: bool, address: str) -> None:
    body = RECORD.ljust(TEN_MB)
    with httpx.Client(timeout=60) as client:
        content = in_pieces(body) if chunked else body
        answer = client.post(address, content=content, headers=JSON)
    assert answer.status_code == 200
    assert (answer.json()["Err"], answer.json()["Errdesc"]) == (1, "Parse error")
    assert not CallRecord.objects.exists()


def test_a_body_that_says_it_is_enormous_is_not_read(address: str) -> None:
    answer = by_hand(address, 10**15, RECORD)
    assert '"Err": 1' in answer


def test_a_body_that_ends_early_is_a_parse_error(address: str) -> None:
    assert '"Err": 1' in by_hand(address, len(RECORD) + 1, RECORD)
    assert not CallRecord.objects.exists()


def test_whoever_does_not_know_the_secret_is_not_read_at_all(address: str, settings: Any) -> None:
    wrong = address.replace(settings.CDR_SECRET, "wrong")
    assert " 404 " in by_hand(wrong, 10**15, RECORD).splitlines()[0]


def test_a_chunked_record_is_taken(gunicorn: str, settings: Any) -> None:
    url = f"{gunicorn}/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"
    answer = httpx.post(url, content=in_pieces(RECORD), headers=JSON, timeout=60)
    assert answer.json() == {"Err": 0, "Errdesc": "OK"}
    assert CallRecord.objects.get().call_id == "C-1"
