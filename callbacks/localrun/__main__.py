"""`make run`: runs everything on this machine under one supervisor, until Ctrl-C stops it all.

It claims DATA_DIR, starts the embedded servers, checks the ports, migrates the database, loads the
demo data and runs the Procfile under honcho. It stops in the reverse order, so that a worker that
still dials has its database until the end.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import environ
from honcho import manager
from honcho.environ import parse_procfile
from honcho.printer import Printer

from callbacks.common.local_servers import SETTINGS_RECORD, Urls
from callbacks.localrun import print_addresses, processes
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.generated_secrets import kept_secret, write_private
from callbacks.localrun.parent_death import die_with_parent
from callbacks.localrun.ports import free_port, is_free, require_free
from callbacks.localrun.servers import servers

BASE_DIR = Path(__file__).resolve().parent.parent.parent
_SHOP_PORT = 8020
SIMULATOR_PATH = "/ForwardDialer/click2call.aspx"
# A worker may be in the middle of a dial: 3 s to connect and 15 s to read by default.
STOP_SECONDS = 25


def main() -> int:
    """Runs until Ctrl-C, SIGTERM or SIGHUP, or until one of the processes ends by itself."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--stop-with-parent",
        action="store_true",
        help="stop as if by Ctrl-C when the process that started this one dies (Linux)",
    )
    options = parser.parse_args()
    _on_signals(_interrupt)
    if options.stop_with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    environ.Env.read_env(BASE_DIR / ".env")
    data_dir = Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").absolute()
    try:
        with servers(data_dir) as urls:
            try:
                return _run(data_dir, urls)
            finally:
                # Only our own servers are left to stop, which is quick. A second Ctrl-C must not
                # interrupt this.
                _on_signals(signal.SIG_IGN)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


def child_environment(data_dir: Path, urls: Urls, shop_port: int) -> dict[str, str]:
    """The environment of every process: ours, with defaults for variables that it lacks."""
    given = {name: value for name, value in os.environ.items() if value}
    port, simulator_port = ports()
    defaults = {
        "SECRET_KEY": kept_secret(data_dir, "secret-key"),
        "CDR_SECRET": kept_secret(data_dir, "cdr-secret"),
        "VOICENTER_URL": f"http://127.0.0.1:{simulator_port}{SIMULATOR_PATH}",
        "VOICENTER_CODE": "simulator",
        "WEBHOOKS_TO_LOOPBACK": "true",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "SECOND_FACTOR_GROUPS": "off",  # trying the product needs no phone
    }
    if not os.environ.get("VOICENTER_URL"):
        # Mail stays in the simulator, on one of its pages, unless a mail server is set.
        mail_port = free_port()
        defaults |= {
            "SIMULATOR_MAIL_PORT": str(mail_port),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "DEFAULT_FROM_EMAIL": "Callbacks <callbacks@localhost.localdomain>",
        }
        # A stopped simulator hangs up its calls and has two seconds to deliver their records; a
        # killed one delivers none. Extensions should not wait long for them.
        defaults["VOICENTER_MAX_DURATION"] = "120"
        # The simulator's log has a call as soon as it ends.
        defaults["VOICENTER_LOG_DELAY"] = "10"
    settled = {
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "SIMULATOR_PORT": str(simulator_port),
        "SHOP_PORT": str(shop_port),
        "SHOP_CALLBACKS": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
        # In .env it is for production; here it would redirect every page to https.
        "HTTPS": "false",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        processes.MARKER: str(data_dir),
    }
    if hosts := given.get("ALLOWED_HOSTS"):
        settled["ALLOWED_HOSTS"] = f"{hosts},localhost,127.0.0.1"  # the addresses that we print
    if os.geteuid() == 0:
        # Celery's warning is right for a server; here it would only distract from our own lines.
        defaults["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    environment = defaults | given | settled
    # In the environment, because other users of the machine can read a process's arguments.
    webhooks = f"http://127.0.0.1:{port}/webhooks/voicenter/{environment['CDR_SECRET']}"
    simulated = {
        "SIMULATOR_CDR_URL": f"{webhooks}/cdr/",
        "SIMULATOR_POPUP_URL": f"{webhooks}/popup/",
        "SIMULATOR_EXTENSIONS": "101,102,103,104,105",  # the ones that `manage.py demo` creates
    }
    return simulated | environment


def for_a_second_terminal(environment: Mapping[str, str]) -> dict[str, object]:
    """The provider's settings, for `manage.py` beside this run."""
    chosen = {name: value for name, value in environment.items() if name.startswith("VOICENTER_")}
    return {**chosen, "launcher": os.getpid()}


def ports() -> tuple[int, int]:
    """The ports of web and simulator. Raises CannotStart unless both are port numbers."""
    return _port("PORT", 8000), _port("SIMULATOR_PORT", 8010)


def shops_port() -> int:
    """The shop's port: SHOP_PORT, which must be free; else 8020, or any free port, because another
    run may use 8020 on this machine. Raises CannotStart.
    """
    port = _port("SHOP_PORT", _SHOP_PORT)
    if os.environ.get("SHOP_PORT"):
        require_free("SHOP_PORT", port)
        return port
    return port if is_free(port) else free_port()


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(
            f"{name} is {text!r}, which is not a port number. Set for example {name}={default}"
        )
    return int(text)


def _run(data_dir: Path, urls: Urls) -> int:
    shop_port = shops_port()
    environment = child_environment(data_dir, urls, shop_port)
    simulated = not os.environ.get("VOICENTER_URL")
    port, simulator_port = ports()
    require_free("PORT", port)
    if simulated:
        require_free("SIMULATOR_PORT", simulator_port)
    prepared = subprocess.run(
        [sys.executable, "-m", "callbacks.localrun.prepare_database"],
        env=environment,
        cwd=BASE_DIR,
        start_new_session=True,  # Ctrl-C reaches only us, and we end the other
        check=False,
    )
    if prepared.returncode != 0:
        raise CannotStart("The start ends here: see the lines above for what to do.")
    procfile = parse_procfile((BASE_DIR / "Procfile").read_text())
    settings_record = data_dir / SETTINGS_RECORD
    write_private(settings_record, json.dumps(for_a_second_terminal(environment)))
    supervisor = Supervisor()
    for name, command in procfile.processes.items():
        if simulated or name != "simulator":
            supervisor.add_process(name, command, env=environment, cwd=str(BASE_DIR))
    announcer = print_addresses.in_background(
        data_dir, port, shop_port, simulator_port if simulated else None
    )
    try:
        supervisor.loop()
    finally:
        announcer.terminate()
        settings_record.unlink(missing_ok=True)
        # Usually no process is left, unless one left its group or the supervisor failed.
        processes.end(processes.left_applications(data_dir), signal.SIGTERM, STOP_SECONDS)
    if supervisor.was_asked_to_stop:
        raise KeyboardInterrupt
    print(supervisor.why_it_ended())
    code = supervisor.returncode or 1
    return code if code > 0 else 128 - code  # as a shell reports a signal


class Supervisor(manager.Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager, with time for a dial to end; a signal during the start is not lost."""

    def __init__(self) -> None:
        # Each process's lines have their own time, with its offset.
        super().__init__(Printer(sys.stdout, time_format=""))
        manager.KILL_WAIT = STOP_SECONDS
        self._first: tuple[str, int] | None = None  # which process ended first; its return code

    @property
    def was_asked_to_stop(self) -> bool:
        """Whether a signal ended the loop, not a process that ended by itself."""
        return self.returncode in {s["rc"] for s in manager.SIGNALS.values()}

    def why_it_ended(self) -> str:
        """Which process ended first, and how, as a sentence."""
        if self._first is None:
            return "All processes were stopped."
        name, code = self._first
        how = f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"The process {name!r} {how}, so all were stopped. Its last lines are above."

    def terminate(self) -> None:
        """Stops all processes. While some are still starting, tries again shortly."""
        if self._first is None:
            ended = {name: it.get("returncode") for name, it in self._processes.items()}
            self._first = next(((name, it) for name, it in ended.items() if it is not None), None)
        if self._all_started():
            super().terminate()
            return
        signal.signal(signal.SIGALRM, lambda *_: self.terminate())
        signal.setitimer(signal.ITIMER_REAL, 0.1)


def signal_name(number: int) -> str:
    """SIGKILL for 9; "signal N" for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _on_signals(handler: "signal._HANDLER") -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, handler)


def _interrupt(signum: int, _frame: FrameType | None) -> None:
    """Acts like Ctrl-C before and after honcho's loop. During the loop, only SIGHUP comes here."""
    if signum == signal.SIGHUP:
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
