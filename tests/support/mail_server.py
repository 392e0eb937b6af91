"""The simulator's mail server in this process, on a free port of 127.0.0.1."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from callbacks.simulator.mailbox.server import Kept, Mailbox


class MailServer:
    """`faults` may be changed between mails."""

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self._mailbox = mailbox
        self.port = port

    @property
    def kept(self) -> list[Kept]:
        return list(self._mailbox.kept)

    @property
    def sessions(self) -> int:
        return self._mailbox.sessions

    def behave(self, faults: Mapping[str, str]) -> None:
        self._mailbox.faults = dict(faults)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(mailbox.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield MailServer(mailbox, server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
