"""Signing in with an authenticator, as a person does it: light and dark, narrow and wide."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tests.support.authenticator import PASSWORD, code_of, key_on
from tests.support.looks import look
from tests.support.stack import Stack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log_in(stack: Stack, page: Page) -> Callable[[], None]:
    User.objects.create_superuser("root", "root@example.com", PASSWORD)

    def do() -> None:
        page.goto(f"{stack.url}/admin/login/?next=/sign-in/")
        look(page, "login")
        page.get_by_label("Username").fill("root")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    return do


def test_an_authenticator_is_set_up_used_and_sessions_are_seen(
    stack: Stack, page: Page, log_in: Callable[[], None]
) -> None:
    log_in()
    page.get_by_role("heading", name="Your sign-in").wait_for()
    look(page, "mine-without")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_role("img", name="QR code").wait_for()
    box = page.locator(".picture svg").bounding_box()
    assert box is not None
    assert box["width"] >= 150
    page.get_by_text("I cannot scan the QR code").click()
    look(page, "set-up")
    key = key_on(page.content())
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Finish").click()
    page.get_by_text("they are not shown again").wait_for()
    look(page, "recovery-codes")
    first = page.locator(".codes code").first.inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="I have written them down").click()
    page.goto(f"{stack.url}/sign-in/")
    page.get_by_text("10 recovery codes are left").wait_for()
    look(page, "mine")
    page.context.clear_cookies()
    log_in()
    page.get_by_role("heading", name="Enter your code").wait_for()
    look(page, "code")
    page.get_by_label("Code", exact=True).fill(first)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("9 recovery codes are left").wait_for()
    look(page, "mine-two")
    page.get_by_role("button", name="End all other sessions").click()
    page.get_by_text("All your other sessions have ended").wait_for()
    assert page.get_by_text("This browser").count() == 1
    page.goto(f"{stack.url}/admin/callbacks/signin/")
    page.get_by_text("127.0.0.1").first.wait_for()
    look(page, "admin-sign-ins")
    page.goto(f"{stack.url}/admin/callbacks/authenticator/")
    look(page, "admin-authenticators")
