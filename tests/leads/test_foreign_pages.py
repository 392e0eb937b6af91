"""Text that a foreign website posts is never shown in our form on one of our pages."""

import uuid
from contextlib import AbstractContextManager, nullcontext

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

from leads import error_pages
from leads.models import BlockEntry, Lead, LeadSource
from tests.support.failing_database import storing_ends_in

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "Your account is locked. Call 03-555 0199"
TOKEN = str(uuid.uuid4())
TYPED = {
    "name": "Noa Levi",
    "phone": "050-555 0101",
    "email": "noa@example.com",
    "message": SAID,
    "token": TOKEN,
    "page": "https://elsewhere.example/a-page",
}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
# The request's headers, and whether the page that sent it is ours or the source's.
SENDERS = {
    "no headers": ({}, True),
    "our page": ({"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"}, True),
    "a website of the source": (
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}, True,
    ),
    "a foreign website": (ELSEWHERE, False),
    "a foreign one that hides its name": (
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"}, False,
    ),
    "one that sends no name": ({"Sec-Fetch-Site": "cross-site"}, False),
}  # fmt: skip


def as_it_is() -> AbstractContextManager[object]:
    return nullcontext()


def refused() -> AbstractContextManager[object]:
    BlockEntry.objects.create(kind="word", value="locked", verdict="refuse")
    return nullcontext()


def not_stored() -> AbstractContextManager[object]:
    return storing_ends_in("53100")


ANSWERS = {
    "a field is wrong": (as_it_is, {"phone": "050"}, 422),
    "refused for good": (refused, {}, 403),
    "not stored now": (not_stored, {}, 503),
}


WAYS = [
    *(("/contact/website/", answer, sender) for answer in ANSWERS for sender in SENDERS),
    *(
        (address, answer, "a foreign website")
        for address in ("/contact/website", "/widget/website/")
        for answer in ANSWERS
    ),
]


@pytest.mark.parametrize(("address", "answer", "sender"), WAYS)
def test_the_form_that_is_shown_again(
    address: str, answer: str, sender: str, source: LeadSource
) -> None:
    LeadSource.objects.update(allowed_origins=["https://shop.example"])
    (headers, is_ours), (situation, changes, status) = SENDERS[sender], ANSWERS[answer]
    with situation():
        page = Client(headers=headers).post(address, TYPED | changes)
    assert page.status_code == status
    shown = [it in page.text for it in ("03-555 0199", "Noa Levi", "noa@example.com", TOKEN)]
    assert shown == [is_ours] * 4
    assert ("a-page" in page.text) == is_ours
    assert ("This was sent from another website" in page.text) != is_ours
    assert 'name="phone"' in page.text
    assert not Lead.objects.exists()


@pytest.mark.parametrize("address", ["/contact/website/", "/contact/nothing/"])
@pytest.mark.parametrize("sender", SENDERS)
def test_the_page_that_needs_no_database(sender: str, address: str, source: LeadSource) -> None:
    LeadSource.objects.update(allowed_origins=["https://shop.example"])
    headers, is_ours = SENDERS[sender]
    request = RequestFactory(headers=headers).post(address, TYPED)
    request.resolver_match = resolve(address)
    page = error_pages.not_available(request)
    knows = "nothing" not in address
    is_kept = is_ours and (knows or "cross-site" not in headers.values())
    assert page.status_code == 503
    assert ("03-555 0199" in page.text) == ("Send it again" in page.text) == is_kept


def test_what_is_whole_is_held_as_before(source: LeadSource) -> None:
    answer = Client(headers=ELSEWHERE).post("/contact/website/", TYPED)
    assert answer.status_code == 303
    assert Lead.objects.get().status == "held"
