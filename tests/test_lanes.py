"""What `make check` leaves out, and what it runs."""

import itertools
from pathlib import Path

import pytest

from tests.support import lanes

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", [*lanes.FIRST, *lanes.LONG, *itertools.chain(*lanes.GROUPS)])
def test_every_path_in_the_lists_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    ("nodeid", "fixtures", "left_out"),
    [
        ("tests/browser/test_desk.py::test_it", [], True),
        ("tests/e2e/test_logs.py::test_it", [], True),
        ("tests/leads/test_in_browser.py::test_it", ["page", "browser"], True),
        ("tests/simulator/test_phones_page.py::test_it", ["sim", "page", "browser"], True),
        ("tests/simulator/test_phones_page.py::test_it", ["sim"], False),
        ("tests/monitoring/test_readiness.py::test_it", ["stack", "kept_stack"], True),
        ("tests/monitoring/test_readiness.py::test_it", ["client"], False),
        ("tests/routing/test_claim.py::test_it", ["db"], False),
    ],
)
def test_tests_of_a_browser_or_of_the_whole_product_are_left_out(
    nodeid: str, fixtures: list[str], left_out: bool
) -> None:
    assert lanes.needs_the_product(nodeid, fixtures) is left_out


def test_this_test_is_not_marked(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("product") is None


@pytest.fixture
def kept_stack() -> None:
    """Replaces the fixture that starts the product: tests are marked by the fixture's name."""


@pytest.mark.usefixtures("kept_stack")
def test_a_test_that_uses_the_product_is_marked(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("product") is not None
