"""`python -m callbacks.localrun.shop`: serves the shop's pages until it is ended.

SHOP_PORT: the port, on this machine only. SHOP_CALLBACKS: our server, whose button the pages have.
The Content-Security-Policy allows only what docs/widget.md says a website's policy must.
"""

import os
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).with_name("static")
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES: Final = {
    "/": "en.html",
    "/he/": "he.html",
    **{f"/{it.name}": it.name for it in PAGES.iterdir() if it.suffix != ".html"},
}
# The address in the pages that our server's address replaces.
PLACE: Final = "https://callbacks.example.com"


def server(port: int, ours: str) -> ThreadingHTTPServer:
    """Listens on `port`; its pages have the button of the server at `ours`."""
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self' {ours}; "
        f"connect-src {ours}; frame-src {ours}; base-uri 'none'; form-action 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def _answer(self) -> None:
            name = FILES.get(self.path.partition("?")[0])
            if name is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            file = PAGES / name
            body = file.read_text().replace(PLACE, ours).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", KINDS[file.suffix])
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Cache-Control", "no-cache")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Serves until SIGTERM. Says so if the port cannot be used."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port, ours = int(os.environ["SHOP_PORT"]), os.environ["SHOP_CALLBACKS"]
    try:
        listening = server(port, ours)
    except OSError as error:  # taken since the launcher found it free
        sys.exit(
            f"Port {port} cannot be used ({error.strerror}). Take another port: "
            f"SHOP_PORT={port + 1} make run"
        )
    with listening:
        listening.serve_forever()


if __name__ == "__main__":
    main()
