"""A page follows the work on its result, and disturbs nobody who uses it in the meantime."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Study
from tests.support.pressing import click_while_it_changes
from tests.support.stack import Stack

PROBLEM = "It took too long."


@pytest.fixture
def study(stack: Stack, admin: Page) -> Study:
    """A replay that a worker is computing, while its page is open."""
    now = timezone.now()
    study = Study.objects.create(
        kind="replay", asked="period=7&waits=100", asked_at=now, started_at=now,
        told_at=now + timedelta(hours=1), done=20, of=100,
    )  # fmt: skip
    admin.goto(f"{stack.url}/admin/reports/replay/{study.public_id}/")
    expect(admin.get_by_text("20 of 100")).to_be_visible()
    return study


def finish(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(finished_at=timezone.now(), problem=PROBLEM)


def test_the_progress_is_shown_and_then_the_result(admin: Page, study: Study) -> None:
    admin.evaluate("window.isTheSame = true")
    Study.objects.filter(pk=study.pk).update(done=60)
    expect(admin.get_by_text("60 of 100")).to_be_visible()
    assert admin.evaluate("window.isTheSame")
    finish(study)
    expect(admin.get_by_text(PROBLEM)).to_be_visible()
    expect(admin.get_by_role("progressbar")).to_have_count(0)


def test_what_is_typed_meanwhile_stays(admin: Page, study: Study) -> None:
    people = admin.get_by_label("People")
    people.fill("7")
    finish(study)
    show = admin.get_by_role("link", name="Show the result")
    expect(show).to_be_visible()
    expect(admin.get_by_role("progressbar")).to_have_count(0)
    expect(people).to_have_value("7")
    show.click()
    expect(admin.get_by_text(PROBLEM)).to_be_visible()


def test_who_is_logged_out_meanwhile_keeps_what_is_typed(admin: Page, study: Study) -> None:
    people = admin.get_by_label("People")
    people.fill("7")
    with admin.expect_response(lambda answer: "login" in answer.url):
        Session.objects.all().delete()
    expect(admin.get_by_text("20 of 100")).to_be_visible()
    expect(admin.get_by_role("link", name="Show the result")).to_be_hidden()
    expect(people).to_have_value("7")


def test_a_button_that_is_pressed_when_the_result_comes(admin: Page, study: Study) -> None:
    """Reloading our page does not stop the page that the button opens."""
    address = admin.url
    play = admin.get_by_role("button", name="Play")
    click_while_it_changes(play, address, lambda: finish(study))
    admin.wait_for_url(lambda url: url != address and "/replay/" in url)
    assert Study.objects.count() == 2
