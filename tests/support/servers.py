"""pytest plugin (`-p tests.support.servers`): PostgreSQL and Redis for the whole test run.

It is a plugin, not a fixture, because Django reads its settings before any fixture exists. With
DATABASE_URL and REDIS_URL given it starts nothing; so do xdist's workers, which use the servers of
the process that started them. Each worker has its own test database, named after it
(pytest-django), and two Redis databases, because the tests empty them.
"""

import atexit
import gc
import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

# A shell that runs us in the background makes us ignore Ctrl-C; what we start must obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("CDR_SECRET", "a-secret-for-the-tests-0123456789")
os.environ.setdefault("VOICENTER_CODE", "code-for-tests")
os.environ.setdefault("VOICENTER_URL", "http://127.0.0.1:9/ForwardDialer/click2call.aspx")
# Tests of the second factor require it themselves.
os.environ.setdefault("SECOND_FACTOR_GROUPS", "off")
# Simulated talks last hundredths of a second, and count; tests of short talks set their own.
os.environ.setdefault("LEAST_TALK", "0")
# Tests run day and night; tests of calling hours and calls a day set their own.
os.environ.setdefault("NEW_CALLING_HOURS", "off")
os.environ.setdefault("NEW_CALLS_A_DAY", "0")
# Tests fill in forms instantly, and most do not load the page.
os.environ.setdefault("LEAST_FILL_TIME", "0")

_running = ExitStack()
atexit.register(_running.close)

# Only servers from the tester's own environment take precedence over throw-away ones.
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    from callbacks.localrun.errors import CannotStart
    from callbacks.localrun.servers import servers

    directory = _running.enter_context(tempfile.TemporaryDirectory(prefix="callbacks-tests-"))
    try:
        urls = _running.enter_context(servers(Path(directory), durable=False))
    except CannotStart as problem:
        pytest.exit(str(problem), returncode=3)
    os.environ["DATABASE_URL"] = urls.database_url
    os.environ["REDIS_URL"] = urls.redis_url


def redis_url(url: str, *, further: int) -> str:
    """The address of the Redis database whose number is higher by `further`."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + further}"))


# "gw0", "gw1", ... in an xdist worker: one database for its tests, one for the product they start.
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_URL"] = redis_url(
        os.environ["REDIS_URL"], further=2 * int(_worker.removeprefix("gw"))
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Disables the garbage collector while tests are collected; tests.conftest enables it again."""
    gc.disable()


def pytest_unconfigure() -> None:
    """Stops the servers when the tests are over."""
    _running.close()
