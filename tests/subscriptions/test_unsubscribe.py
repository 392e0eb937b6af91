"""The link in a mail ends the subscription, by a POST and without a login (RFC 8058)."""

import pytest
from django.test import Client

from callbacks.config.logs import discreet
from callbacks.models import OutgoingMail, ReportSubscription
from callbacks.subscriptions import sending

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(subscribe, source) -> str:
    """The link in the header of a mail."""
    subscription = subscribe()
    sending.send_due(subscription.next_at)
    headers = OutgoingMail.objects.get().headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"]
    assert address[:30] == "<https://callbacks.example.com"
    return address[30:-1]


def is_on() -> bool:
    return ReportSubscription.objects.get().is_on


def test_a_get_shows_a_button_and_changes_nothing(link: str, client: Client) -> None:
    page = client.get(link)
    assert page.status_code == 200
    assert "Stop these mails?" in page.text
    assert "Morning" in page.text
    assert client.head(link).status_code == 200
    assert is_on()


def test_one_post_from_nowhere_ends_it(link: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(link, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    subscription = ReportSubscription.objects.get()
    assert (subscription.is_on, subscription.next_at) == (False, None)
    assert subscription.ended_by_link_at
    assert "You are unsubscribed" in strict.post(link).text
    assert "You are unsubscribed" in strict.get(link).text


@pytest.mark.parametrize("change", [lambda it: it[:-2] + "/", lambda it: it.replace(".", "0.", 1)])
def test_a_link_that_we_have_not_signed_ends_nothing(link: str, client: Client, change) -> None:
    answer = client.post(change(link))
    assert answer.status_code == 404
    assert "This link ends nothing" in answer.text
    assert is_on()


def test_a_link_whose_subscription_is_gone_ends_nothing(link: str, client: Client) -> None:
    ReportSubscription.objects.all().delete()
    assert client.get(link).status_code == 404
    assert client.post(link).status_code == 404


def test_nobody_is_told_the_address(link: str, client: Client) -> None:
    answer = client.get(link)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store, private"
    assert discreet(f"GET {link}") == "GET /mail/unsubscribe/.../"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(link: str, client: Client, method: str) -> None:
    assert getattr(client, method)(link).status_code == 405
    assert is_on()
