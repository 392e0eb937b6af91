"""The import page in Chromium, under the admin's Content-Security-Policy."""

from playwright.sync_api import Page, expect

from callbacks.models import Extension
from tests.browser.conftest import admin, page, tab
from tests.support.looks import look
from tests.support.stack import Stack

__all__ = ["admin", "page", "tab"]
LIST = "/admin/callbacks/extension/"


def test_a_manager_looks_unticks_confirms_and_finds_them_in_the_list(
    stack: Stack, admin: Page
) -> None:
    Extension.objects.filter(number="102").update(name="Dana")
    stack.simulator.control(
        extensions=dict.fromkeys(("102", "105", "SipCode.x", "SIPtrunk"), "online"),
        names={"102": "Dana Levi", "105": "Noa Bar-On", "SipCode.x": "דנה לוי"},
    )
    admin.goto(f"{stack.url}{LIST}")
    admin.get_by_role("link", name="Import from the account").click()
    expect(admin.get_by_text("New in the account")).to_be_visible()
    look(admin, "account-import")

    admin.get_by_label("105").focus()
    expect(admin.get_by_label("105")).to_be_checked()
    admin.get_by_label("SipCode.x").press("Space")
    admin.get_by_label("101").check()
    admin.get_by_label("102").check()
    admin.get_by_role("button", name="Apply ticked changes").click()
    expect(admin.get_by_text("1 added, 1 renamed, 1 switched off")).to_be_visible()
    names = Extension.objects.values_list("number", "name", "is_active")
    assert set(names) == {
        ("101", "", False), ("102", "Dana Levi", True), ("105", "Noa Bar-On", True),
    }  # fmt: skip


def test_an_account_without_extensions_and_one_that_cannot_be_asked(
    stack: Stack, admin: Page
) -> None:
    admin.goto(f"{stack.url}{LIST}import/")
    expect(admin.get_by_text("The account shows no extensions")).to_be_visible()
    look(admin, "account-empty")
    stack.simulator.control(forbid=True)
    admin.reload()
    expect(admin.get_by_text("The account could not be read")).to_be_visible()
    look(admin, "account-not-asked")
    online = {"101": "online", "102": "online"}
    stack.simulator.control(forbid=False, extensions=online, names={"101": "A", "102": "B"})
    for number, name in (("101", "A"), ("102", "B")):
        Extension.objects.filter(number=number).update(name=name)
    admin.get_by_role("link", name="Try again").click()
    expect(admin.get_by_text("There is nothing to import")).to_be_visible()
    look(admin, "account-nothing-new")
