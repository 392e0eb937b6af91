"""The visitor's own "never call this number again": asked for on the page of their request."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import AuditEntry, CallAttempt, Extension
from leads import never_call
from leads.guard import counters, rate
from leads.models import Lead, LeadSource, ListedBy, NeverCallNumber

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+972505550101"


@pytest.fixture
def lead(make_lead: Callable[..., Lead]) -> Lead:
    return make_lead(PHONE)


@pytest.fixture
def called(lead: Lead, extension: Extension) -> Lead:
    """We called the number, nobody answered, and the lead is waiting for its next call."""
    now = timezone.now()
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
        state="lead_no_answer", claimed_at=now, sent_at=now, answered_at=now, rang_at=now,
        ended_at=now, hold_until=now, call_id="call-1",
    )  # fmt: skip
    Lead.objects.filter(pk=lead.pk).update(rang_at=now)
    return lead


def page_of(lead: Lead) -> str:
    return f"/contact/website/{lead.public_id}/never-call/"


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_a_post_changes_anything(client: Client, lead: Lead, method: str) -> None:
    answer = client.generic(method.upper(), page_of(lead))
    assert answer.status_code == (200 if method in {"get", "head"} else 405)
    lead.refresh_from_db()
    assert lead.status == "waiting"
    assert not NeverCallNumber.objects.exists()


def test_the_page_of_the_request_leads_there_and_it_is_asked_first(
    client: Client, called: Lead
) -> None:
    lead = called
    assert page_of(lead) in client.get(f"/contact/website/{lead.public_id}/").content.decode()
    page = client.get(page_of(lead))
    assert "Never call this number again?" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_yes_closes_the_request_and_lists_the_number(client: Client, called: Lead) -> None:
    lead = called
    answer = client.post(page_of(lead), follow=True)
    assert "We will not call you again" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    entry = never_call.entry(PHONE)
    assert entry
    assert (entry.asked_by, entry.added_by) == (ListedBy.VISITOR, None)
    assert client.post(page_of(lead), follow=True).status_code == 200
    assert NeverCallNumber.objects.count() == 1


def test_before_a_call_has_rung_the_request_alone_is_taken_back(client: Client, lead: Lead) -> None:
    assert "Cancel this request?" in client.get(page_of(lead)).content.decode()
    answer = client.post(page_of(lead), follow=True)
    assert "This request was cancelled" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    assert not NeverCallNumber.objects.exists()


@pytest.mark.parametrize("is_called_before", [False, True])
def test_who_types_anothers_number_takes_back_their_own_request_alone(
    client: Client, lead: Lead, make_lead: Callable[..., Lead], request: pytest.FixtureRequest,
    is_called_before: bool,
) -> None:  # fmt: skip
    """Otherwise a competitor with a list of our customers could block calls to all of them."""
    if is_called_before:
        request.getfixturevalue("called")
    strangers = make_lead(PHONE)
    assert strangers.duplicate_of == lead
    client.post(page_of(strangers))
    lead.refresh_from_db()
    strangers.refresh_from_db()
    assert (lead.status, strangers.status) == ("waiting", "cancelled")
    assert not NeverCallNumber.objects.exists()


@pytest.mark.parametrize("is_called", [True, False])
def test_an_address_that_somebody_made_up_says_nothing_that_was_not_done(
    client: Client, lead: Lead, request: pytest.FixtureRequest, is_called: bool
) -> None:
    if is_called:
        request.getfixturevalue("called")
    page = client.get(f"{page_of(lead)}?done=yes").content.decode()
    asks = "Never call this number again?" if is_called else "Cancel this request?"
    assert asks in page


def test_what_was_done_is_said_by_every_later_look(client: Client, called: Lead) -> None:
    client.post(page_of(called))
    assert "We will not call you again" in client.get(page_of(called)).content.decode()
    assert "We will not call you again" in client.get(page_of(called)[:-11]).content.decode()


def test_a_call_that_begins_meanwhile_is_told_of(
    client: Client, called: Lead, extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, now = never_call.add, timezone.now()

    def call_and_add(*given: Any) -> bool:
        CallAttempt.objects.create(
            lead=called, extension=extension, phone=called.phone,
            extension_number=extension.number, state="accepted", call_id="call-2",
            claimed_at=timezone.now(), hold_until=now + timedelta(hours=1),
        )  # fmt: skip
        Lead.objects.filter(pk=called.pk).update(status="calling")
        monkeypatch.setattr(never_call, "add", add)
        return add(*given)

    monkeypatch.setattr(never_call, "add", call_and_add)
    for _again in range(2):
        assert client.post(page_of(called)).status_code == 303
        told = client.get(page_of(called)[:-11]).content.decode()
        assert "A call that has already started continues." in told


@pytest.mark.parametrize("is_called", [True, False])
def test_the_page_of_the_request_offers_what_is_done_there(
    client: Client, lead: Lead, request: pytest.FixtureRequest, is_called: bool
) -> None:
    if is_called:
        request.getfixturevalue("called")
    page = client.get(f"/contact/website/{lead.public_id}/").content.decode()
    assert ('<li data-act="never-call"><a' in page) == is_called
    assert '<li data-act="cancel"><a' in page


def test_nobody_learns_there_whether_a_number_is_listed(client: Client, lead: Lead) -> None:
    before = client.get(page_of(lead)).content
    never_call.add(PHONE, "asked us to stop", None)
    assert client.get(page_of(lead)).content == before


@pytest.mark.parametrize(
    "address",
    [
        "/contact/website/00000000-0000-4000-8000-000000000000/never-call/",
        "/contact/other/{}/never-call/",
    ],
)
def test_who_does_not_know_the_address_cannot(client: Client, lead: Lead, address: str) -> None:
    answer = client.post(address.format(lead.public_id))
    assert answer.status_code == 404
    assert not NeverCallNumber.objects.exists()


FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}


@pytest.mark.parametrize(
    ("headers", "allowed", "is_done"),
    [
        ({}, [], True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"}, [], True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"},
         ["https://shop.example"], True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}, [], False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, ["https://shop.example"], False),
        ({"Sec-Fetch-Site": "cross-site"}, [], False),
    ],
    ids=["no headers", "our page", "a website of the source", "a foreign website",
         "a foreign one that hides its name", "one that sends no name"],
)  # fmt: skip
@pytest.mark.parametrize("is_called", [True, False])
def test_what_pages_of_foreign_websites_send_does_nothing(
    lead: Lead, request: pytest.FixtureRequest, is_called: bool,
    headers: dict[str, str], allowed: list[str], is_done: bool,
) -> None:  # fmt: skip
    if is_called:
        request.getfixturevalue("called")
    LeadSource.objects.update(allowed_origins=allowed)
    answer = Client(headers=headers).post(page_of(lead))
    assert answer.status_code == (303 if is_done else 403)
    lead.refresh_from_db()
    assert (lead.status == "cancelled") == is_done
    assert NeverCallNumber.objects.exists() == (is_done and is_called)
    if not is_done:
        assert "This was sent from another website." in answer.content.decode()


def called_lead(make_lead: Callable[..., Lead], extension: Extension, phone: str) -> Lead:
    lead, now = make_lead(phone), timezone.now()
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=phone, extension_number=extension.number,
        state="lead_no_answer", claimed_at=now, sent_at=now, answered_at=now, rang_at=now,
        ended_at=now, hold_until=now,
    )  # fmt: skip
    Lead.objects.filter(pk=lead.pk).update(rang_at=now)
    return lead


def test_one_address_lists_a_few_numbers_and_no_more(
    make_lead: Callable[..., Lead], extension: Extension, settings: Any
) -> None:
    settings.RATE_NEVER_CALL = rate.read("2/h")
    leads = [called_lead(make_lead, extension, f"+97250555018{n}") for n in range(4)]
    strangers = Client(REMOTE_ADDR="198.51.100.7")
    answers = [strangers.post(page_of(it)) for it in leads]
    assert [it.status_code for it in answers] == [303, 303, 429, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 3600
    assert "Try again in 1 hour" in answers[2].content.decode()
    assert NeverCallNumber.objects.count() == 2
    assert Client(REMOTE_ADDR="198.51.100.8").post(page_of(leads[2])).status_code == 303
    # A visitor above the limit may still take back their own request.
    theirs = make_lead("+972505550189")
    assert strangers.post(page_of(theirs)).status_code == 303
    theirs.refresh_from_db()
    assert theirs.status == "cancelled"


def test_while_nobody_can_count_a_wish_not_to_be_called_is_done(
    called: Lead, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    counters._script.cache_clear()
    monkeypatch.setattr(counters, "_breaker", counters._Breaker())
    try:
        assert Client(REMOTE_ADDR="198.51.100.7").post(page_of(called)).status_code == 303
    finally:
        counters._script.cache_clear()
    assert NeverCallNumber.objects.count() == 1


def test_the_audit_says_who_listed_it_from_where_and_by_which_request(called: Lead) -> None:
    Client(REMOTE_ADDR="198.51.100.7").post(page_of(called))
    entry = AuditEntry.objects.get(kind="leads_nevercallnumber")
    assert (entry.act, entry.way, entry.address) == ("added", "visitor", "198.51.100.7")
    assert (entry.user_id, entry.username) == (None, "")
    assert entry.after["lead_id"] == called.pk
    assert entry.after["phone"] == {"hidden": True}
    assert NeverCallNumber.objects.get().lead == called
