"""gunicorn reads `.env` beside manage.py, as every other process does."""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from tests.config.test_wrong_settings import PROCESSES
from tests.config.wrong_settings import GOOD
from tests.support.simulator import eventually
from tests.support.stack import ROOT, free_port


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what runs, since no test may write a `.env` file into the project itself."""
    for name in ("callbacks", "leads"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def write(project: Path, **given: str) -> None:
    good = {"DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL, **GOOD}
    lines = [f"{name}={value}" for name, value in {**good, **given}.items()]
    (project / ".env").write_text("# of a test\n" + "\n".join(lines))


def run(project: Path, arguments: list[str], **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env={"HOME": str(project), **given},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


CONFIG = ["-m", "gunicorn", "callbacks.config.wsgi", "--print-config"]


def test_gunicorn_listens_where_it_says(project: Path) -> None:
    port = free_port()
    write(project, HOST="127.0.0.2", PORT=str(port), WEB_THREADS="3", WEB_CONCURRENCY="1")
    done = run(project, CONFIG)
    config = dict(line.split("=", 1) for line in done.stdout.splitlines() if " = " in line)
    found = {name.strip(): value.strip() for name, value in config.items()}
    assert found["bind"] == f"['127.0.0.2:{port}']", done.stdout
    assert (found["threads"], found["workers"]) == ("3", "1")


def test_the_environment_comes_first(project: Path) -> None:
    write(project, PORT="8001")
    assert "127.0.0.1:8002" in run(project, CONFIG, PORT="8002").stdout


def test_what_is_wrong_in_it_is_named_by_every_process(project: Path) -> None:
    write(project, WEB_CONCURRENCY="many", WEB_THREADS="99", HTTPS="yess", ALOWED_HOSTS="x")
    for name, arguments in PROCESSES.items():
        done = run(project, arguments)
        assert done.returncode != 0, name
        assert "WEB_CONCURRENCY is 'many', which is not a whole number" in done.stdout, name
        assert "DATABASE_POOL_SIZE is 10 and WEB_THREADS is 99" in done.stdout, name
        assert "HTTPS is 'yess'" in done.stdout, name
        if name in ("web", "worker", "beat", "check"):
            assert (
                ".env sets ALOWED_HOSTS, but there is no setting with that name" in done.stdout
            ), name


@pytest.mark.django_db
def test_gunicorn_serves_there(project: Path) -> None:
    port = free_port()
    address = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
    write(project, PORT=str(port), WEB_CONCURRENCY="1", DATABASE_URL=address.geturl())
    log = project / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "callbacks.config.wsgi"], cwd=project,
            env={"HOME": str(project)}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        eventually(lambda: f"http://127.0.0.1:{port}" in log.read_text(), within=60)
    finally:
        process.terminate()
        process.wait()
