"""What processes do about garbage as they start: servers freeze what they loaded, nobody else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT

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


def _started(code: str) -> tuple[bool, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", code + SAY], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    is_enabled, frozen, full_collections = json.loads(done.stdout.splitlines()[-1])
    return is_enabled, frozen, full_collections


@pytest.mark.parametrize("code", [WEB, WORKER], ids=["web", "worker"])
def test_a_server_freezes_what_it_loaded(code: str) -> None:
    is_enabled, frozen, _ = _started(code)
    assert is_enabled
    assert frozen > 100_000


def test_settings_leave_the_collector_alone() -> None:
    is_enabled, frozen, full_collections = _started("import callbacks.config.wsgi\n")
    assert is_enabled
    assert full_collections > 0
    # What the interpreter itself freezes is a handful.
    assert frozen < 1_000


def test_wrong_settings_are_named_line_by_line_and_nothing_starts() -> None:
    wrong = {"DEBUG": "false", "SECRET_KEY": "k" * 22, "VOICENTER_METHOD": "POST"}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "callbacks.config.wsgi", "--bind", "127.0.0.1:0"],
        cwd=ROOT, env={**os.environ, **wrong}, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if " callbacks.config.start " in line]
    assert any("(callbacks.E001) SECRET_KEY is missing or too short." in line for line in told)
    assert any("VOICENTER_METHOD is" in line for line in told)
    assert "%s" not in done.stderr


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    unset = {"DEBUG": "false", "SECRET_KEY": "", "DATA_DIR": str(tmp_path)}
    code = "import django; django.setup()\nfrom django.core import signing\nsigning.dumps('x')\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **unset, "DJANGO_SETTINGS_MODULE": "callbacks.config.settings"},
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "The SECRET_KEY setting must not be empty" in done.stderr
