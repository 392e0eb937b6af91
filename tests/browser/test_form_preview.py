"""The preview of a source's form on its page follows what is typed, before it is stored."""

import os
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, expect

from leads.models import FormField, LeadSource
from tests.support import axe
from tests.support.pictures import file_of, lettered
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
    expect(panel.locator("[data-told]")).to_contain_text("not complete or not valid yet")
    expect(shown(admin).get_by_text("How many rooms?")).to_be_visible()  # as it was
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

    # Nothing in it can be reached: neither sent, nor followed.
    assert shown(admin).locator("body").evaluate("it => it.inert")
    assert not FormField.objects.exists()
    assert admin.evaluate("history.length") == history

    admin.emulate_media(reduced_motion="reduce")
    for language in ("en", "he"):
        admin.locator("[data-preview-language]").select_option(language)
        expect(shown(admin).locator("html")).to_have_attribute("lang", language)
        for width in (1280, 390):
            admin.set_viewport_size({"width": width, "height": 900})
            for name in ("Desktop", "Phone"):
                panel.get_by_role("button", name=name).click()
                stage = panel.locator("[data-stage]").bounding_box()
                assert stage is not None
                assert stage["x"] >= 0
                assert stage["x"] + stage["width"] <= width
                assert admin.evaluate("document.documentElement.scrollWidth") <= width
                for scheme in ("light", "dark"):
                    dark = "dark => document.documentElement.classList.toggle('dark', dark)"
                    admin.evaluate(dark, scheme == "dark")
                    admin.emulate_media(color_scheme=scheme)
                    if folder := os.environ.get("PICTURES"):
                        panel.screenshot(
                            path=Path(folder) / f"preview-{language}-{width}-{name}-{scheme}.png"
                        )
    admin.set_viewport_size({"width": 1280, "height": 900})
    assert axe.found(admin) == []
    if folder := os.environ.get("PICTURES"):
        fields.screenshot(path=Path(folder) / "fields-1280.png")
        admin.locator("#logo-group").screenshot(path=Path(folder) / "logo-1280.png")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert FormField.objects.get(kind="choice").label == "How many rooms?"
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    panel.scroll_into_view_if_needed()
    expect(shown(admin).get_by_text("How many rooms?")).to_be_visible()
    if folder := os.environ.get("PICTURES"):
        admin.locator("#logo-group").screenshot(path=Path(folder) / "logo-stored-1280.png")


def test_a_preview_that_begins_with_a_mistake_shows_the_stored_form(
    stack: Stack, admin: Page
) -> None:
    source = LeadSource.objects.get()
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    admin.locator("[name=slug]").fill("not a slug")
    panel = admin.locator("[data-form-preview]")
    panel.scroll_into_view_if_needed()
    expect(panel.locator("[data-told]")).to_contain_text("not complete or not valid yet")
    expect(shown(admin).get_by_label("Phone")).to_be_visible()
    expect(panel.locator("[data-preview-language] option")).not_to_have_count(0)
    if folder := os.environ.get("PICTURES"):
        panel.screenshot(path=Path(folder) / "preview-mistake.png")
