"""A short run of every attack on the whole product."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.abuse.__main__ import SCENARIOS
from tests.support.stack import ROOT


def test_a_stranger_causes_no_more_calls_than_the_limits_allow(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.abuse", "--quick", "--json", str(tmp_path / "abuse.json")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    report = json.loads((tmp_path / "abuse.json").read_text())
    assert [it["scenario"] for it in report["scenarios"]] == list(SCENARIOS)
    assert all(it["checks"] for it in report["scenarios"])
