"""Visitors: they submit leads at a steady pace, send again what failed, and keep the receipts."""

import http.client
import itertools
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

# A visitor who was told of a failure sends the same page again after this many seconds.
AGAIN_AFTER = 1.0
ANSWER_WITHIN = 60.0
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Try:
    """One request. `status` is the answer's, or 0 when the connection broke (`problem`).

    `at`: epoch seconds when it began; `seconds`: how long it took.
    """

    phone: str
    at: float
    seconds: float
    status: int
    problem: str = ""
    said: str = ""

    @property
    def taken(self) -> bool:
        """Whether the lead was acknowledged."""
        return self.status in (http.client.CREATED, http.client.SEE_OTHER)


@dataclass(frozen=True)
class Receipt:
    """An acknowledged submission: the lead's public id."""

    phone: str
    public_id: str
    tries: int


class Visitors:
    """Submits a lead for each number, at `per_second`, half by the form and half by the API.

        with Visitors(port, numbers, 8, rng) as visitors:
            ...  # faults
        visitors.receipts

    Leaving the block waits for the last receipt when there are `count` leads to come; without a
    count the visitors stop coming. A submission that failed is sent again, the same one, until it
    is taken or `patience` seconds are over.
    """

    def __init__(
        self,
        port: int,
        numbers: Iterator[str],
        per_second: float,
        rng: random.Random,
        count: int | None = None,
        patience: float = 120.0,
    ) -> None:
        self.receipts: list[Receipt] = []
        self.tries: list[Try] = []
        self.given_up: list[str] = []
        self._port = port
        self._numbers = itertools.islice(numbers, count) if count else numbers
        self._is_endless = count is None
        self._pause = 1 / per_second
        self._patience = patience
        self._rng = rng
        self._lock = threading.Lock()
        self._stopped = threading.Event()  # no more visitors come
        self._abandoned = threading.Event()  # and those who are here do not try again
        # Enough threads for visitors who hang for a while on a server that does not answer.
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(48)]
        self._drawn = 0
        self._begun: list[str] = []

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or self._is_endless:
            self._stopped.set()
        if kind is not None:
            self._abandoned.set()
        else:
            for thread in self._threads:
                thread.join()

    @property
    def begun(self) -> int:
        """How many leads visitors have begun to submit."""
        return len(self._begun)

    @property
    def phones(self) -> list[str]:
        """The numbers of all leads that were ever sent, acknowledged or not."""
        return list(self._begun)

    def is_done(self) -> bool:
        """Whether all have their receipts or have given up."""
        return not any(thread.is_alive() for thread in self._threads)

    def taken_after(self, moment: float) -> float | None:
        """Seconds from `moment` until a submission that began after it was acknowledged."""
        ends = [t.at + t.seconds for t in list(self.tries) if t.taken and t.at >= moment]
        return min(ends) - moment if ends else None

    def note(self, phone: str, tries: Iterable[Try], public_ids: Iterable[str]) -> None:
        """Notes a lead that was submitted in another way: its requests, and their leads."""
        self._begun.append(phone)
        self.tries += tries
        self.receipts += [Receipt(phone, public_id, 1) for public_id in public_ids]

    def _work(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                phone = next(self._numbers, None)
                if phone is None:
                    return
                number, self._drawn = self._drawn, self._drawn + 1
                by_form = self._rng.random() < 0.5
                token = uuid.UUID(int=self._rng.getrandbits(128), version=4)
            if self._stopped.wait(max(0.0, self._start + number * self._pause - time.monotonic())):
                return
            self._submit(phone, str(token), by_form)

    def _submit(self, phone: str, token: str, by_form: bool) -> None:
        self._begun.append(phone)
        send = form_request if by_form else api_request
        give_up_at = time.monotonic() + self._patience
        for count in itertools.count(1):
            done, public_id = attempt(self._port, phone, *send(phone, token))
            self.tries.append(done)
            if done.taken:
                self.receipts.append(Receipt(phone, public_id, count))
                return
            if time.monotonic() > give_up_at or self._abandoned.is_set():
                self.given_up.append(phone)
                return
            time.sleep(AGAIN_AFTER)


Request = tuple[str, bytes, dict[str, str]]


def form_request(phone: str, token: str) -> Request:
    """What a browser sends; `token` comes from the page."""
    fields = {"token": token, "name": "Noa Levi", "phone": phone, "message": "Please call."}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return "/contact/website/", urlencode(fields).encode(), kind


def api_request(phone: str, token: str) -> Request:
    """What an API client sends; `token` is its Idempotency-Key."""
    fields = {"source": "website", "name": "Noa Levi", "phone": phone}
    kind = {"Content-Type": "application/json", "Idempotency-Key": token}
    return "/api/leads/", json.dumps(fields).encode(), kind


def attempt(
    port: int, phone: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[Try, str]:
    """Sends it once on a connection of its own; returns the try, and the lead's id if taken."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
    at, started = time.time(), time.monotonic()
    status, said, problem, public_id = 0, "", "", ""
    try:
        connection.request("POST", path, body, headers | {"Connection": "close"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        status = answer.status
        if status in (http.client.CREATED, http.client.SEE_OTHER):
            public_id = id_in(answer.getheader("Location") or "")
        else:
            said = text
    except (OSError, http.client.HTTPException) as error:
        problem = type(error).__name__
    finally:
        connection.close()
    return Try(phone, at, time.monotonic() - started, status, problem, said), public_id


def id_in(address: str) -> str:
    """The lead's public id in the address of its status."""
    found = _ID.search(address)
    if found is None:
        raise ValueError(f"there is no lead's id in {address!r}")
    return found[0]


def by_kind(tries: list[Try]) -> dict[str, int]:
    """How many failures of each kind: a status, or the name of a broken connection."""
    counts: dict[str, int] = {}
    for one in tries:
        if not one.taken:
            kind = one.problem or str(one.status)
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def until(look: Callable[[], Any], within: float, every: float = 0.2) -> Any:
    """Returns what `look` gives once it is true, or its last answer after `within` seconds."""
    end = time.monotonic() + within
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(every)
    return seen
