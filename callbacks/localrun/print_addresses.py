"""Prints the addresses of the form, admin, desk and phones once everything answers."""

import multiprocessing
import os
import signal
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from callbacks.localrun.generated_secrets import ADMIN, ADMIN_PASSWORD_FILE

GIVE_UP_SECONDS = 300.0


def in_background(
    data_dir: Path, port: int, shop_port: int, simulator_port: int | None
) -> multiprocessing.Process:
    """A process that waits for `/healthz` and the simulator, prints the addresses, and ends."""
    process = multiprocessing.Process(
        target=_wait_and_print,
        args=(data_dir, port, shop_port, simulator_port, os.getpid()),
        daemon=True,
    )
    process.start()
    return process


def addresses(data_dir: Path, port: int, shop_port: int, simulator_port: int | None) -> str:
    """The block that `make run` prints: form, shop, admin with its password, desk, phones."""
    try:
        password = (data_dir / ADMIN_PASSWORD_FILE).read_text().strip()
    except OSError:
        password = "the one you chose"  # noqa: S105 - not a password
    phones = (
        f"http://127.0.0.1:{simulator_port}/"
        if simulator_port
        else "real ones: VOICENTER_URL is set, no simulator runs"
    )
    is_kept = simulator_port and not os.environ.get("EMAIL_URL")
    rule = "-" * 72
    lines = [
        "",
        rule,
        f"  Form     http://127.0.0.1:{port}/contact/website/",
        f"  Shop     http://localhost:{shop_port}/    a website with the call-back button",
        f"  Admin    http://127.0.0.1:{port}/admin/    user {ADMIN}, password {password}",
        f"  Desk     http://127.0.0.1:{port}/desk/     as {ADMIN}, whose phone is 101",
        f"  Phones   {phones}",
        *([f"  Mail     {phones}mail/"] if is_kept else []),
        "  Ready. Ctrl-C stops all of it.",
        rule,
        "",
    ]
    return "\n".join(lines)


def _wait_and_print(
    data_dir: Path, port: int, shop_port: int, simulator_port: int | None, launcher: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    wanted = [f"http://127.0.0.1:{port}/healthz", f"http://127.0.0.1:{shop_port}/"]
    if simulator_port:
        wanted.append(f"http://127.0.0.1:{simulator_port}/")
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not all(map(_is_ready, wanted)):
        if os.getppid() != launcher or time.monotonic() > deadline:
            return
        time.sleep(0.1)
    print(addresses(data_dir, port, shop_port, simulator_port), flush=True)  # noqa: T201


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - http on loopback
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
