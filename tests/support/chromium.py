"""The system's Chromium, driven by Playwright: the fixture `browser`."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.kept_process import Kept
from tests.support.programs import program

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process for each page would cost more than what most pages do in it.
    "--process-per-site",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]

# Milliseconds. The defaults of 5 and 30 s are for a machine that has nothing else to do.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = program("chromium-headless-shell", "chromium", "chromium-browser")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # The loop lives in this thread, which Django therefore takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


_kept: Kept[Browser] = Kept("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Playwright's event loop is not to outlive the modules that use it."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            _kept.end_unless_asked_for(nextitem)


@pytest.fixture(scope="session")
def _ended_with_the_tests() -> Iterator[None]:
    """Also after Ctrl-C: at the interpreter's end its loop would wait for ever."""
    yield
    _kept.end()


@pytest.fixture(scope="module")
def browser(_ended_with_the_tests: None) -> Browser:
    """One Chromium for all modules in a row that use it."""
    return _kept.get(_chromium)
