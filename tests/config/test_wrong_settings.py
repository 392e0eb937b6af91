"""Each process names each wrong setting at its start, says how to put it right, and ends.

Real processes, as the Procfile and people start them; the table: tests/config/wrong_settings.py.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.config import wrong_settings
from tests.config.test_env_example import documented
from tests.config.wrong_settings import CANARY, GOOD, OF_THE_SIMULATOR, TABLE, Wrong
from tests.support.stack import ROOT

PROCESSES = {
    "web": ["-m", "gunicorn", "callbacks.config.wsgi"],
    "worker": ["-m", "celery", "--app", "callbacks.config", "--quiet", "worker"],
    "beat": ["-m", "celery", "--app", "callbacks.config", "--quiet", "beat"],
    "a command": ["manage.py", "who_rings", "--source", "website"],
    "voicenter": ["manage.py", "voicenter", "extensions"],
    "check": ["manage.py", "check"],
}
BATCHES = wrong_settings.batches()


def environment(given: dict[str, str], directory: Path) -> dict[str, str]:
    """Right settings with these changes, and nothing else of ours."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "DATA_DIR": str(directory),
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        **GOOD,
        **given,
    }


def started(arguments: list[str], given: dict[str, str], directory: Path) -> tuple[int, str]:
    """Exit code and output of a process that ends by itself, with these settings alone."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment(given, directory),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def together(rows: list[Wrong]) -> dict[str, str]:
    return {name: value for row in rows for name, value in row.given.items()}


# Rows of one variable can differ in the sentence, which all processes share, and in what Celery
# does with an address before our code runs.
STARTS = [
    *((name, rows) for name in PROCESSES for rows in BATCHES[:1]),
    *((name, rows) for name in ("worker", "a command") for rows in BATCHES[1:]),
]


@pytest.mark.parametrize(("name", "rows"), STARTS, ids=[f"{it[0]} {len(it[1])}" for it in STARTS])
def test_each_process_names_each_wrong_setting_and_ends(
    name: str, rows: list[Wrong], tmp_path: Path
) -> None:
    code, said = started(PROCESSES[name], together(rows), tmp_path)
    # Django's own command shows values as they are given, and separates message and hint.
    words = " ".join(said.replace("HINT: ", "").split())
    missing = [row for row in rows if wrong_settings.sentence(row) not in words]
    assert not missing, said
    assert code != 0
    assert CANARY not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("row", OF_THE_SIMULATOR, ids=[row.variable for row in OF_THE_SIMULATOR])
def test_the_simulator_names_its_wrong_settings(row: Wrong, tmp_path: Path) -> None:
    code, said = started(["-m", "callbacks.simulator"], row.given, tmp_path)
    assert code != 0
    assert row.says in said
    assert "Traceback" not in said


def test_every_variable_has_a_wrong_value_in_the_table_or_a_reason() -> None:
    in_table = {row.variable for row in (*TABLE, *OF_THE_SIMULATOR)}
    assert set(documented()) - in_table - set(wrong_settings.FREE) == set()
    assert in_table & set(wrong_settings.FREE) == set()
    assert (in_table | set(wrong_settings.FREE)) - set(documented()) == set()


@pytest.mark.parametrize("arguments", PROCESSES.values(), ids=PROCESSES)
def test_right_settings_are_not_complained_of(arguments: list[str], tmp_path: Path) -> None:
    """The processes end all the same: the database refuses this user."""
    nobody = re.sub("//[^@]*@", "//nobody:wrong@", settings.DATABASE_URL)
    _, said = started(arguments, {"DATABASE_URL": nobody}, tmp_path)
    assert "callbacks.E" not in said


def test_the_number_of_a_check_belongs_to_one_module() -> None:
    modules: dict[str, set[str]] = {}
    for path in sorted((ROOT / "callbacks").rglob("*.py")):
        for number in re.findall(r'id="callbacks\.([EW]\d+)"', path.read_text()):
            modules.setdefault(number, set()).add(path.name)
        for number in re.findall(r', "callbacks\.([EW]\d+)"\)', path.read_text()):
            modules.setdefault(number, set()).add(path.name)
    assert len(modules) > 30
    assert {number: names for number, names in modules.items() if len(names) > 1} == {}
    docstring = (ROOT / "callbacks/config/checks.py").read_text().split('"""')[1]
    ranges = re.findall(r"([EW])(\d+)-[EW](\d+)", docstring)
    told = set(re.findall(r"[EW]\d{3}", docstring)) | {
        f"{kind}{number:03}" for kind, low, high in ranges for number in range(int(low), int(high))
    }
    assert set(modules) - told == set()
