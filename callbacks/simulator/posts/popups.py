"""Pop-up requests: ask the product who is calling when an extension rings, talks or hangs up.

One request for each change, never repeated; those of one call are sent one after the other. The
product has three seconds to answer (the provider's reference, "Pop-up screen"), or `popup_limit`.
The answers are kept for `GET /popups`.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from callbacks.simulator.posts.delivery import CONNECTIONS, client, read_head
from callbacks.simulator.posts.packing import FORM_TYPE, form

KEPT = 10_000
READ_LIMIT = 86_400.0  # seconds; Errand.limit is what counts


@dataclass(slots=True)
class Popup:
    """A request and its answer. `problem` is "" if the answer was good."""

    at: float
    call_id: str
    leg: int
    status: str
    sent: dict[str, Any]
    http_status: int | None = None
    seconds: float | None = None
    answer: Any = None
    problem: str = "not sent yet"

    def as_dict(self) -> dict[str, Any]:
        """As `GET /popups` shows it."""
        return {
            "at": self.at,
            "call_id": self.call_id,
            "leg": self.leg,
            "status": self.status,
            "sent": self.sent,
            "http_status": self.http_status,
            "seconds": self.seconds,
            "answer": self.answer,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Errand:
    """Where and how to send a request: `packing` is json, form or get; `limit` in seconds."""

    url: str
    packing: str
    limit: float


@dataclass(slots=True)
class _Line:
    """The waiting requests of one call, and the task that sends them."""

    todo: deque[tuple[Popup, Errand]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Popups:
    """Sends the requests and keeps the answers."""

    def __init__(self) -> None:
        self._notes: deque[Popup] = deque(maxlen=KEPT)
        self._dropped = 0
        self._lines: dict[str, _Line] = {}
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._client: httpx.AsyncClient | None = None

    def ask(self, popup: Popup, errand: Errand) -> None:
        """Sends a request after the earlier ones of the same call."""
        if len(self._notes) == KEPT:
            self._dropped += 1
        self._notes.append(popup)
        line = self._lines.setdefault(popup.call_id, _Line())
        line.todo.append((popup, errand))
        if line.task is None:
            line.task = asyncio.create_task(self._work(popup.call_id, line))

    def since(self, count: int = 0) -> list[dict[str, Any]]:
        """All requests except the first `count`; only the last KEPT are kept."""
        return [popup.as_dict() for popup in list(self._notes)[max(0, count - self._dropped) :]]

    def clear(self) -> None:
        """Forgets all requests, including waiting ones (reset)."""
        self._notes.clear()
        self._dropped = 0
        for line in self._lines.values():
            line.todo.clear()

    async def drain(self, within: float) -> None:
        """Waits until all are sent, for at most `within` seconds."""
        tasks = [line.task for line in self._lines.values() if line.task]
        if tasks:
            await asyncio.wait(tasks, timeout=within)

    async def close(self) -> None:
        """Stops sending, and closes the connections."""
        tasks = [line.task for line in self._lines.values() if line.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _work(self, call_id: str, line: _Line) -> None:
        while line.todo:
            popup, errand = line.todo.popleft()
            async with self._slots:
                await self._send(popup, errand)
        del self._lines[call_id]

    async def _send(self, popup: Popup, errand: Errand) -> None:
        if self._client is None:
            self._client = client(READ_LIMIT)
        popup.at = started = time.time()
        try:
            async with asyncio.timeout(errand.limit):
                await self._exchange(self._client, popup, errand.url, errand.packing)
        except TimeoutError:
            popup.problem = f"no answer within {errand.limit:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Only the class: some errors' messages contain the address.
            popup.problem = f"no answer: {type(error).__name__}"
        popup.seconds = round(time.time() - started, 6)

    async def _exchange(
        self, client: httpx.AsyncClient, popup: Popup, url: str, packing: str
    ) -> None:
        if packing == "json":
            request = client.build_request("POST", url, json=popup.sent)
        elif packing == "form":
            headers = {"content-type": FORM_TYPE}
            request = client.build_request("POST", url, content=form(popup.sent), headers=headers)
        else:
            query = form(_as_query(popup.sent)).decode()
            request = client.build_request("GET", f"{url}{'&' if '?' in url else '?'}{query}")
        response = await client.send(request, stream=True)
        try:
            popup.http_status = response.status_code
            body = await read_head(response)
        finally:
            await response.aclose()
        popup.answer, popup.problem = _judge(response.status_code, body)


def _as_query(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a GET: `statusCall` instead of `status`, without lists and objects."""
    plain = {name: value for name, value in fields.items() if not isinstance(value, dict | list)}
    plain["statusCall"] = plain.pop("status")
    return plain


def _judge(status: int, body: bytes) -> tuple[Any, str]:
    """The answer, and the problem with it."""
    answer: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        answer = json.loads(body)
    if status != httpx.codes.OK:
        return answer, f"HTTP status {status}"
    if not isinstance(answer, dict):
        return answer, "the answer is not a JSON object"
    said = {name.upper(): value for name, value in answer.items()}.get("STATUS")
    if str(said).upper() != "OK":
        return answer, "STATUS is not OK"
    return answer, ""
