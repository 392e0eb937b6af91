"""Choosing a time in Chromium, with and without JavaScript, at both widths."""

from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect

from callbacks.models import Team
from leads.models import Lead
from tests.support.chromium import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_visitor_chooses_when_they_are_called(
    browser: Browser, gunicorn: str, team: Team, javascript: bool, width: int, scheme: str
) -> None:
    context = browser.new_context(
        base_url=gunicorn,
        java_script_enabled=javascript,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    select = page.get_by_label("When should we call?")
    expect(select).to_have_value("")
    box = select.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["x"] + box["width"] <= width
    # The first or the second group: late in the evening, today has no times left.
    tomorrow = select.locator("optgroup[label^='Tomorrow, ']")
    expect(tomorrow).to_have_count(1)
    value = tomorrow.locator("option").last.get_attribute("value")
    select.select_option(value)
    page.get_by_role("button", name="Call me back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your call is planned")
    assert value
    assert Lead.objects.get().chosen_at == datetime.fromisoformat(value)
    context.close()
