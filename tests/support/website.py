"""Another website: the fixture `website`, whose pages a test writes.

It is served as http://localhost:PORT, ours as http://127.0.0.1:PORT: two sites to a browser.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@dataclass
class Website:
    """`pages`: the HTML by path. `headers`: sent with all pages."""

    port: int
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture
def website() -> Iterator[Website]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = served.pages.get(self.path.partition("?")[0])
            body = (page or "").encode()
            self.send_response(204 if page is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in served.headers.items():
                self.send_header(name, value)
            if page is not None:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Website(server.server_port)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
