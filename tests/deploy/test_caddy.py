"""docs/proxy/Caddyfile, run by a real Caddy before a real server of ours."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from django.db import connection

from leads.models import Lead, LeadSource
from tests.chaos.client import Try, api_request, attempt
from tests.config.test_compose import service
from tests.config.test_container import COMPOSE
from tests.config.web.test_nginx import EXAMPLE as NGINX
from tests.deploy.test_docs import blocks
from tests.support.programs import program
from tests.support.serving import ROOT, database_url, serving
from tests.support.simulator import eventually
from tests.support.stack import free_port, procfile, spawn

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLE = ROOT / "docs" / "proxy" / "Caddyfile"
HOST = "callbacks.example.com"
SECRET = "canary-caddy-0123456789-abcdefghijk"


@dataclass(frozen=True)
class Caddy:
    port: int
    log: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"Host": HOST},
                            timeout=60)  # fmt: skip

    def sees(self, port: int) -> None:
        """Waits until Caddy sees that the server at `port` is back: the docs' `sleep 3`."""
        words = f'"msg":"host is up","host":"127.0.0.1:{port}"'
        eventually(lambda: words in self.log.read_text(), within=60)


def example() -> str:
    """The file as it is, with the change that it describes for an older Caddy."""
    text = EXAMPLE.read_text()
    said = subprocess.run([program("caddy"), "version"], capture_output=True, text=True, check=True)
    numbers = re.match(r"v?(\d+)\.(\d+)", said.stdout)
    assert numbers, said.stdout
    if (int(numbers[1]), int(numbers[2])) < (2, 7):
        [change] = re.findall(r"^#   sed -i '(.*)' Caddyfile$", text, re.MULTILINE)
        for old, new in re.findall(r"s/([^/]*)/([^/]*)/", change):
            assert old in text
            text = text.replace(old, new)
    return text


@contextmanager
def caddy(folder: Path, web: str, usual_patience: str = "35s") -> Iterator[Caddy]:
    """Runs without TLS, which needs a real host name; the web server is told that there was TLS."""
    port, file, log = free_port(), folder / "Caddyfile", folder / "caddy.log"
    text = example().replace("{$SITE_HOST:callbacks.example.com} {", f"http://:{port} {{", 1)
    text = text.replace("{\n\tservers {", "{\n\tadmin off\n\tservers {", 1)
    told = "header_up X-Forwarded-Proto https\n\t\tlb_policy"
    text = text.replace("response_header_timeout 35s", f"response_header_timeout {usual_patience}")
    file.write_text(text.replace("lb_policy", told, 1))
    environment = {**os.environ, "CALLBACKS_WEB": web,
                   "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}  # fmt: skip
    with log.open("wb") as output:
        running = subprocess.Popen(
            [program("caddy"), "run", "--config", file, "--adapter", "caddyfile"],
            env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        found = Caddy(port, log)

        def answers() -> bool:
            assert running.poll() is None, log.read_text()
            try:
                return bool(httpx.get(f"http://127.0.0.1:{port}/metrics").status_code)
            except httpx.HTTPError:
                return False

        eventually(answers, within=60)
        yield found
    finally:
        running.terminate()
        running.wait(timeout=30)


@pytest.fixture(scope="module")
def proxy(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    settings = {
        "HTTPS": "true", "BEHIND_PROXY": "true", "TRUSTED_PROXIES": "127.0.0.1",
        "ALLOWED_HOSTS": HOST, "CDR_SECRET": SECRET, "RATES_EXEMPT": "192.0.2.0/24",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("caddy")
    with (
        serving(database_url(connection), **settings) as server,
        caddy(folder, server.removeprefix("http://")) as running,
    ):
        yield running


def test_the_form_stores_a_lead_under_the_visitors_address(
    proxy: Caddy, source: LeadSource
) -> None:
    with proxy.client() as client:
        assert client.get("/contact/website/").status_code == 200
        fields = {"source": "website", "name": "Noa Levi", "phone": "050-555 0101"}
        forged = {"X-Forwarded-For": "192.0.2.77"}
        assert client.post("/api/leads/", data=fields, headers=forged).status_code == 201
    assert Lead.objects.get().submitted_from == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("GET", "/admin/reports/callback-times/?period=year"),
        ("POST", "/admin/leads/lead/export/?q=levi"),
    ],
)
def test_a_report_and_an_export_are_waited_for(method: str, page: str, tmp_path: Path) -> None:
    """Longer than any other page, which ends here after a second."""
    goes_on = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/healthz":
                goes_on.wait(120)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server, ThreadPoolExecutor(2) as pool:
        pool.submit(server.serve_forever)
        try:
            with (
                caddy(tmp_path, f"127.0.0.1:{server.server_port}", "1s") as proxy,
                proxy.client() as client,
            ):
                waited = pool.submit(lambda: client.request(method, page).status_code)
                assert client.get("/contact/website/").status_code == 504
                goes_on.set()
                assert waited.result() == 200
        finally:
            goes_on.set()
            server.shutdown()


def test_a_body_has_the_bound_of_its_address(proxy: Caddy) -> None:
    three = b"a" * (3 * 1024 * 1024)
    with proxy.client() as client:
        # Caddy 2.6 reads the whole body first, and reports an error of its own.
        with client.stream("POST", "/api/leads/", content=three) as refused:  # may break off
            assert refused.status_code in {413, 502}
        record = client.post(f"/webhooks/voicenter/{SECRET}/cdr/", content=three)
    assert record.json()["Err"] == 1  # the server read it, and found no record in it


def test_figures_and_secrets_stay_inside(proxy: Caddy) -> None:
    with proxy.client() as client:
        assert client.get("/metrics").status_code == 404
        client.get(f"/webhooks/voicenter/{SECRET}/popup/?phone=0505550101")
    assert SECRET not in proxy.log.read_text()
    assert "505550101" not in proxy.log.read_text()


class Webs:
    """`web` and `web-next` of compose: two ports stand for two containers."""

    def __init__(self, folder: Path) -> None:
        self.ports = {name: free_port() for name in ("web", "web-next")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.folder = folder
        rates = ("ADDRESS", "ADDRESS_NUMBERS", "ADDRESS_REFUSED", "SOURCE", "KEYLESS")
        self.environment = {
            **os.environ, "DATABASE_URL": database_url(connection), "ALLOWED_HOSTS": HOST,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HTTPS": "true", "BEHIND_PROXY": "true", "TRUSTED_PROXIES": "127.0.0.1",
            "WEB_CONCURRENCY": "1", "WEB_DRAIN": "5", **{f"RATE_{name}": "off" for name in rates},
        }  # fmt: skip

    def start(self, name: str) -> None:
        """Like `docker compose up --wait`."""
        given = {**self.environment, "PORT": str(self.ports[name])}
        self.running[name] = spawn(procfile()["web"], given, self.folder / f"{name}.log")
        eventually(lambda: self._answers(name), within=90)

    def stop(self, name: str) -> None:
        """Sends SIGTERM, as Docker does; the server must end without an error."""
        self.running[name].terminate()
        assert self.running[name].wait(60) == 0

    def end(self) -> None:
        """Ends whatever still runs."""
        for process in self.running.values():
            process.terminate()
            process.wait(60)

    def _answers(self, name: str) -> bool:
        assert self.running[name].poll() is None, (self.folder / f"{name}.log").read_text()
        try:
            url = f"http://127.0.0.1:{self.ports[name]}/healthz"
            return httpx.get(url, headers={"Host": HOST}).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def visitors(port: int) -> Iterator[list[Try]]:
    """Some leads a second, each on a connection of its own; the result of each."""
    tries: list[Try] = []
    stopped = threading.Event()

    def visitor(first: int) -> None:
        for number in range(first, 5000, 2):
            if stopped.wait(0.4):
                return
            token = f"00000000-0000-4000-8000-{number:012}"
            path, body, headers = api_request(f"050555{1000 + number}", token)
            tries.append(attempt(port, "", path, body, {**headers, "Host": HOST})[0])

    threads = [threading.Thread(target=visitor, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    try:
        yield tries
        before = len(tries)
        eventually(lambda: len(tries) > before + 3, within=60)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def test_a_new_version_is_deployed_without_a_refused_request(
    django_db_setup: None, source: LeadSource, tmp_path: Path
) -> None:
    """As with compose: `web-next` serves while `web` is replaced."""
    webs = Webs(tmp_path)
    try:
        webs.start("web")
        both = " ".join(f"127.0.0.1:{port}" for port in webs.ports.values())
        with caddy(tmp_path, both) as front:
            # Until Caddy has seen that the second server is missing, it may send requests there.
            eventually(lambda: "connection refused" in front.log.read_text(), within=60)
            with visitors(front.port) as tries:
                eventually(lambda: len(tries) > 3, within=60)
                webs.start("web-next")
                front.sees(webs.ports["web-next"])
                webs.stop("web")
                webs.start("web")
                front.sees(webs.ports["web"])
                webs.stop("web-next")
    finally:
        webs.end()
    assert [one for one in tries if not one.taken] == []
    assert Lead.objects.count() == len(tries)


def test_the_docs_say_it_in_this_order() -> None:
    [block] = [it for it in blocks() if "web-next" in it]
    lines = [line for line in block.splitlines() if re.search(r"\bsleep\b|\bweb(-next)?$", line)]
    steps = [re.sub(r"^docker .* (up|stop) .*?(\S+)$", r"\1 \2", it.split(" #")[0]) for it in lines]
    assert steps == ["up web-next", "sleep 3", "up web", "sleep 3", "stop web-next"]


def test_both_examples_have_the_same_bounds() -> None:
    caddyfile, nginx = EXAMPLE.read_text(), NGINX.read_text()
    for ours, theirs in (
        ("read_header 10s", "client_header_timeout 10s"),
        ("max_size 2MB", "client_max_body_size 2m"),
        ("max_size 32MB", "client_max_body_size 32m"),
        ("dial_timeout 3s", "proxy_connect_timeout 3s"),
        ("response_header_timeout 35s", "proxy_read_timeout 35s"),
        ("response_header_timeout 180s", "proxy_read_timeout 180s"),
        ("/admin/reports/* /admin/leads/lead/export/", "/admin/(reports/|leads/lead/export/$)"),
        ("respond /metrics 404", "location = /metrics"),
    ):
        assert ours in caddyfile
        assert theirs in nginx


def test_compose_runs_this_file_before_its_own_web_server() -> None:
    lines = service("proxy")
    assert "./docs/proxy/Caddyfile:/etc/caddy/Caddyfile:ro" in lines
    for name in re.findall(r"\{\$(\w+):", EXAMPLE.read_text()):
        assert re.search(rf"^      {name}: ", lines, re.MULTILINE), name
    assert "CALLBACKS_WEB: web:8000 web-next:8000" in lines
    drain = re.search(r"WEB_DRAIN: \$\{WEB_DRAIN:-(\d+)\}", COMPOSE)
    every = re.search(r"health_interval (\d+)s", EXAMPLE.read_text())
    assert drain
    assert every
    # Caddy asks it twice while it still serves, whatever the order of the moments.
    assert int(drain[1]) > 2 * int(every[1])
