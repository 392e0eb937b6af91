"""docs/proxy/nginx.conf, run by the distribution's nginx before a real server of ours."""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.db import connection

from leads.models import Lead, LeadSource
from tests.config.web.test_slow_clients import BODY, FORM, MANY, head
from tests.support.programs import program
from tests.support.serving import ROOT, database_url, serving
from tests.support.simulator import eventually

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLE = ROOT / "docs" / "proxy" / "nginx.conf"
SECRET = "canary-nginx-0123456789-abcdefghijk"
PUBLIC_ID = "6a1d9f5e-0000-4000-8000-0000abcdef01"
HOST = "callbacks.example.com"
MAIN = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/main.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/callbacks.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    port: int
    folder: Path

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", headers={"Host": HOST}, verify=False,
            timeout=60,
        )  # fmt: skip

    def wire(self, source: str = "") -> ssl.SSLSocket:
        """`source`: the local address that the connection comes from."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(_connected(self.port, source))

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


def _connected(port: int, source: str) -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", port), timeout=60, source_address=(source, 0) if source else None
    )


def _free_port() -> int:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return int(nobody.getsockname()[1])


@pytest.fixture(scope="module")
def proxy(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    nginx = program("nginx", "/usr/sbin/nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-keyout", folder / "key.pem", "-out", folder / "chain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = {
        "HTTPS": "true", "BEHIND_PROXY": "true", "TRUSTED_PROXIES": "127.0.0.1",
        "ALLOWED_HOSTS": HOST, "CDR_SECRET": SECRET, "RATES_EXEMPT": "192.0.2.0/24",
    }  # fmt: skip
    with serving(database_url(connection), **settings) as server:
        port, plain = _free_port(), _free_port()
        changed = {
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "server 127.0.0.1:8000;": f"server {server.removeprefix('http://')};",
            "/etc/ssl/callbacks/fullchain.pem": f"{folder}/chain.pem",
            "/etc/ssl/callbacks/privkey.pem": f"{folder}/key.pem",
            "/var/log/nginx/": f"{folder}/",
        }
        example = EXAMPLE.read_text()
        for theirs, ours in changed.items():
            assert theirs in example
            example = example.replace(theirs, ours)
        (folder / "callbacks.conf").write_text(example)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        running = subprocess.Popen(
            [nginx, "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "main.log"],
            stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        try:
            found = Proxy(port, folder)
            _wait(found, running)
            yield found
        finally:
            running.terminate()
            running.wait(timeout=30)


def _wait(proxy: Proxy, running: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if running.poll() is not None:
            assert running.stderr
            pytest.fail(f"nginx did not start: {running.stderr.read().decode()}{proxy.logs()}")
        try:
            with proxy.wire():
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("nginx did not answer")


def test_the_form_stores_a_lead_under_the_visitors_address(
    proxy: Proxy, source: LeadSource
) -> None:
    with proxy.client() as client:
        page = client.get("/contact/website/")
        assert page.status_code == 200
        # One hour, until HSTS_SECONDS says that https works.
        assert page.headers["Strict-Transport-Security"] == "max-age=3600"
        fields = dict(pair.split("=") for pair in BODY.decode().split("&"))
        forged = {"X-Forwarded-For": "192.0.2.77", "X-Forwarded-Proto": "http"}
        # With the forged http, it would be redirected to https.
        assert client.post("/api/leads/", data=fields, headers=forged).status_code == 201
    assert Lead.objects.get().submitted_from == "127.0.0.1"


def test_slow_clients_cost_the_server_nothing(proxy: Proxy, source: LeadSource) -> None:
    """One address has as many as it may; more are refused, and other addresses are not affected."""
    wires = []
    try:
        for number in range(MANY):
            wire = proxy.wire()
            wires.append(wire)
            name = [b"GET / HTTP/1.1\r\nHost: ", head(FORM, "Content-Length: 40") + BODY[:9]]
            wire.sendall(name[number % 2])
        with proxy.client() as client:
            answers = {client.get("/contact/website/").status_code for _ in range(5)}
        assert answers <= {200, 429}
    finally:
        for wire in wires:
            wire.close()
    with proxy.client() as client:
        assert client.get("/contact/website/").status_code == 200


def test_one_address_has_so_many_connections_and_no_more(proxy: Proxy) -> None:
    wires = []
    try:
        begun = head("Host: " + HOST, "Content-Length: 40", FORM, request="POST /api/leads/")
        for _ in range(60):
            wires.append(proxy.wire("127.0.0.9"))  # an address that has sent no request yet
            wires[-1].sendall(begun.replace(b"Host: 127.0.0.1\r\n", b"") + b"a")
            wires[-1].setblocking(False)
        said: dict[int, bytes] = {}

        def are_refused() -> bool:
            """The last to reach nginx are refused, which need not be the last to send."""
            for place in range(60):
                with suppress(ssl.SSLWantReadError):
                    said.setdefault(place, wires[place].recv(16))
            return len(said) >= 10

        eventually(are_refused)  # the others wait for the rest of their bodies
        assert len(said) == 10
        assert {it[:13] for it in said.values()} == {b"HTTP/1.1 429 "}
    finally:
        for wire in wires:
            wire.close()


def test_a_body_has_the_bound_of_its_address(proxy: Proxy) -> None:
    three = b"a" * (3 * 1024 * 1024)
    with proxy.client() as client:
        assert client.post("/api/leads/", content=three).status_code == 413
        record = client.post(f"/webhooks/voicenter/{SECRET}/cdr/", content=three)
    assert record.json()["Err"] == 1  # the server read it, and found no record in it


def test_no_log_of_it_holds_a_secret(proxy: Proxy) -> None:
    with proxy.client() as client:
        client.get(f"/webhooks/voicenter/{SECRET}/popup/?phone=0505550101")
        client.get(f"/wallboard/{SECRET}/")
        client.get(f"/mail/unsubscribe/{SECRET}/")
        client.get(f"/sign-in/new-password/MQ/{SECRET}/")
        client.get(f"/contact/website/{PUBLIC_ID}/never-call/")
        client.get(f"/widget/website/{PUBLIC_ID}/")
        client.get(f"/contact/website/?earlier={PUBLIC_ID}")
        client.get(f"/api/leads/{PUBLIC_ID}")
        client.get("/admin/number/972505550101/?q=0505550101")
        client.post(f"/webhooks/voicenter/{SECRET}/cdr/", content=b"a" * (33 * 1024 * 1024))
    logs = proxy.logs()
    assert "/webhooks/..." in logs
    assert "/contact/website/ " in logs
    assert SECRET not in logs
    assert PUBLIC_ID not in logs
    assert "505550101" not in logs


def test_figures_are_for_the_machine_itself(proxy: Proxy) -> None:
    assert "deny all;" in EXAMPLE.read_text().partition("location = /metrics")[2]


def test_http_leads_to_https(proxy: Proxy) -> None:
    conf = (proxy.folder / "callbacks.conf").read_text()
    port = int(conf.rpartition("listen 127.0.0.1:")[2].partition(";")[0])
    answer = httpx.get(f"http://127.0.0.1:{port}/contact/website/", headers={"Host": HOST})
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://{HOST}/contact/website/"
