"""The preview of a source's form on its page follows what is typed, before it is stored."""

from playwright.sync_api import APIResponse, FrameLocator, Page, Route, expect

from leads.models import FormField, LeadSource
from tests.support import axe
from tests.support.looks import picture, too_wide, ways
from tests.support.pictures import file_of, lettered
from tests.support.simulator import eventually
from tests.support.stack import Stack


def shown(admin: Page) -> FrameLocator:
    """The page in the frame."""
    return admin.frame_locator("[data-stage] iframe[data-current]")


def test_the_preview_follows_what_is_typed_in_each_language_and_width(
    stack: Stack, admin: Page
) -> None:
    source = LeadSource.objects.get()
    LeadSource.objects.update(languages_offered=["he"])
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    panel = admin.locator("[data-form-preview]")
    panel.scroll_into_view_if_needed()
    expect(shown(admin).get_by_label("Phone")).to_be_visible()
    history = admin.evaluate("history.length")

    fields = admin.locator("#form_fields-group")
    fields.locator("[name=form_fields-6-label]").fill("How many rooms?")
    expect(shown(admin).get_by_text("How many rooms?")).to_be_visible()
    fields.locator("[name=form_fields-6-kind]").select_option("choice")
    expect(panel.locator("[data-told]")).to_contain_text("incomplete or not valid yet")
    expect(shown(admin).get_by_text("How many rooms?")).to_be_visible()  # the preview as it was
    fields.locator("[name=form_fields-6-choices]").fill("Two\nThree")
    expect(shown(admin).locator("select option", has_text="Three")).to_have_count(1)
    expect(panel.locator("[data-told]")).to_be_empty()
    admin.locator("[name=widget-0-colour]").fill("#7a1fa2")
    admin.locator("[name=logo-0-name]").fill("Galil Kitchens")
    admin.locator("[name=logo-0-picture]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": file_of(lettered())}
    )
    logo = shown(admin).get_by_role("img", name="Galil Kitchens")
    expect(logo).to_be_visible()
    assert logo.evaluate("it => it.decode().then(() => it.naturalWidth)") == 600
    button = shown(admin).locator("button[type=submit]")
    expect(button).to_have_css("background-color", "rgb(122, 31, 162)")

    # Nothing in the preview can be reached: nothing is sent, and no link is followed.
    assert shown(admin).locator("body").evaluate("it => it.inert")
    assert not FormField.objects.exists()
    assert admin.evaluate("history.length") == history

    for language in ("en", "he"):
        admin.locator("[data-preview-language]").select_option(language)
        expect(shown(admin).locator("html")).to_have_attribute("lang", language)
        for way in ways(admin):
            for name in ("Desktop", "Phone"):
                panel.get_by_role("button", name=name).click()
                stage = panel.locator("[data-stage]").bounding_box()
                assert stage is not None
                assert stage["x"] >= 0
                assert stage["x"] + stage["width"] <= admin.evaluate("innerWidth")
                assert too_wide(admin) == 0
                picture(panel, f"preview-{language}-{way}-{name}")
    assert axe.found(admin) == []
    picture(fields, "fields-1280")
    picture(admin.locator("#logo-group"), "logo-1280")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert FormField.objects.get(kind="choice").label == "How many rooms?"
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    panel.scroll_into_view_if_needed()
    expect(shown(admin).get_by_text("How many rooms?")).to_be_visible()
    picture(admin.locator("#logo-group"), "logo-stored-1280")


def test_a_preview_that_begins_with_a_mistake_shows_the_stored_form(
    stack: Stack, admin: Page
) -> None:
    source = LeadSource.objects.get()
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    admin.locator("[name=slug]").fill("not a slug")
    panel = admin.locator("[data-form-preview]")
    panel.scroll_into_view_if_needed()
    expect(panel.locator("[data-told]")).to_contain_text("incomplete or not valid yet")
    expect(shown(admin).get_by_label("Phone")).to_be_visible()
    expect(panel.locator("[data-preview-language] option")).not_to_have_count(0)
    picture(panel, "preview-mistake")


def test_a_language_chosen_while_an_answer_is_on_its_way_stays(stack: Stack, admin: Page) -> None:
    source = LeadSource.objects.get()
    LeadSource.objects.update(languages_offered=["he"])
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    admin.locator("[data-form-preview]").scroll_into_view_if_needed()
    expect(shown(admin).get_by_label("Phone")).to_be_visible()
    held: list[tuple[Route, APIResponse]] = []
    admin.route(
        "**/preview/",
        lambda route: route.continue_() if held else held.append((route, route.fetch())),
    )

    def asked() -> bool:
        admin.wait_for_timeout(20)  # lets the route's function run
        return bool(held)

    admin.locator("[name=name]").fill("Galil Kitchens")
    eventually(asked)
    admin.locator("[data-preview-language]").select_option("he")
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(shown(admin).locator("html")).to_have_attribute("lang", "he")
    expect(admin.locator("[data-preview-language]")).to_have_value("he")
