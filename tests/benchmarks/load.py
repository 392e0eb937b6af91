"""A client that submits leads: at a steady pace, or as fast as a bounded number can."""

import http.client
import json
import threading
import time
from dataclasses import dataclass

CONNECTIONS = 8


class NotTaken(AssertionError):  # noqa: N818  # said of the leads
    """A submission that was not answered with 201."""


@dataclass(frozen=True)
class Submitted:
    """One lead: its number (E.164), and when its request began to be sent (epoch seconds)."""

    phone: str
    at: float


def submit(
    port: int, path: str, phones: list[str], per_second: float | None = None
) -> list[Submitted]:
    """Submits a lead for each of `phones` over CONNECTIONS kept-alive connections.

    `per_second` None: as fast as the answers come. Raises NotTaken when one of them was refused.
    """
    client = _Client(port, path, phones, per_second)
    threads = [threading.Thread(target=client.work, daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if client.problem is not None:
        raise client.problem
    return client.submitted


class _Client:
    def __init__(self, port: int, path: str, phones: list[str], per_second: float | None) -> None:
        self.submitted: list[Submitted] = []
        self.problem: Exception | None = None
        self._port = port
        self._path = path
        self._pause = 1 / per_second if per_second else 0.0
        self._due = enumerate(phones)
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def work(self) -> None:
        """One connection: takes the next lead, waits for its moment, submits it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            while self.problem is None and (lead := self._next()):
                number, phone = lead
                wait = self._start + number * self._pause - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                self._submit(connection, phone)
        except (OSError, http.client.HTTPException, NotTaken) as problem:
            self.problem = problem
        finally:
            connection.close()

    def _next(self) -> tuple[int, str] | None:
        with self._lock:
            return next(self._due, None)

    def _submit(self, connection: http.client.HTTPConnection, phone: str) -> None:
        lead = {"source": "website", "name": "Noa Levi", "phone": phone, "message": "Please call."}
        body = json.dumps(lead).encode()
        at = time.time()
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != http.client.CREATED:
            raise NotTaken(f"{phone} was answered with {answer.status}: {text[:300]!r}")
        self.submitted.append(Submitted(phone, at))
