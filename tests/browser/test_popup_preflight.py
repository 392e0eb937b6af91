"""A real browser asks for the pop-up as the vendor's extension does, and is shown the answer.

A page gets an extension's origin only from the extension itself: its id is a hash of the vendor's
key. So `Renamed` stands between the browser and the product and gives one page's origin the
extension's name, and back. Which questions are asked first, what is sent and who may read it is
decided by Chromium and by the product.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import requests
from playwright.sync_api import Browser, Page

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptState
from tests.support.chromium import PATIENCE
from tests.support.simulator import eventually
from tests.support.stack import CDR_SECRET, Stack

EXTENSION = "chrome-extension://ifiaikfdhcagbagdeflffjdammidpbio"
ASK = """async ([address, options]) => {
    try {
        const answer = await fetch(address, options);
        return await answer.json();
    } catch (error) {
        return error.name;
    }
}"""
UNREADABLE = "TypeError"


class Renamed:
    """A server whose pages are of any name below .localhost, which is this machine; everything
    else is passed on to the product, with `extension.localhost` renamed.
    """

    def __init__(self, product: str, port: int, client: httpx.Client) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.own = f"http://extension.localhost:{port}"
        self.other = f"http://other.localhost:{port}"
        self.seen: list[tuple[str, str]] = []
        self._product = product
        self._client = client

    def passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        self.seen.append((method, headers.get("origin", "")))
        if headers.get("origin") == self.own:
            headers["origin"] = EXTENSION
        del headers["host"]
        answer = self._client.request(method, self._product + path, headers=headers, content=body)
        if answer.headers.get("access-control-allow-origin") == EXTENSION:
            answer.headers["access-control-allow-origin"] = self.own
        return answer


@contextmanager
def renaming(product: str) -> Iterator[Renamed]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/page":
                self.written(200, {"Content-Type": "text/html"}, b"<!doctype html><title>p</title>")
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.renamed.passed_on(self.command, self.path, headers, body)
            told = {
                name: value for name, value in answer.headers.items()
                if name.startswith("access-control-") or name in ("content-type", "vary")
            }  # fmt: skip
            self.written(answer.status_code, told, answer.content)

        do_GET = do_POST = do_OPTIONS = answer  # noqa: N815

        def written(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    class Server(ThreadingHTTPServer):
        renamed: Renamed

    with (
        Server(("127.0.0.1", 0), Handler) as server,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        server.renamed = Renamed(product, server.server_port, client)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.renamed
        server.shutdown()
        thread.join()


@pytest.fixture
def between(stack: Stack) -> Iterator[Renamed]:
    with renaming(stack.url) as renamed:
        yield renamed


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """visit(origin): a page of that origin. Chromium says on the console what it refuses."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)

    def visit(origin: str) -> Page:
        page = context.new_page()
        page.goto(f"{origin}/page")
        assert page.evaluate("location.origin") == origin
        return page

    yield visit
    context.close()


@pytest.fixture
def ringing(stack: Stack) -> Iterator[dict[str, str]]:
    """What the vendor's extension sends while the salesperson's phone rings for Noa Levi."""
    stack.simulator.control(mode="manual")
    lead = {"source": "website", "name": "Noa Levi", "phone": "0505550142"}
    assert requests.post(f"{stack.url}/api/leads/", json=lead, timeout=30).status_code == 201
    attempt = eventually(
        lambda: CallAttempt.objects.filter(state=AttemptState.ACCEPTED).first(), 60
    )
    assert attempt
    yield {
        "ivrid": attempt.call_id, "extenUser": attempt.extension_number, "status": "Ringing",
        "direction": "Click2Call", "phone": "0505550142",
    }  # fmt: skip
    stack.simulator.control(mode="auto")


def post(content_type: str, asked: dict[str, str]) -> dict[str, Any]:
    pairs = ", ".join(f'"{name}": "{value}"' for name, value in asked.items())
    return {"method": "POST", "headers": {"Content-Type": content_type}, "body": f"{{{pairs}}}"}


def test_the_extension_reads_who_calls_and_no_other_page_does(
    stack: Stack, between: Renamed, visit: Callable[[str], Page], ringing: dict[str, str]
) -> None:
    address = f"{between.url}/webhooks/voicenter/{CDR_SECRET}/popup/"
    query = "&".join(f"{name}={value}" for name, value in ringing.items())
    json, text = post("application/json", ringing), post("text/plain", ringing)

    page = visit(between.own)
    answer = page.evaluate(ASK, [address, json])
    assert (answer["STATUS"], answer["CLIENTNAME"]) == ("OK", "Noa Levi")
    assert "/admin/leads/lead/" in answer["URL"]
    # Chromium asked first whether it may, and then did.
    assert between.seen == [("OPTIONS", between.own), ("POST", between.own)]
    assert page.evaluate(ASK, [address, text])["CLIENTNAME"] == "Noa Levi"
    assert page.evaluate(ASK, [f"{address}?{query}", {}])["CLIENTNAME"] == "Noa Levi"
    # Neither a wrong secret nor another address of ours gives an answer that the page can read.
    for wrong in (address.replace(CDR_SECRET, "wrong"), address.replace("popup", "cdr")):
        assert page.evaluate(ASK, [wrong, json]) == UNREADABLE

    between.seen.clear()
    other = visit(between.other)
    assert other.evaluate(ASK, [address, json]) == UNREADABLE
    assert between.seen == [("OPTIONS", between.other)]
    # What needs no question beforehand is sent, but its answer is kept from the page.
    assert other.evaluate(ASK, [address, text]) == UNREADABLE
    assert other.evaluate(ASK, [f"{address}?{query}", {}]) == UNREADABLE
    assert [method for method, _ in between.seen] == ["OPTIONS", "POST", "GET"]
