"""`make run` itself, with all its processes, on free ports and data of its own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from callbacks.localrun import print_addresses, processes
from callbacks.localrun.__main__ import shops_port
from tests.support.launching import ROOT, without_addresses
from tests.support.stack import free_port


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all tests: only the first start creates and fills a database."""
    return tmp_path_factory.mktemp("run")


BUSY = 300  # seconds that a busy machine may need for what usually takes one
PROJECTS = ("VOICENTER", "SECRET_KEY", "CDR_SECRET", "DJANGO", "SIMULATOR", "ALLOWED_HOSTS")
SECOND_TERMINAL = [
    (("who_rings", "--source", "website"), "Salesperson 101"),
    (("replay", "--days", "1"), "leads"),
    (("demo",), "left the source website as it is"),
    (("voicenter", "check"), "The account has 5 extensions"),
    (("voicenter", "extensions"), "101"),
    (("check",), "no issues"),
    (("migrate",), "No migrations to apply"),
]


class Launcher:
    """A `python -m callbacks.localrun`, and all it has printed."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = ""
        self._said = threading.Condition()
        given = without_addresses()
        given.pop("VOICENTER_URL", None)
        given |= {"PORT": str(self.port)}
        # Another run of the tests beside this one may be about to take the shop's usual port.
        given |= {name: str(free_port()) for name in ("SIMULATOR_PORT", "SHOP_PORT")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "callbacks.localrun"],
            cwd=ROOT,
            env=given | {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.output += line
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def wait_for(self, text: str) -> None:
        with self._said:
            found = self._said.wait_for(
                lambda: text in self.output or self.process.poll() is not None, timeout=BUSY
            )
        assert found, self.output
        assert text in self.output, self.output

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def get(self, path: str, posted: dict[str, str] | None = None) -> str:
        data = urlencode(posted).encode() if posted else None
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, data, timeout=BUSY) as answer:
            assert answer.status in (HTTPStatus.OK, HTTPStatus.CREATED)
            return answer.read().decode()

    def beside(self, *command: str) -> str:
        """The output of `manage.py` in a second terminal, where only the data directory is set."""
        plain = {k: v for k, v in without_addresses().items() if not k.startswith(PROJECTS)}
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=plain | {"DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=BUSY,
        )
        return done.stdout + done.stderr

    def end(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        code = self.process.wait(BUSY)
        self._reader.join(BUSY)
        return code


@contextmanager
def launched(data_dir: Path, **environment: str) -> Iterator[Launcher]:
    launcher = Launcher(data_dir, **environment)
    try:
        yield launcher
    finally:
        launcher.process.terminate()
        launcher.process.wait(BUSY)
        processes.end(processes.left_applications(data_dir), signal.SIGKILL, BUSY)
        launcher._reader.join(BUSY)


def still_there(family: list[psutil.Process], data_dir: Path) -> list[psutil.Process]:
    _gone, alive = psutil.wait_procs(family, timeout=BUSY)
    return [*alive, *processes.left_applications(data_dir)]


def assert_the_shop_may_show_the_form(launcher: Launcher) -> None:
    shop = re.findall(r"Shop +(http://localhost:\d+)/", launcher.output)[0]
    for page in ("/", "/he/"):
        with urllib.request.urlopen(f"{shop}{page}", timeout=BUSY) as answer:
            assert f"http://127.0.0.1:{launcher.port}/widget.js" in answer.read().decode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{launcher.port}/widget/website/settings/", headers={"Origin": shop}
    )
    with urllib.request.urlopen(asked, timeout=BUSY) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == shop


def may_enter_the_admin(launcher: Launcher, user: str, password: str) -> bool:
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    login = f"http://127.0.0.1:{launcher.port}/admin/login/?next=/admin/"
    browser.open(login, timeout=BUSY).read()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    fields = {"username": user, "password": password, "csrfmiddlewaretoken": token}
    with browser.open(login, urlencode(fields).encode(), timeout=BUSY) as answer:
        return answer.url.endswith("/admin/")


def test_it_starts_everything_says_where_and_leaves_nothing_behind(data_dir):
    with launched(data_dir) as launcher:
        launcher.wait_for("Ready.")
        assert f"http://127.0.0.1:{launcher.port}/contact/website/" in launcher.output
        launcher.get("/healthz")
        launcher.get("/contact/website/")
        user, password = re.findall(r"user (\S+), password (\S+)", launcher.output)[0]
        assert may_enter_the_admin(launcher, user, password)
        assert_the_shop_may_show_the_form(launcher)
        for name in ["web", "worker", "beat", "shop", "simulator"]:
            assert f"{name} started" in launcher.output.replace("  ", " ")
        assert ".env" not in launcher.output  # an .env file is optional
        lead = {"source": "website", "name": "Noa Levi", "phone": "0505550101"}
        launcher.get("/api/leads/", lead)
        for command, said in SECOND_TERMINAL:
            answer = launcher.beside(*command)
            assert said in answer, answer
            assert "ERRORS" not in answer, answer
        family = launcher.family()
        assert launcher.end(signal.SIGINT) == 0
        assert launcher.output.endswith("Stopped.\n")
        assert still_there(family, data_dir) == []


def test_it_finds_its_data_and_what_a_killed_run_left_behind(data_dir):
    with launched(data_dir) as first:
        first.wait_for("Ready.")
        password = re.findall(r"password (\S+)", first.output)[0]
        family = first.family()
        first.process.kill()
        first.process.wait()
        with launched(data_dir) as second:
            second.wait_for("Ending the processes that a killed run left behind")
            second.wait_for("Ready.")
            assert password in second.output
            assert may_enter_the_admin(second, "admin", password)
            _gone, alive = psutil.wait_procs(family, timeout=BUSY)
            assert alive == []
            assert second.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "hang-up"])
def test_it_stops_cleanly_when_it_is_still_starting(data_dir, signum):
    with launched(data_dir) as launcher:
        launcher.wait_for("started (pid=")
        family = launcher.family()
        assert launcher.end(signum) == 0
        assert "Traceback" not in launcher.output
        assert still_there(family, data_dir) == []


def test_beside_a_real_provider_it_starts_no_simulator_and_stops_all_when_one_process_ends(
    data_dir,
):
    given = {"VOICENTER_URL": "http://127.0.0.1:9/ForwardDialer/click2call.aspx"}
    with launched(data_dir, **given) as launcher:
        launcher.wait_for("Ready.")
        assert "simulator started" not in launcher.output
        assert "no simulator runs" in launcher.output
        family = launcher.family()
        (beat,) = re.findall(r"beat started \(pid=(\d+)\)", launcher.output)
        os.kill(int(beat), signal.SIGKILL)
        launcher.wait_for("The process 'beat' was killed by SIGKILL, so all were stopped.")
        assert launcher.process.wait(BUSY) != 0
        assert still_there(family, data_dir) == []


# For launchers that end before they use a server; none is started for them.
NOBODY = {"DATABASE_URL": "postgres://127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}


@pytest.mark.parametrize("variable", ["PORT", "SIMULATOR_PORT", "SHOP_PORT"])
def test_it_says_who_holds_a_port_it_needs(tmp_path, variable):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with launched(tmp_path, **NOBODY, **{variable: str(port)}) as launcher:
            assert launcher.process.wait(BUSY) == 1
            launcher._reader.join(BUSY)
    assert f"Port {port} is in use by " in launcher.output
    assert f"(process {os.getpid()})" in launcher.output
    assert f"{variable}={port + 1} make run" in launcher.output
    assert "Traceback" not in launcher.output


def test_it_says_so_when_a_port_is_no_number(tmp_path):
    with launched(tmp_path, **NOBODY, PORT="eighty") as launcher:
        assert launcher.process.wait(BUSY) == 1
        launcher._reader.join(BUSY)
    assert (
        "PORT is 'eighty', which is not a port number. Set for example PORT=8000" in launcher.output
    )


def test_a_shop_that_named_no_port_takes_another_one_if_its_usual_one_is_busy(monkeypatch):
    monkeypatch.delenv("SHOP_PORT", raising=False)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # held by another run, which is as good
            holder.bind(("127.0.0.1", 8020))
            holder.listen()
        assert shops_port() != 8020


def test_a_shop_whose_port_was_taken_meanwhile_says_so(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "callbacks.localrun.shop"],
            cwd=ROOT,
            env={**os.environ, "SHOP_PORT": str(port), "SHOP_CALLBACKS": "http://127.0.0.1:9"},
            capture_output=True,
            text=True,
            check=False,
            timeout=BUSY,
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {port} cannot be used (Address already in use). Take another port: "
        f"SHOP_PORT={port + 1} make run\n"
    )


def test_it_shows_no_password_that_somebody_changed(tmp_path):
    shown = print_addresses.addresses(tmp_path, 8000, 8020, 8010)
    assert "password the one you chose" in shown


AT_ONCE = """
import os, signal
from callbacks.localrun.__main__ import Supervisor

class StoppedAtOnce(Supervisor):
    def _start(self):
        super()._start()
        os.kill(os.getpid(), signal.SIGTERM)  # before it has read that anything was started

supervisor = StoppedAtOnce()
supervisor.add_process("sleeper", "exec sleep 600")
supervisor.loop()
print("asked to stop:", supervisor.was_asked_to_stop)
"""


def test_a_signal_in_the_first_moment_stops_what_was_started():
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "sleeper" in done.stdout, done.stderr
    assert done.stdout.endswith("asked to stop: True\n"), done.stderr
