"""Finding a lead by what a manager has at hand."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, CallRecord, Extension
from leads.models import Lead, LeadSource


def found(client: Client, typed: str, name: str = "leads/lead") -> set[str]:
    page = client.get(f"/admin/{name}/?q={quote(typed)}")
    assert page.status_code == 200
    return {str(row) for row in page.context["cl"].result_list}


@pytest.fixture
def leads(make_lead: Callable[..., Lead]) -> tuple[Lead, Lead]:
    wanted = make_lead("+972505550101", name="Noa Levi", email="noa@example.com", call_id="C-17")
    other = make_lead("+972505550199", name="Omer Katz", email="omer@example.org", call_id="C-18")
    return wanted, other


@pytest.mark.parametrize(
    "typed",
    [
        "050-555 0101",
        "0505550101",
        "+972 50 555 0101",
        "00972505550101",
        "972505550101",
        "(050) 555-0101",
        "5550101",
        "550101",
        "٠٥٠٥٥٥٠١٠١",  # noqa: RUF001  # Arabic digits
        "\u200e050-5550101\u202c",
        "tel:+972-50-555-0101",
        "050-555-01-01 ext 12",
        "Noa Cohen, 050-555 0101",
        "0505550101 called twice",
        "call +972 (50) 555.0101 back",
    ],
)
def test_a_lead_is_found_by_its_number_in_any_spelling(
    typed: str, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    assert found(managing, typed) == {str(leads[0])}


@pytest.mark.parametrize(
    "typed", ["Noa", "levi", "noa@example.com", "example.com", "C-17", "Levi N"]
)
def test_a_lead_is_found_by_name_e_mail_and_call_id(
    typed: str, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    assert found(managing, typed) == {str(leads[0])}


def test_a_lead_is_found_by_the_call_id_of_an_earlier_attempt(
    managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    now = timezone.now()
    CallAttempt.objects.create(
        lead=leads[1], extension=extension, phone=leads[1].phone, extension_number="101",
        state="lead_no_answer", call_id="EARLIER-1", claimed_at=now, ended_at=now, hold_until=now,
    )  # fmt: skip
    assert found(managing, "EARLIER-1") == {str(leads[1])}


def test_local_numbers_are_read_in_the_country_of_each_source(
    managing: Client, leads: tuple[Lead, Lead]
) -> None:
    british = LeadSource.objects.create(
        slug="uk", name="UK", default_country="GB", allowed_countries=["GB"]
    )
    Lead.objects.filter(pk=leads[1].pk).update(source=british, phone="+447911123456")
    assert found(managing, "07911 123456") == {str(leads[1])}
    assert found(managing, "050-555-0101") == {str(leads[0])}


def test_what_is_nowhere_finds_nothing(managing: Client, leads: tuple[Lead, Lead]) -> None:
    assert found(managing, "050-555 0777") == set()
    assert found(managing, "xyz") == set()


def test_nothing_typed_shows_all(managing: Client, leads: tuple[Lead, Lead]) -> None:
    assert found(managing, "  ") == {str(lead) for lead in leads}


@pytest.mark.parametrize("typed", ["050-555 0101", "CALL-1"])
def test_attempts_and_records_are_found_by_call_id_and_number(
    typed: str, managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    now = timezone.now()
    for lead, call_id in zip(leads, ("CALL-1", "CALL-2"), strict=True):
        attempt = CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, extension_number="101",
            state="bridged", call_id=call_id, claimed_at=now, connected_at=now, ended_at=now,
            hold_until=now,
        )  # fmt: skip
        CallRecord.objects.create(call_id=call_id, type="leg1", attempt=attempt, payload={})
    attempt = CallAttempt.objects.get(call_id="CALL-1")
    assert found(managing, typed, "callbacks/callattempt") == {str(attempt)}
    assert found(managing, typed, "callbacks/callrecord") == {str(attempt.records.get())}


@pytest.mark.parametrize(
    "typed",
    [
        "972 52 991", "972-52-991", "+972 52 991", "00972 52 991", "(972) 52 991", "972 52 99",
        "052 991", "052-991", "52 991",
    ],
)  # fmt: skip
def test_a_part_of_a_number_with_its_country_code(
    typed: str, managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(phone="+972529910101")
    assert found(managing, typed) == {str(leads[0])}


@pytest.mark.parametrize(
    "typed",
    ["lead {}", "Lead {}", "LEAD  {}", "lead #{}", "#{}", "{}", "lead no. {}", "lead: {}"],
)
def test_a_lead_by_the_number_that_pages_give_it(
    typed: str, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    number = 98765432
    Lead.objects.filter(pk=leads[0].pk).update(id=number)
    assert found(managing, typed.format(number)) == {f"Lead {number}"}


@pytest.mark.parametrize(
    "typed", ["{}", "https://www.example.com/contact/website/{}/", "lead={} source=website"]
)
def test_a_lead_by_the_id_of_the_visitors_page_and_of_the_log(
    typed: str, managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    now = timezone.now()
    for lead in leads:
        CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, claimed_at=now, ended_at=now,
            state="lead_no_answer", call_id=f"call-{lead.pk}", hold_until=now,
        )  # fmt: skip
    wanted = leads[0].call_attempts.get()
    assert found(managing, typed.format(leads[0].public_id)) == {str(leads[0])}
    assert found(managing, typed.format(leads[0].public_id.hex.upper())) == {str(leads[0])}
    assert found(managing, typed.format(leads[0].public_id), "callbacks/callattempt") == {
        str(wanted)
    }


@pytest.mark.parametrize("typed", ["Noa 101", "Noa 555", "no. ", "Omer, 0505550102", "x0505"])
def test_digits_among_words_are_no_part_of_a_number(
    typed: str, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    assert found(managing, typed) == set()


CALL_ID = "20261127-0930-9f3c2ab77d10"


@pytest.mark.parametrize("typed", [CALL_ID, "2ab77d10", "9f3c2ab77d10", "2AB77D10", "…2ab77d10"])
@pytest.mark.parametrize("place", ["leads/lead", "callbacks/callattempt", "callbacks/callrecord"])
def test_the_end_of_a_call_id_as_lists_show_it(
    typed: str, place: str, managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    now = timezone.now()
    attempt = CallAttempt.objects.create(
        lead=leads[1], extension=extension, phone=leads[1].phone, extension_number="101",
        state="lead_no_answer", call_id=CALL_ID, claimed_at=now, ended_at=now, hold_until=now,
    )  # fmt: skip
    record = CallRecord.objects.create(
        call_id=CALL_ID, type="Click2Call leg1", leg=1, attempt=attempt, payload={}
    )
    wanted = {"lead": leads[1], "callattempt": attempt, "callrecord": record}[place.split("/")[1]]
    assert found(managing, typed, place) == {str(wanted)}


@pytest.mark.parametrize("typed", ["lead {}", "{}"])
def test_attempts_by_their_lead(
    typed: str, managing: Client, leads: tuple[Lead, Lead], extension: Extension
) -> None:
    number, now = 98765432, timezone.now()
    Lead.objects.filter(pk=leads[0].pk).update(id=number)
    for lead_id in (number, leads[1].pk):
        CallAttempt.objects.create(
            lead_id=lead_id, extension=extension, phone="+972505550101", claimed_at=now,
            state="lead_no_answer", call_id=f"call-{lead_id}", ended_at=now, hold_until=now,
        )  # fmt: skip
    wanted = CallAttempt.objects.get(lead=number)
    assert found(managing, typed.format(number), "callbacks/callattempt") == {str(wanted)}
