"""The visitor's own "never call this number again": asked for on the page of their request."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from leads import never_call
from leads.models import Lead, ListedBy, NeverCallNumber

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+972505550101"


@pytest.fixture
def lead(make_lead: Callable[..., Lead]) -> Lead:
    return make_lead(PHONE)


@pytest.fixture
def called(lead: Lead, extension: Extension) -> Lead:
    """Our call has rung the number, nobody answered, and the lead waits to be called again."""
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
    assert "Take your request back?" in client.get(page_of(lead)).content.decode()
    answer = client.post(page_of(lead), follow=True)
    assert "Your request is taken back" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    assert not NeverCallNumber.objects.exists()


@pytest.mark.parametrize("is_called_before", [False, True])
def test_who_types_anothers_number_takes_back_their_own_request_alone(
    client: Client, lead: Lead, make_lead: Callable[..., Lead], request: pytest.FixtureRequest,
    is_called_before: bool,
) -> None:  # fmt: skip
    """A competitor with a list of our customers would have them all silenced."""
    if is_called_before:
        request.getfixturevalue("called")
    strangers = make_lead(PHONE)
    assert strangers.duplicate_of == lead
    client.post(page_of(strangers))
    lead.refresh_from_db()
    strangers.refresh_from_db()
    assert (lead.status, strangers.status) == ("waiting", "cancelled")
    assert not NeverCallNumber.objects.exists()


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
