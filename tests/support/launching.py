"""A launcher in a separate process, for tests that kill it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callbacks.localrun import setpriv

ROOT = Path(__file__).parent.parent.parent

HOLD = """
import json, sys
from pathlib import Path
from callbacks.localrun.servers import servers
with servers(Path(sys.argv[1]), durable=False) as urls:
    print(json.dumps([urls.database_url, urls.redis_url]), flush=True)
    sys.stdin.read()
"""


def without_addresses() -> dict[str, str]:
    """Our environment as on a machine without a database and Redis."""
    return {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}


@contextmanager
def holding(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A process that runs servers on `data_dir`, and the servers' two addresses."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)],
        cwd=ROOT,
        env=without_addresses(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        assert launcher.stdout is not None
        try:
            database_url, redis_url = json.loads(launcher.stdout.readline())
            yield launcher, database_url, redis_url
        finally:
            assert launcher.stdin is not None
            launcher.stdin.close()
            launcher.wait(60)


def as_an_ordinary_user(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python code on `path` like a server: without root's right to write everywhere."""
    command = setpriv.wrapped(
        [sys.executable, "-c", code, path], directory=path, account=setpriv.server_account(path)
    )
    return subprocess.run(
        command, cwd=ROOT, env=without_addresses(), capture_output=True, text=True, check=False
    )
