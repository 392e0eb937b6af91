"""The simulator as a process, and a receiver for its records."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY = "Simulator ready on "
CODE = "test-code"
T = TypeVar("T")

# httpx logs a line for each request: thousands of these would bury the rest of a failed test's log.
logging.getLogger("httpx").setLevel(logging.WARNING)


def eventually(look: Callable[[], T], within: float = 90.0) -> T:
    """The result of `look` once it is true; AssertionError with the last result if it never is.

    Looks less often the longer it takes: most looks are requests, and the awaited process needs the
    processor more.
    """
    end = time.monotonic() + within
    pause = 0.01
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"still {seen!r} after {within:g} s")
        time.sleep(pause)
        pause = min(1.5 * pause, 0.05)


class SimulatorProcess:
    """`python -m callbacks.simulator` on a free port, ended with the `with` block.

    Times are in seconds and short, so that a whole call takes a tenth of a second. `control(...)`
    changes all other settings, including `cdr_url`, while it runs.
    """

    def __init__(
        self,
        *,
        cdr_url: str | None = None,
        code: str = CODE,
        seed: int = 1,
        answer_after: float = 0.03,
        talk: float = 0.03,
        port: int = 0,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        **control: Any,
    ) -> None:
        self.code = code
        self._environment = dict(environment or {})
        self._arguments = [
            *arguments,
            *("--port", str(port), "--seed", str(seed)),
            *("--answer-after", str(answer_after), "--talk", str(talk)),
        ]
        self._cdr_url = cdr_url
        self._control = control
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        # Uses no proxy from the environment and loads no certificates, because the address is
        # loopback.
        self.http = httpx.Client(trust_env=False, timeout=30, verify=False)

    def start(self) -> Self:
        """Starts it and waits until it listens. AssertionError with its output if it does not."""
        # A simulator that stops says why on stderr; a pipe that nobody reads would block it.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by stop)
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SIMULATOR_", "VOICENTER_"))
        }
        environment["VOICENTER_CODE"] = self.code
        environment |= self._environment
        if self._cdr_url:
            environment["SIMULATOR_CDR_URL"] = self._cdr_url
        self._process = subprocess.Popen(
            [sys.executable, "-m", "callbacks.simulator", *self._arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(READY):
            raise AssertionError(f"no simulator: {line!r} {self.stop()}")
        self.url = line.removeprefix(READY).strip()
        if self._control:
            self.control(**self._control)
        return self

    def stop(self) -> str:
        """Ends it cleanly; returns what it wrote to stderr. Safe to repeat."""
        if self._process is None:
            return ""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)  # on a busy machine
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.exit_code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        self.http.close()
        self._errors.seek(0)
        words = self._errors.read()
        self._errors.close()
        return words

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id, for signals."""
        assert self._process is not None
        return self._process.pid

    @property
    def click2call_url(self) -> str:
        """The address for Click2Call requests."""
        return f"{self.url}/ForwardDialer/click2call.aspx"

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests that it received, in order, without the first `since`."""
        answer = self.http.get(f"{self.url}/ledger", params={"since": since})
        answer.raise_for_status()
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def control(self, **changes: Any) -> dict[str, Any]:
        """Changes its behaviour; AssertionError with its answer if it does not understand."""
        answer = self.http.post(f"{self.url}/control", json=changes)
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def status(self) -> dict[str, Any]:
        """Its current behaviour."""
        status: dict[str, Any] = self.http.get(f"{self.url}/control").json()
        return status

    def ask(self, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Posts JSON with the right code to another vendor address; returns status and answer."""
        answer = self.http.post(self.url + path, json={"code": self.code, **fields})
        found: dict[str, Any] = answer.json()
        return answer.status_code, found

    def seen(self, path: str) -> list[dict[str, Any]]:
        """`GET /popups` or `GET /requests`."""
        answer = self.http.get(self.url + path)
        answer.raise_for_status()
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def call(self, **parameters: Any) -> dict[str, Any]:
        """Sends a Click2Call request with the right code, as a form; returns the JSON answer."""
        form = {"code": self.code, "action": "call", "format": "json", **parameters}
        answer = self.http.post(self.click2call_url, data=form)
        answer.raise_for_status()
        fields: dict[str, Any] = answer.json()
        return fields

    def ended(self, count: int = 1, within: float = 90.0) -> list[dict[str, Any]]:
        """The accepted calls in the ledger, once there are `count` and all have ended."""

        def look() -> list[dict[str, Any]]:
            calls = [e for e in self.ledger() if e["accepted"] and e["action"] != "terminate"]
            over = all(call["leg1"] and call["leg1"]["ended_at"] for call in calls)
            return calls if over and len(calls) >= count else []

        return eventually(look, within)


@dataclass(frozen=True)
class Post:
    """A request as it arrived."""

    method: str
    path: str
    content_type: str
    body: bytes


class Receiver:
    """A web server that takes requests and gives the answers it is told to give.

    `posts`: what arrived; `taken`: the JSON bodies among it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.posts: list[Post] = []
        self.taken: list[dict[str, Any]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.otherwise = (200, b'{"Err": 0, "Errdesc": "OK"}')
        self.free = threading.Event()
        self.free.set()
        self.lock = threading.Lock()

    def will_answer(self, *answers: tuple[int, bytes]) -> None:
        """Gives these answers to the next posts, then `otherwise` (Err 0) again."""
        self.answers.extend(answers)

    def take(self, post: Post) -> tuple[int, bytes]:
        """Stores what arrived; returns the answer to give."""
        with self.lock:
            self.posts.append(post)
            if "json" in post.content_type:
                self.taken.append(json.loads(post.body))
            return self.answers.pop(0) if self.answers else self.otherwise


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port. While `free` is cleared it takes requests and answers none."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            kind = self.headers.get("content-type", "")
            status, answer = box.take(Post(self.command, self.path, kind, body))
            box.free.wait(30)
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True  # the simulator stopped waiting

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    box = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook/s3cret/cdr/")
    # The default polls twice a second for the end, and every test would wait for that.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        box.free.set()
        server.shutdown()
        server.server_close()
        thread.join()
