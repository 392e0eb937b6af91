"""What managers set up, in a browser: the picture follows what is typed, and the pages fit."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Page, expect

from callbacks.models import Extension, Schedule, Team
from leads.models import LeadSource
from tests.support.looks import look
from tests.support.stack import Stack


@pytest.fixture
def admin(stack: Stack, page: Page) -> Page:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": stack.url}]
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    return page


def test_the_picture_of_a_week_follows_what_is_typed(stack: Stack, admin: Page) -> None:
    admin.goto(f"{stack.url}/admin/callbacks/schedule/add/")
    picture = admin.locator("#week-picture")
    admin.locator("[name=name]").fill("Office")
    expect(picture.get_by_text("This schedule would never open.")).to_be_visible()
    admin.get_by_text("Add another Interval").click()
    admin.locator("[name=hours-0-weekday]").select_option(label="Monday")
    admin.locator("[name=hours-0-opens_at]").fill("09:00")
    admin.locator("[name=hours-0-closes_at]").fill("13:30")
    expect(picture.get_by_text("09:00-13:30")).to_be_visible()
    expect(picture.get_by_text("not saved yet")).to_be_visible()
    assert not Schedule.objects.exists()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("Mon 09:00-13:30")).to_be_visible()
    admin.locator("#result_list").get_by_role("link", name="Office").click()
    expect(picture.get_by_text("09:00-13:30")).to_be_visible()
    expect(picture.get_by_text("not saved yet")).not_to_be_visible()


def test_the_pages_of_what_is_set_up_fit(stack: Stack, admin: Page) -> None:
    schedule = Schedule.objects.create(name="Office", holidays_of="IL")
    Extension.objects.update(schedule=schedule, languages=["he", "en"])
    Team.objects.update(schedule=schedule)
    for thing in (
        schedule, Team.objects.get(), Extension.objects.first(), LeadSource.objects.get(),
    ):  # fmt: skip
        assert thing
        page = f"{thing._meta.app_label}/{thing._meta.model_name}/{thing.pk}/change/"
        admin.goto(f"{stack.url}/admin/{page}")
        admin.wait_for_load_state("networkidle")
        look(admin, f"set-up-{thing._meta.model_name}")
