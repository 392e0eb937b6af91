"""`look`, which the tests of pages use, notices a page that is wider than its window."""

import pytest
from playwright.sync_api import Page

from tests.support.looks import look

WIDE = """<style>@media (prefers-color-scheme: {scheme}) and (width: {width}px) {{
  p {{ width: 101vw }}
}}</style><p>Lamps</p>"""


@pytest.mark.parametrize("way", ["1280-dark", "390-dark", "1280-light", "390-light"])
def test_a_page_that_is_too_wide_in_one_way_only(way: str, page: Page) -> None:
    width, scheme = way.split("-")
    page.set_content(WIDE.format(scheme=scheme, width=width))
    with pytest.raises(AssertionError, match=way):
        look(page, "lamps")


def test_a_page_that_fits_is_left_as_it_was(page: Page) -> None:
    page.set_content("<p>Lamps</p>")
    before = page.viewport_size
    look(page, "lamps")
    assert page.viewport_size == before
    assert page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
