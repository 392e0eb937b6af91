"""Staff pages that take long keep nobody else waiting."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from select import select
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.db import connection

from callbacks.config.staff_turns import MOST_WAITING
from callbacks.config.web_worker import Connection
from callbacks.models import Wallboard
from leads.models import LeadSource
from tests.support.serving import PATIENT, database_url, served, serving
from tests.support.simulator import eventually
from tests.support.together import waiting_for_locks

LEAD = {"source": "website", "name": "Noa Levi", "phone": "0505550101"}
THREADS = 4  # so that two at most answer staff pages


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of a server with so many threads, and the test database."""
    with serving(database_url(connection) + PATIENT, WEB_THREADS=str(THREADS)) as url:
        yield url


@contextmanager
def boards_locked() -> Iterator[None]:
    """Every page of a wallboard waits as long as the block runs."""
    with psycopg.connect(database_url(connection)) as another:
        another.execute("LOCK TABLE callbacks_wallboard IN ACCESS EXCLUSIVE MODE")
        yield
        another.rollback()


def board(name: str) -> Wallboard:
    return Wallboard.objects.create(name=name)


def test_a_form_and_a_lead_do_not_wait_for_staff_pages(site: str, source: LeadSource) -> None:
    url = f"{site}/wallboard/{board('Sales floor').token}/"
    with ThreadPoolExecutor(3 * THREADS) as pool:
        with boards_locked():
            pages = [
                pool.submit(lambda: httpx.get(url, timeout=120).status_code)
                for _ in range(3 * THREADS)
            ]
            eventually(lambda: waiting_for_locks() == THREADS // 2, within=60)
            assert httpx.get(f"{site}/contact/website/", timeout=60).status_code == 200
            assert httpx.post(f"{site}/api/leads/", data=LEAD, timeout=60).status_code == 201
            assert waiting_for_locks() == THREADS // 2
        assert {it.result() for it in pages} <= {200, 503}  # 503 to those that waited too long
        assert httpx.get(url, timeout=60).status_code == 200


def test_a_page_whose_reader_has_left_is_not_made(site: str) -> None:
    """What is left of it: the board of that page was never shown."""
    left, shown = board("Left"), board("Shown")
    address = urlsplit(site)
    with ThreadPoolExecutor(THREADS // 2) as pool:
        with boards_locked():
            page = f"{site}/wallboard/{shown.token}/"
            first = [
                pool.submit(lambda: httpx.get(page, timeout=120).status_code)
                for _ in range(THREADS // 2)
            ]
            eventually(lambda: waiting_for_locks() == THREADS // 2, within=60)
            with socket.create_connection((address.hostname, address.port)) as client:
                line = f"GET /wallboard/{left.token}/now/ HTTP/1.1"
                client.sendall(f"{line}\r\nHost: 127.0.0.1\r\n\r\n".encode())
            # The server comes to clients in turn, so the one that has left waits by now.
            assert httpx.get(f"{site}/healthz", timeout=60).status_code == 200
        assert [it.result() for it in first] == [200] * (THREADS // 2)

    def is_noted() -> bool:
        assert httpx.get(f"{site}/wallboard/{shown.token}/now/", timeout=60).status_code == 200
        shown.refresh_from_db()
        return shown.last_shown_at is not None

    eventually(is_noted)
    left.refresh_from_db()
    assert left.last_shown_at is None


@pytest.mark.parametrize(
    ("method", "leaves", "has_left"),
    [
        ("GET", True, True),
        ("HEAD", True, True),
        ("POST", True, False),  # it may change something: whoever sent it meant that
        ("GET", False, False),
    ],
)
def test_only_pages_are_given_up(method: str, *, leaves: bool, has_left: bool) -> None:
    here, there = socket.socketpair()
    with closing(here), closing(there):
        waiting = Connection(None, here, None, None)
        waiting.incoming.add(f"{method} /admin/ HTTP/1.1\r\n\r\n".encode())
        if leaves:
            there.close()
        assert waiting.has_left() is has_left


@contextmanager
def sent(site: str, count: int, path: str) -> Iterator[list[socket.socket]]:
    """So many connections that have asked for a page; the server knows of them."""
    address = urlsplit(site)
    with ExitStack() as open_ones:
        made = [
            open_ones.enter_context(socket.create_connection((address.hostname, address.port), 120))
            for _ in range(count)
        ]
        for one in made:
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        # It comes to its clients in turn.
        assert httpx.get(f"{site}/healthz", timeout=60).status_code == 200
        yield made


def test_a_crowd_of_strangers_is_told_to_come_back(site: str, source: LeadSource) -> None:
    """They stay, and the form is answered all the same."""
    path = f"/wallboard/{board('Sales floor').token}/"
    with boards_locked(), sent(site, THREADS // 2, path):
        eventually(lambda: waiting_for_locks() == THREADS // 2, within=60)
        # Reports wait longest, so no wait is over before the end of the test.
        with sent(site, MOST_WAITING + 20, "/admin/reports/people/") as strangers:
            assert httpx.get(f"{site}/contact/website/", timeout=30).status_code == 200
            eventually(lambda: len(select(strangers, [], [], 0)[0]) >= 20, within=30)
            told = [one.recv(12) for one in select(strangers, [], [], 0)[0]]
    assert told == [b"HTTP/1.1 503"] * 20


def test_a_server_that_stops_tells_those_that_wait_to_come_back(transactional_db: None) -> None:
    url = database_url(connection) + PATIENT
    path = f"/wallboard/{board('Sales floor').token}/"
    with (
        served(url, WEB_THREADS=str(THREADS)) as (site, process),
        boards_locked(),
        sent(site, THREADS // 2, path),
    ):
        eventually(lambda: waiting_for_locks() == THREADS // 2, within=60)
        # Reports would wait for longer than a stopping server may take.
        with sent(site, 2 * THREADS, "/admin/reports/people/") as waiting:
            process.terminate()
            assert [one.recv(12) for one in waiting] == [b"HTTP/1.1 503"] * 2 * THREADS
