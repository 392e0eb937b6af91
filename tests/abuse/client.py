"""Requests as the proxy passes them on: from any address, with and without the form's page."""

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from tests.chaos.client import id_in

T = TypeVar("T")
FORM = "/contact/website/"
PATIENCE = 60.0  # seconds for one answer, on a busy machine
TAKEN = (http.client.CREATED, http.client.SEE_OTHER)
_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 means no answer."""

    status: int
    text: str = ""
    location: str = ""

    @property
    def lead(self) -> str:
        """The public id of the acknowledged lead; "" if there was none."""
        return id_in(self.location) if self.status in TAKEN else ""


def ask(
    port: int,
    method: str,
    path: str,
    address: str,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A request from this address: a form, or JSON below /api/."""
    sent = {"X-Forwarded-For": address, **(headers or {}), "Connection": "close"}
    body = None
    if fields is not None:
        is_api = path.startswith("/api/")
        body = (json.dumps(dict(fields)) if is_api else urlencode(fields)).encode()
        sent["Content-Type"] = "application/json" if is_api else "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return Answer(answer.status, text, answer.getheader("Location") or "")
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        connection.close()


def by_api(port: int, phone: str, address: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A request as a program sends it."""
    fields = {"source": "website", "name": "Mallory", "phone": phone}
    return ask(port, "POST", "/api/leads/", address, fields, headers)


def by_form(
    port: int, phone: str, address: str, carried: Mapping[str, str], form: str = FORM
) -> Answer:
    """A request as the form sends it; `carried`: the hidden fields of its page."""
    fields = {"name": "Noa Levi", "phone": phone, **carried}
    return ask(port, "POST", form, address, fields)


def page(port: int, address: str, form: str = FORM) -> dict[str, str]:
    """Loads the form and returns its hidden fields; {} if it did not load."""
    return dict(_HIDDEN.findall(ask(port, "GET", form, address).text))


@dataclass
class Stranger:
    """The numbers that a stranger has typed, and the answers they got."""

    phones: set[str] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, phone: str, answer: Answer) -> Answer:
        """Records one request and its answer."""
        with self._lock:
            self.phones.add(phone)
            self.answers.append(answer)
        return answer

    def count(self, *statuses: int) -> int:
        """How many answers had one of these statuses."""
        return sum(it.status in statuses for it in self.answers)


def all_of(act: Callable[[T], object], of: Iterable[T], at_once: int) -> None:
    """Calls `act` with each item, `at_once` at a time."""
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(act, of):
            pass


def stay(seconds: float) -> None:
    """Waits for as long as a person looks at a page."""
    time.sleep(seconds)
