"""The server process: a socket, uvicorn on it, and a clean end on SIGTERM and SIGINT."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path

import uvicorn

from callbacks.simulator.engine.faults import Fault
from callbacks.simulator.engine.settings import Settings
from callbacks.simulator.exchange import Exchange
from callbacks.simulator.http.app import build
from callbacks.simulator.http.wire import Protocol
from callbacks.simulator.mailbox.server import Mailbox

READY = "Simulator ready on"
GRACE = 2  # seconds that an open answer may take after a stop


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free port. Raises OSError, for example if the port is in
    use.
    """
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, proto)
    try:
        # A restart must not wait until the kernel forgets the last run's connections.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """The http address of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn that prints when it is ready, releases held answers, and ends with status 0."""

    def __init__(
        self, exchange: Exchange, mailbox: Mailbox, url: str, ready_file: Path | None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                build(exchange, mailbox),
                http=Protocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
            )
        )
        self._exchange = exchange
        self._url = url
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, then prints the address and writes the ready file."""
        await super().startup(sockets)
        sys.stdout.write(f"{READY} {self._url}\n")
        sys.stdout.flush()
        if self._ready_file is not None:
            # A process that waits for the file must never read half of it.
            part = self._ready_file.with_name(f"{self._ready_file.name}.{os.getpid()}")
            part.write_text(f"{self._url}\n")
            part.replace(self._ready_file)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hangs up, and wakes held answers and open pages so that they do not delay the end."""
        self._exchange.stop()
        await super().shutdown(sockets)
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Ends on SIGTERM and SIGINT. uvicorn would raise them again, which looks like a crash."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True


def run(
    sock: socket.socket,
    settings: Settings,
    secret: str,
    ready_file: Path | None,
    faults: tuple[Fault, ...] = (),
    mail_sock: socket.socket | None = None,
) -> None:
    """Serves on a bound socket until told to stop; takes mail on `mail_sock`, if given."""

    async def serve() -> None:
        exchange, mailbox = Exchange(settings, secret, faults), Mailbox()
        if mail_sock is not None:
            await asyncio.start_server(mailbox.serve, sock=mail_sock)
        await Server(exchange, mailbox, url_of(sock), ready_file).serve([sock])

    asyncio.run(serve())
