"""A client that posts: at a steady pace, or as fast as a bounded number of connections can."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CONNECTIONS = 8


class NotTaken(AssertionError):  # noqa: N818  # said of the leads
    """A submission that was not answered with 201, or a pop-up request without its answer."""


@dataclass(frozen=True)
class Submitted:
    """One lead: its number (E.164), and when its request began to be sent (epoch seconds)."""

    phone: str
    at: float


@dataclass(frozen=True)
class Answered:
    """One request: which it was, when it began to be sent (epoch seconds), and what came back."""

    number: int
    at: float
    milliseconds: float
    status: int
    body: bytes


def submit(
    port: int,
    path: str,
    phones: Sequence[str],
    per_second: float | None = None,
    source: str = "website",
) -> list[Submitted]:
    """Submits a lead for each of `phones`. Raises NotTaken when one of them was refused."""
    leads = [
        {"source": source, "name": "Noa Levi", "phone": phone, "message": "Please call."}
        for phone in phones
    ]
    answers = post(port, path, leads, per_second)
    for answer in answers:
        if answer.status != http.client.CREATED:
            words = f"{answer.status}: {answer.body[:300]!r}"
            raise NotTaken(f"{phones[answer.number]} was answered with {words}")
    return [Submitted(phones[answer.number], answer.at) for answer in answers]


def post(
    port: int, path: str, documents: Sequence[object], per_second: float | None = None
) -> list[Answered]:
    """Posts each document as JSON over CONNECTIONS kept-alive connections; answers as they come.

    `per_second` None: as fast as the answers come.
    """
    client = _Client(port, path, documents, per_second)
    # Each connection is used twice a second or more: a server closes idle connections.
    used = min(CONNECTIONS, max(1, int(per_second / 2))) if per_second else CONNECTIONS
    threads = [threading.Thread(target=client.work, daemon=True) for _ in range(used)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if client.problem is not None:
        raise client.problem
    return client.answered


class _Client:
    def __init__(
        self, port: int, path: str, documents: Sequence[object], per_second: float | None
    ) -> None:
        self.answered: list[Answered] = []
        self.problem: Exception | None = None
        self._port = port
        self._path = path
        self._pause = 1 / per_second if per_second else 0.0
        self._due = enumerate(documents)
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def work(self) -> None:
        """One connection: takes the next document, waits for its moment, posts it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            while self.problem is None and (due := self._next()):
                number, document = due
                wait = self._start + number * self._pause - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                self._post(connection, number, json.dumps(document).encode())
        except (OSError, http.client.HTTPException) as problem:
            self.problem = problem
        finally:
            connection.close()

    def _next(self) -> tuple[int, Any] | None:
        with self._lock:
            return next(self._due, None)

    def _post(self, connection: http.client.HTTPConnection, number: int, body: bytes) -> None:
        at, began = time.time(), time.perf_counter()
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1000
        self.answered.append(Answered(number, at, took, answer.status, text))
