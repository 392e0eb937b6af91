"""What processes do about garbage at their start: only servers freeze what they loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from callbacks.config import start
from tests.support.serving import database_url
from tests.support.stack import ROOT

SETTINGS = "callbacks.config.settings"
# What gunicorn does with `preload_app`: it loads the application, then calls on_starting.
WEB = """
import runpy
import callbacks.config.wsgi
runpy.run_path("gunicorn.conf.py")["on_starting"](None)
"""
WORKER = """
from callbacks.config.celery import app
app.WorkController(app=app, pool="solo")
"""
SAY = """
import gc, json
print(json.dumps([gc.isenabled(), gc.get_freeze_count(), gc.get_stats()[2]["collections"]]))
"""


def _started(code: str, **environment: str) -> tuple[bool, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", code + SAY], cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    is_enabled, frozen, full_collections = json.loads(done.stdout.splitlines()[-1])
    return is_enabled, frozen, full_collections


@pytest.mark.django_db
@pytest.mark.parametrize("code", [WEB, WORKER], ids=["web", "worker"])
def test_a_server_freezes_what_it_loaded(code: str) -> None:
    is_enabled, frozen, _ = _started(code, DATABASE_URL=database_url(connection))
    assert is_enabled
    assert frozen > 100_000


def test_settings_leave_the_collector_alone() -> None:
    is_enabled, frozen, full_collections = _started("import callbacks.config.wsgi\n")
    assert is_enabled
    assert full_collections > 0
    # The interpreter itself freezes only a few objects.
    assert frozen < 1_000


def _without_a_key(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    unset = {"DEBUG": "false", "SECRET_KEY": "", "DJANGO_SETTINGS_MODULE": SETTINGS}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **unset, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


SIGN = "import django; django.setup(); import django.core.signing as it; it.dumps(1)"
SIGNS = {"a script": ["-c", SIGN], "the migrations": ["manage.py", "migrate"]}


@pytest.mark.parametrize("command", SIGNS.values(), ids=SIGNS)
def test_without_a_key_nothing_is_signed(command: list[str], tmp_path: Path) -> None:
    """What does start, and says why it ends, is in tests/config/test_wrong_settings.py."""
    done = _without_a_key(*command, DATA_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stdout + done.stderr


GO_ON = {
    "a working copy": (["-c", "import django; django.setup()"], {"DEBUG": "true"}),
    "static files": (["manage.py", "collectstatic", "--dry-run", "--noinput"], {}),
    "help": (["manage.py", "help", "migrate"], {}),
}


@pytest.mark.parametrize(("command", "environment"), GO_ON.values(), ids=GO_ON)
def test_what_needs_no_key_goes_on(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    done = _without_a_key(*command, DATA_DIR=str(tmp_path), **environment)
    assert done.returncode == 0, done.stderr


def test_the_types_are_checked_without_a_key(tmp_path: Path) -> None:
    """Even in a fresh clone, where no key was generated."""
    code = "import runpy; runpy.run_path('.ci/mypy_plugin.py')['plugin']('1.0')"
    code += "; import django; django.setup()"
    done = _without_a_key("-c", code, DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_a_key_that_was_generated_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("k" * 60)
    done = _without_a_key("-c", "import django; django.setup()", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


LISTS = "import sys; print('line\\n' * 200_000)"
READ = {"a long list": ("head -2", 2), "nothing is read": ("true", 0)}


@pytest.mark.parametrize(("reader", "lines"), READ.values(), ids=READ)
def test_a_command_whose_reader_goes_away_ends_without_a_word(
    reader: str, lines: int, tmp_path: Path
) -> None:
    code = (
        "import sys; from callbacks.config import start; "
        f"start.execute_from_command_line = lambda _: exec({LISTS!r}); "
        "start.command(['manage.py', 'help'])"
    )
    shell = f'"$0" -c "$1" | {reader}; echo "${{PIPESTATUS[0]}}" >&2'
    done = subprocess.run(
        ["bash", "-c", shell, sys.executable, code],
        cwd=ROOT, env={**os.environ, "DATA_DIR": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == "line\n" * lines
    assert done.stderr == "141\n"


def test_a_broken_pipe_that_is_another_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: list[str]) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(start, "execute_from_command_line", breaks)
    with open(os.devnull, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(BrokenPipeError):
            start.command(["manage.py", "help"])
