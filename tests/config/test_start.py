"""What every process does as it starts: web, worker, beat, commands."""

import json
import subprocess
import sys

from tests.support.stack import ROOT

STARTED = """
import gc, json
import callbacks.config.wsgi
full = gc.get_stats()[2]["collections"]
print(json.dumps([full, gc.isenabled(), gc.get_freeze_count()]))
"""


def test_garbage_is_collected_after_the_start_and_not_during_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    full_collections, is_enabled, frozen = json.loads(done.stdout)
    assert full_collections == 0
    assert is_enabled
    assert frozen > 100_000
