"""The command as another program calls it, and as a separate process."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

from callbacks.telephony import account
from tests.support.simulator import SimulatorProcess

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """stdout, which must be exactly one JSON document."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def run(db: None) -> Callable[..., Ended]:
    """run("check", "--json"): runs in this process. No output may contain the account's code."""
    codes = set()

    def call(*arguments: str) -> Ended:
        account.client.cache_clear()
        codes.add(django_settings.VOICENTER_CODE)
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("voicenter", *arguments, stdout=out, stderr=err)
            code = 0
        except CommandError as error:
            code = error.returncode
            err.write(str(error))
        ended = Ended(code, out.getvalue(), err.getvalue())
        for secret in codes - {""}:
            assert secret not in ended.out + ended.err
        assert django_settings.CDR_SECRET not in ended.out + ended.err
        return ended

    return call


@pytest.fixture
def start(
    transactional_db: None, simulator: SimulatorProcess
) -> Callable[..., "subprocess.Popen[str]"]:
    """start("call", ..., stdin=...): a separate process, with the test database and simulator."""
    address = urlsplit(django_settings.DATABASE_URL)
    database = address._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {
        **os.environ,
        "DATABASE_URL": urlunsplit(database),
        "VOICENTER_URL": simulator.click2call_url,
        "VOICENTER_CODE": simulator.code,
    }

    def process(*arguments: str, stdin: Any = subprocess.DEVNULL) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "voicenter", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return process


@dataclass
class WebServer:
    """A web server that is not the provider: the requests it got, and its answer to each."""

    url: str
    port: int
    told: list[bytes] = field(default_factory=list)
    page: bytes = b"<html><title>It works</title></html>"


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers["content-length"] or 0)
            found.told.append(self.path.encode() + self.rfile.read(length))
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(found.page)))
            self.end_headers()
            self.wfile.write(found.page)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    port = server.server_address[1]
    found = WebServer(f"http://127.0.0.1:{port}", port)
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
