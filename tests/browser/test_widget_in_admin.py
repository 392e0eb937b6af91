"""A manager sets up the button on other websites, and sees it before it is stored."""

from playwright.sync_api import Page, expect

from leads.models import LeadSource, Widget
from tests.support import axe
from tests.support.looks import picture, too_wide, ways
from tests.support.stack import Stack
from tests.support.website import Website

LOOK = ("background-color", "color", "border-top-color", "font-weight")


def style(page: Page, selector: str, name: str) -> str:
    found: str = page.locator(selector).first.evaluate(
        "(it, name) => getComputedStyle(it).getPropertyValue(name)", name
    )
    return found


def test_the_preview_follows_what_is_typed_and_the_website_shows_the_same(
    stack: Stack, website: Website, admin: Page
) -> None:
    source = LeadSource.objects.get()
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    preview = admin.locator("[data-button-preview]").first
    expect(preview.locator(".button-go")).to_have_text(["Call me back"])
    expect(preview).to_contain_text("The text on it is white; its contrast is 6.")
    admin.get_by_label("Allowed origins").fill(website.origin)
    admin.locator("[name=widget-0-colour]").fill("#ffd23f")
    expect(preview).to_contain_text("The text on it is black; its contrast is 14.")
    admin.locator("[name=widget-0-side]").select_option("start")
    group = admin.locator("#widget_texts-group")
    for row, language, button, title in (
        (0, "he", "חזרו אליי", "נחזור אליכם בטלפון"),
        (1, "en", "Ring me", "We ring you"),
    ):
        group.get_by_role("link", name="Add another").click()
        for name, text in (("language", language), ("button", button), ("title", title)):
            admin.locator(f"[name=widget_texts-{row}-{name}]").fill(text)
    cards = preview.locator(".button-page")
    expect(cards).to_have_count(2)
    expect(cards.first).to_have_attribute("dir", "rtl")
    expect(cards.first.locator(".button-go")).to_have_text("חזרו אליי")
    expect(cards.last.locator(".button-dialog b")).to_have_text("We ring you")

    for way in ways(admin):
        assert too_wide(admin) == 0
        picture(admin.locator("#widget-group"), f"admin-{way}")
        picture(group, f"admin-texts-{way}")
        picture(admin.locator(".week.panel"), f"admin-panel-{way}")
    assert axe.found(admin) == []
    shown = [style(admin, ".button-page:last-child .button-go", it) for it in LOOK]
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert Widget.objects.get().side == "start"

    website.pages["/"] = (
        f'<title>Shop</title><script src="{stack.url}/widget.js" data-source="website" async>'
        "</script>"
    )
    admin.goto(website.origin)
    button = admin.get_by_role("button", name="Ring me")
    expect(button).to_be_visible()
    assert (button.bounding_box() or {})["x"] == 20
    assert [style(admin, ".go", it) for it in LOOK] == shown
