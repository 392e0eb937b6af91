"""docker-compose.yml, as far as it can be read without Docker."""

import os
import re
from pathlib import Path

import pytest

from callbacks.common.local_servers import Urls
from callbacks.localrun.__main__ import child_environment

ROOT = Path(__file__).parent.parent.parent


def service(name: str) -> str:
    """The lines of one service."""
    compose = (ROOT / "docker-compose.yml").read_text()
    found = re.search(rf"^  {name}:(?: &\w+)?\n((?:    .*\n|\n)+)", compose, re.MULTILINE)
    assert found, name
    return found[1]


def test_the_demo_tells_the_simulator_all_that_make_run_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SIMULATOR_")]:
        monkeypatch.delenv(name)
    told = child_environment(tmp_path, Urls("", ""), 8020)
    needed = {name for name in told if name.startswith("SIMULATOR_")} - {"SIMULATOR_PORT"}
    assert set(re.findall(r"^      (SIMULATOR_\w+):", service("simulator"), re.MULTILINE)) == needed


def test_the_demo_runs_the_commands_of_the_procfile() -> None:
    procfile = (ROOT / "Procfile").read_text()
    for name in ("worker", "beat"):
        [command] = re.findall(rf"^{name}: exec (.*)$", procfile, re.MULTILINE)
        assert command in " ".join(service(name).split())


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "redis"])
def test_the_bound_of_its_memory_can_be_set(name: str) -> None:
    assert re.search(
        rf"^    mem_limit: \$\{{{name.upper()}_MEMORY:-\d+[gm]\}}", service(name), re.MULTILINE
    )
