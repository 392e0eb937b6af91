"""As much SMTP as a sender needs (RFC 5321), with faults on request."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as policy

MOST_KEPT = 200
_MOST_BYTES = 30 * 1024 * 1024
_MOST_LINE = 64 * 1024
_DRIP_EVERY = 0.2  # seconds

# Instead of an answer.
HANG = "hang"  # says nothing, as long as the sender waits
DROP = "drop"  # hangs up
DRIP = "drip"  # begins an answer that never ends, one byte now and then

_ANSWERS = {
    "greeting": "220 mailbox ready",
    "ehlo": "250-mailbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN",
    "helo": "250 mailbox",
    "auth": "235 welcome",
    "mail": "250 ok",
    "rcpt": "250 ok",
    "data": "354 go ahead",
    "end": "250 kept",
    "rset": "250 ok",
    "noop": "250 ok",
    "quit": "221 bye",
}


@dataclass(frozen=True)
class Kept:
    """A mail that was accepted."""

    number: int
    at: float
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def message(self) -> EmailMessage:
        """The parsed mail."""
        return BytesParser(_class=EmailMessage, policy=policy).parsebytes(self.raw)


@dataclass
class Mailbox:
    """The accepted mails, newest last, and how senders are answered.

    `faults`: by protocol step, another answer, HANG, DROP or DRIP. The steps are those of _ANSWERS,
    and "text" for the middle of a mail.
    """

    faults: Mapping[str, str] = field(default_factory=dict)
    kept: deque[Kept] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    sessions: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def find(self, number: int) -> Kept | None:
        """The mail with this number, while it is kept."""
        return next((mail for mail in self.kept if mail.number == number), None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end: a callback of asyncio.start_server."""
        self.sessions += 1
        try:
            await _Session(self, reader, writer).run()
        except (OSError, EOFError, ValueError):
            pass  # the sender has gone, or sent something that is not mail
        finally:
            writer.close()

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Stores a complete mail."""
        self.kept.append(Kept(next(self._numbers), time.time(), sender, tuple(recipients), raw))


class _HungUpError(EOFError):
    """A fault ended the connection."""


class _Session:
    def __init__(
        self, mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._mailbox = mailbox
        self._reader = reader
        self._writer = writer
        self._sender = ""
        self._recipients: list[str] = []

    async def run(self) -> None:
        await self._answer("greeting")
        while line := await self._line():
            verb = line[:4].strip().lower()
            if verb not in _ANSWERS or verb in {"greeting", "end"}:
                await self._say("502 not known here")
                continue
            if verb == "mail":
                self._sender, self._recipients = _address(line), []
            if await self._answer(verb):
                if verb == "rcpt":
                    self._recipients.append(_address(line))
                elif verb == "data":
                    await self._mail()
                elif verb == "quit":
                    return

    async def _mail(self) -> None:
        lines: list[bytes] = []
        size = 0
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _HungUpError
            if size > 0 and "text" in self._mailbox.faults:
                await self._answer("text")
            size += len(line)
            if size > _MOST_BYTES:
                await self._say("552 too much")
                raise _HungUpError
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        fault = self._mailbox.faults.get("end", "")
        if not fault.startswith(("4", "5")):
            self._mailbox.keep(self._sender, self._recipients, b"".join(lines))
        await self._answer("end")

    async def _answer(self, step: str) -> bool:
        """Whether the answer was positive."""
        answer = self._mailbox.faults.get(step) or _ANSWERS[step]
        if answer == DROP:
            raise _HungUpError
        if answer == HANG:
            await self._reader.read()  # until the sender gives up
            raise _HungUpError
        while answer == DRIP:
            self._writer.write(b"2")
            await self._writer.drain()
            await asyncio.sleep(_DRIP_EVERY)
        await self._say(answer)
        return answer[0] in "23"

    async def _say(self, answer: str) -> None:
        self._writer.write(f"{answer}\r\n".encode())
        await self._writer.drain()

    async def _line(self) -> str:
        line = await self._reader.readline()
        return line.decode(errors="replace") if len(line) < _MOST_LINE else ""


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
