"""A short run of every scenario: on the whole product, with real servers struck down under it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.claimers import without_locks, without_recheck
from tests.chaos.failpoints import POINTS, target_of
from tests.chaos.scenarios import SCENARIOS
from tests.support.stack import ROOT


def test_nobody_is_lost_or_called_twice_whatever_is_struck(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--quick", "--json", str(tmp_path / "chaos.json")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    report = json.loads((tmp_path / "chaos.json").read_text())
    assert [it["name"] for it in report["scenarios"]] == list(SCENARIOS)
    assert all(it["checks"] for it in report["scenarios"])


@pytest.mark.parametrize("point", POINTS)
def test_every_failpoint_is_around_something_that_is_there(point: str) -> None:
    owner, name, _ = target_of(point)
    assert callable(getattr(owner, name))


def test_the_claims_locks_can_be_taken_away() -> None:
    from callbacks.routing import claim

    bare = without_locks(claim.SQL_FILE.read_text()).splitlines()
    assert [line for line in bare if "SKIP LOCKED" in line and not line.startswith("--")] == []
    assert "as_seen.last_called_at IS" not in without_recheck(claim.SQL_FILE.read_text())
