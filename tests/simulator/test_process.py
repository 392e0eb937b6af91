"""Starting and stopping, and what the simulator prints."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from callbacks.simulator.__main__ import main
from tests.support.simulator import CODE, READY, ROOT, SimulatorProcess, eventually

COMMAND = [sys.executable, "-m", "callbacks.simulator"]


def test_it_is_healthy_once_it_says_it_is_ready(sim: SimulatorProcess) -> None:
    answer = sim.http.get(f"{sim.url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_it_says_plainly_that_the_port_is_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [*COMMAND, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"simulator: port {port} on 127.0.0.1 is busy")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_with_calls_faults_and_pages_open(number: signal.Signals) -> None:
    kinds = ("stall", "delay", "cdr_before_answer")
    with SimulatorProcess(talk=3600, faults=[{"kind": kind} for kind in kinds]) as sim:
        where = urlsplit(sim.click2call_url)
        forms = [{"code": CODE, "phone": n, "target": f"05055501{n}"} for n in (11, 12, 13)]
        paths = ["/phones/events"] + [f"{where.path}?{urlencode(form)}" for form in forms]
        held = [socket.create_connection((where.hostname, where.port)) for _ in paths]
        for connection, path in zip(held, paths, strict=True):
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: len(sim.ledger()) == 3)
        assert b"data: " in held[0].recv(65_536)
        os.kill(sim.pid, number)
        words = sim.stop()
        assert sim.exit_code == 0
        assert words == ""
        for connection in held:
            connection.close()


def test_it_can_start_again_on_its_port_at_once() -> None:
    with SimulatorProcess() as first:
        first.call(phone="101", target="0505550101")
        port = urlsplit(first.url).port
    with SimulatorProcess(port=port or 0) as second:
        assert second.url == first.url


def test_it_takes_its_settings_from_the_environment() -> None:
    environment = os.environ | {
        "SIMULATOR_PORT": "0",
        "SIMULATOR_CDR_URL": "http://127.0.0.1:9/hook/",
        "SIMULATOR_POPUP_URL": "http://127.0.0.1:9/popup/",
        "SIMULATOR_EXTENSIONS": "101, 102",
        "SIMULATOR_CONTROL": '{"cdr_format": "xml", "faults": [{"kind": "html"}]}',
        "VOICENTER_CODE": "from-the-environment",
    }
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(READY)
        url = line.removeprefix(READY).strip()
        with httpx.Client(trust_env=False, timeout=60) as http:
            status = http.get(f"{url}/control").json()
            assert status["cdr_posts"] is status["popup_posts"] is True
            assert (status["answer_after"], status["mode"]) == (2.0, "auto")
            assert status["cdr_format"] == "xml"
            assert status["faults"][0]["kind"] == "html"
            phones = http.get(f"{url}/phones").json()["phones"]
            assert [(p["number"], p["presence"], p["call"]) for p in phones] == [
                ("101", "online", None),
                ("102", "online", None),
            ]
            # A reset restores all of this.
            http.post(f"{url}/control", json={"extensions": {"101": None}, "faults": []})
            again = http.post(f"{url}/control", json={"reset": True}).json()
            assert again == status
            assert len(http.get(f"{url}/phones").json()["phones"]) == 2
            http.post(f"{url}/control", json={"faults": []})
            answer = http.get(
                f"{url}/ForwardDialer/click2call.aspx",
                params={"code": "x", "phone": "101", "target": "102", "format": "json"},
            )
            assert answer.json()["ERRORMESSAGE"] == "Code is invalid"
        process.terminate()
        assert process.wait(60) == 0


def test_the_ready_file_has_the_address_while_it_runs(tmp_path: Path) -> None:
    ready = tmp_path / "simulator.url"
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--ready-file", str(ready)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as process:
        url = eventually(lambda: ready.exists() and ready.read_text().strip())
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=60).status_code == 200
        process.terminate()
        assert process.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "--port: not a port"),
        (["--port", "web"], "--port: not a port"),
        (["--talk", "-1"], "--talk: talk must be from 0"),
        (["--answer-after", "soon"], "--answer-after: not a number"),
        (["--answer-after", "nan"], "--answer-after: answer_after must be from 0"),
        (["--seed", "1.5"], "--seed: not a number"),
        (["--cdr-url", "localhost"], "--cdr-url: address must be an http or https address"),
        (["--popup-url", "ftp://x"], "--popup-url: address must be an http or https address"),
        (["--extensions", "1\x07"], "--extensions: extensions has a number that is empty"),
        (["--control", "{"], "--control: not valid JSON"),
        (["--control", "[]"], "--control: the body must be a JSON object"),
        (["--control", '{"speed": 1}'], "--control: unknown key 'speed'"),
    ],
)
def test_it_says_which_argument_is_wrong(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_it_says_that_it_cannot_listen() -> None:
    ended = subprocess.run(
        [*COMMAND, "--host", "256.0.0.1", "--port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "cannot listen on 256.0.0.1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_unknown_addresses_are_404_and_garbage_is_400(sim: SimulatorProcess) -> None:
    for path in ("/nothing", "/static/nothing", "/static/../server.py", "/static/%2e%2e/app.py"):
        assert sim.http.get(sim.url + path).status_code == 404
    where = urlsplit(sim.url)
    with socket.create_connection((where.hostname, where.port)) as connection:
        connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert sim.http.get(f"{sim.url}/healthz").status_code == 200
