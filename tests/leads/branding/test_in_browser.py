"""A colour and a logo in Chromium, on the form and a request's page: light, dark and framed."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from leads.branding import contrast, logo
from leads.models import Lead, LeadSource, Logo, SourceText, Widget
from tests.support import axe
from tests.support.chromium import PATIENCE
from tests.support.looks import picture, too_wide
from tests.support.pictures import LIGHT, file_of, lettered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("office", "team")]
COLOURS = ("#7a1fa2", "#ffd23f", "#ffffff", "#000000")


@pytest.fixture
def page(browser: Browser, gunicorn: str) -> Iterator[Page]:
    """390 px wide; any complaint on the console fails the test."""
    context = browser.new_context(base_url=gunicorn, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
    yield page
    context.close()
    assert not wrong


def style(page: Page, selector: str, name: str) -> str:
    """A computed colour, as "#0b57c4"."""
    found: str = page.locator(selector).first.evaluate(
        "(it, name) => getComputedStyle(it).getPropertyValue(name)", name
    )
    numbers = [int(it) for it in found.removeprefix("rgb(").removesuffix(")").split(",")]
    return "#" + "".join(f"{it:02x}" for it in numbers)


@pytest.mark.parametrize("colour", COLOURS)
def test_the_pages_are_in_the_colour_of_their_source_and_can_be_read(
    page: Page, make_lead: Callable[..., Lead], source: LeadSource, colour: str
) -> None:
    lead = make_lead("+972505550101")
    Widget.objects.create(source=source, colour=colour)
    made = Logo(source=source, name="Galil Kitchens")
    ink = LIGHT if colour in {"#ffd23f", "#000000"} else (20, 40, 90)
    made.take(logo.read(file_of(lettered(ink=ink))))
    made.save()
    SourceText.objects.create(
        source=source,
        language="he",
        title="\u05d3\u05d1\u05e8\u05d5 \u05d0\u05d9\u05ea\u05e0\u05d5",
    )
    of_it = f"/contact/website/{lead.public_id}/"
    pages = {
        "form": "/contact/website/",
        "form-he": "/contact/website/?lang=he",
        "frame": "/widget/website/",
        "status": of_it,
        "status-frame": f"/widget/website/{lead.public_id}/",
        "cancel": f"{of_it}cancel/",
    }
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for name, address in pages.items():
            page.goto(address)
            shown = page.get_by_role("img", name="Galil Kitchens")
            expect(shown).to_be_visible()
            assert shown.evaluate("it => it.decode().then(() => it.naturalWidth)") == 600
            if name.startswith(("form", "frame", "cancel")):
                button = (style(page, ".button", it) for it in ("background-color", "color"))
                assert tuple(button) == (colour, contrast.text_on(colour))
            assert axe.found(page) == [], (name, scheme)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                assert too_wide(page) == 0
                picture(page, f"{name}-{colour[1:]}-{scheme}-{width}")
            page.set_viewport_size({"width": 390, "height": 844})


def test_a_page_without_dark_colours_around_it_has_the_light_ones(
    page: Page, source: LeadSource
) -> None:
    Widget.objects.create(source=source, colour="#ffd23f")
    page.emulate_media(color_scheme="dark")
    page.goto("/widget/website/")
    root = page.locator("html")
    root.evaluate("it => (it.dataset.scheme = 'light')")
    assert root.evaluate("it => getComputedStyle(it).getPropertyValue('--accent')") == "#856d21"
