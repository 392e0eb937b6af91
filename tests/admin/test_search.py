"""Finding a lead by what a manager has at hand."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.admin import search
from callbacks.models import CallAttempt, CallRecord, Extension
from leads.admin import BoundedPaginator
from leads.models import Lead, LeadSearch, LeadSource


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
    [
        "lead {}", "Lead {}", "LEAD  {}", "lead #{}", "#{}", "{}", "lead no. {}", "lead: {}",
        "lead={}",
        "2026-11-29T12:00:00+00:00 INFO callbacks.calling.dispatch lead={} dialled",
        '{{"level": "INFO", "lead": {}, "message": "dialled"}}',
        "https://www.example.com/admin/leads/lead/{}/change/",
    ],
)  # fmt: skip
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


@pytest.mark.parametrize("typed", ["Omer 101", "Noa 777", "no. ", "Omer, 0505550102", "x0505"])
def test_words_and_digits_have_to_be_the_same_lead_s(
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


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("0505550101", {}),
        ("556-01", {"phone": "+972505560123"}),
        ("+972 54", {"phone": "+972545550123"}),
        ("0123", {"phone": "+972505550123"}),
        ("972 52 991", {"phone": "+972529910123"}),
        # The same line, stored with the country code of its own network.
        ("+972 59 912", {"phone": "+970599123456"}),
        ("059-9123456", {"phone": "+970599123456"}),
        ("+970 599123456", {"phone": "+972599123456"}),
        ("דנה", {"name": "דנה לוי"}),
        ("נה לו", {"name": "דנה לוי"}),
        ("גל", {"name": "גלית כהן"}),
        ("ג'ורג'", {"name": "ג\u05f3ורג\u05f3 חדד"}),  # noqa: RUF001
        ("NA LEV", {"name": "Dana Levi"}),
        ("ana", {"name": "Dana Levi"}),
        ("ДАНА", {"name": "Дана"}),
        ("levi dana", {"name": "Dana Levi"}),
        ("DANA@", {"email": "dana@example.net"}),
        ("ample.net", {"email": "dana@example.net"}),
        ("before noon", {"message": "Please call\n before  noon, 50% off_er"}),
        ("50% off_er", {"message": "Please call\n before  noon, 50% off_er"}),
        ("\u202b\u200fדנה\u202c", {"name": "דנה לוי"}),
    ],
)
def test_any_part_of_what_is_known_of_a_lead(
    typed: str, values: dict[str, str], managing: Client, leads: tuple[Lead, Lead]
) -> None:
    """The lead as it is now: it was stored under another name and number."""
    # Otherwise lead 123 would be found by "0123".
    Lead.objects.filter(pk=leads[1].pk).update(id=98765432)
    Lead.objects.filter(pk=leads[0].pk).update(**values)
    assert found(managing, typed) == {str(leads[0])}


@pytest.mark.parametrize(
    ("typed", "is_said"),
    [("x", True), ("1", True), ("12", False), ("a b", True), ("xq", False), ("zzz", False)],
)
def test_what_is_too_short_is_said_on_the_page(
    typed: str, is_said: bool, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    page = managing.get(f"/admin/leads/lead/?q={quote(typed)}").content.decode()
    assert ("The search is too short" in page) is is_said


@pytest.mark.parametrize("typed", ["ana", "%%%", "___", "\\\\\\", "oa_levi"])
def test_what_stands_nowhere_finds_nobody(
    typed: str, managing: Client, leads: tuple[Lead, Lead]
) -> None:
    assert found(managing, typed) == set()


def test_of_too_many_the_newest_are_listed_and_it_is_said(
    managing: Client, leads: tuple[Lead, Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST", 1)
    page = managing.get("/admin/leads/lead/?q=972")
    assert {str(row) for row in page.context["cl"].result_list} == {str(leads[1])}
    assert "More than 1 leads match" in page.content.decode()


def test_a_list_is_counted_to_a_bound(
    managing: Client, leads: tuple[Lead, Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedPaginator, "MOST", 2)
    assert "of more leads" not in managing.get("/admin/leads/lead/").content.decode()
    monkeypatch.setattr(BoundedPaginator, "MOST", 1)
    page = managing.get("/admin/leads/lead/")
    assert "the newest 1 of more leads" in page.content.decode()


def test_a_lead_that_is_gone_is_not_looked_for_any_more(leads: tuple[Lead, Lead]) -> None:
    leads[1].delete()
    assert [it.lead_id for it in LeadSearch.objects.all()] == [leads[0].pk]
