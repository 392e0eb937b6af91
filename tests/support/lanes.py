"""Which tests `make check` leaves out, and the order in which modules run."""

from collections.abc import Collection

import pytest

# One xdist process runs all of a group in a row, so that it starts Chromium
# (tests.support.chromium) or the product (tests.support.running) only once.
IN_CHROMIUM = (
    "tests/browser/",
    "tests/extensions/account_import/test_in_browser.py",
    "tests/leads/test_in_browser.py",
    "tests/leads/test_choosing_in_browser.py",
    "tests/simulator/test_phones_page.py",
)
ON_THE_PRODUCT = (
    "tests/deploy/test_health.py",
    "tests/e2e/test_main_job.py",
    "tests/e2e/test_warm_stop.py",
    "tests/monitoring/test_readiness.py",
)
GROUPS = (IN_CHROMIUM, ON_THE_PRODUCT)

# These take longest and run first, so that no core waits for one of them at the end.
FIRST = (
    "tests/chaos/",
    "tests/abuse/",
    "tests/benchmarks/",
    *IN_CHROMIUM,
    "tests/localrun/test_run.py",
    *ON_THE_PRODUCT,
    "tests/e2e/",
    "tests/deploy/",
    "tests/lifecycle/test_machine.py",
    "tests/lifecycle/test_lives.py",
    "tests/voicenter/test_any_bytes.py",
    "tests/config/",
    "tests/console/",
    "tests/extensions/account_import/",
    "tests/voicenter/test_secrecy.py",
    "tests/voicenter/test_faults.py",
    "tests/routing/test_wrong_config.py",
    "tests/reconciliation/test_lookup.py",
    "tests/leads/test_request_body.py",
    "tests/admin/test_lists.py",
    "tests/access/test_table.py",
    "tests/simulator/",
    "tests/calling/test_sweep_cost.py",
    "tests/extensions/presence/",
    "tests/leads/test_error_pages.py",
)

# Left out of `make check`: tests that start the product or a command as people do, and tests that
# need programs other than Python.
LONG = (
    "tests/abuse/",
    "tests/benchmarks/",
    "tests/browser/",
    "tests/chaos/",
    "tests/console/test_process.py",
    "tests/contract/test_curl.py",
    "tests/contract/test_php.py",
    "tests/deploy/test_caddy.py",
    "tests/deploy/test_restore.py",
    "tests/deploy/test_units.py",
    "tests/e2e/",
    "tests/localrun/test_run.py",
)
# Also left out: every test that uses one of these fixtures.
LONG_FIXTURES = frozenset({"browser", "kept_stack"})


def needs_the_product(nodeid: str, fixtures: Collection[str]) -> bool:
    """Whether a test needs a browser, programs other than Python, or the whole product running."""
    return nodeid.startswith(LONG) or not LONG_FIXTURES.isdisjoint(fixtures)


def place(item: pytest.Item) -> tuple[int, bool]:
    """A sort key: the long modules first, and in each of them the tests that use the product."""
    at = next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))
    return at, at < len(FIRST) and "kept_stack" not in getattr(item, "fixturenames", ())
