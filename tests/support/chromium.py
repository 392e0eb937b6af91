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
    # A process for each page would cost more than most pages do in it.
    "--process-per-site",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]

# Milliseconds. The defaults of 5 and 30 s assume a machine with nothing else to do.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = program("chromium-headless-shell", "chromium", "chromium-browser")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # The event loop runs in this thread, which makes Django think the code is asynchronous.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


_kept: Kept[Browser] = Kept("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Ends Playwright's event loop with the modules that use it."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            _kept.end_unless_asked_for(nextitem)


@pytest.fixture(scope="session")
def _ended_with_the_tests() -> Iterator[None]:
    """Ends it even after Ctrl-C: otherwise its loop would wait forever when the interpreter
    ends.
    """
    yield
    _kept.end()


@pytest.fixture(scope="module")
def browser(_ended_with_the_tests: None) -> Browser:
    """One Chromium for all consecutive modules that use it."""
    return _kept.get(_chromium)
