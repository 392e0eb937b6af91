"""The page "A person's data", the receipts, and the command."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from callbacks.models import (
    AiData,
    AuditEntry,
    CallNote,
    CallRecord,
    Erasure,
    ExportRecord,
    Extension,
)
from leads.models import BlockEntry, Finding, Lead, LegalHold, NeverCallNumber
from tests.admin.test_number_page import call

pytestmark = pytest.mark.django_db
PAGE = "/admin/person/"
NUMBER, EMAIL = "+972505550142", "dana@example.com"
ABOUT = {"number": "050-555 0142", "email": EMAIL}


def with_rights(*codenames: str) -> Client:
    user = User.objects.create_user("rights-" + "-".join(codenames), is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lead(make_lead: Callable[..., Lead], extension: Extension) -> Lead:
    """A lead with something in every table that is searched by leads."""
    lead = make_lead(
        NUMBER, name="Dana Bar", email=EMAIL, message="Ring me", status="connected",
        connected_at=timezone.now(), closed_at=timezone.now(), submitted_from="203.0.113.9",
    )  # fmt: skip
    attempt = call(lead, extension, recording_url="https://recordings.example.com/7.mp3")
    CallNote.objects.create(
        attempt=attempt, lead=lead, note="Wants a ladder", written_at=timezone.now()
    )
    record = CallRecord.objects.create(
        call_id=attempt.call_id, type="Click2Call leg2", leg=2, attempt=attempt,
        payload={"target": "0505550142"},
    )  # fmt: skip
    AiData.objects.create(record=record, data={"summary": "A ladder of seven rungs"})
    Finding.objects.create(lead=lead, asked="rates", verdict="hold", reason="Too many of them")
    return lead


@pytest.mark.parametrize(
    ("rights", "asked", "status"),
    [
        (["view_lead", "change_lead"], {}, 403),
        (["see_person"], {}, 200),
        (["see_person"], {"do": "json"}, 200),
        (["see_person"], {"do": "ask"}, 403),
        (["see_person"], {"do": "erase"}, 403),
        (["erase_person"], {"do": "erase"}, 403),
        (["see_person", "erase_person"], {"do": "ask"}, 200),
        (["see_person", "erase_person"], {"do": "erase"}, 302),
    ],
)
def test_who_may_see_and_who_may_erase(
    lead: Lead, rights: list[str], asked: dict[str, str], status: int
) -> None:
    assert with_rights(*rights).post(PAGE, ABOUT | asked).status_code == status
    lead.refresh_from_db()
    assert (lead.name == "") == (status == 302)


def test_a_look_changes_nothing_and_shows_all_of_it(lead: Lead) -> None:
    page = with_rights("see_person").post(PAGE, ABOUT).content.decode()
    for told in ("Dana Bar", EMAIL, "Ring me", "203.0.113.9", "Wants a ladder", "seven rungs",
                 "0505550142", "recordings.example.com/7.mp3", "Too many of them"):  # fmt: skip
        assert told in page, told
    lead.refresh_from_db()
    assert lead.name == "Dana Bar"


def test_both_files_have_all_of_it_and_the_export_is_recorded_without_whom(lead: Lead) -> None:
    client = with_rights("see_person")
    told = client.post(PAGE, ABOUT | {"do": "json"})
    assert told["Content-Disposition"].endswith('.json"')
    held = {it["table"]: it["rows"] for it in json.loads(told.content)["held"]}
    assert held["leads.Lead"][0]["name"] == "Dana Bar"
    assert held["callbacks.CallRecord"][0]["payload"] == {"target": "0505550142"}
    assert held["callbacks.CallAttempt"][0]["recording_url"].endswith("7.mp3")
    assert held["callbacks.AiData"][0]["data"] == {"summary": "A ladder of seven rungs"}
    page = client.post(PAGE, ABOUT | {"do": "html"})
    assert page["Content-Disposition"].endswith('.html"')
    for words in ("Dana Bar", "Ring me", "Wants a ladder", "seven rungs", "203.0.113.9"):
        assert words in page.content.decode(), words
    records = ExportRecord.objects.order_by("pk")
    assert [it.file_format for it in records] == ["json", "html"]
    assert all(it.what == "person" and it.state == "complete" for it in records)
    assert not any("0142" in it.asked or "dana" in it.asked for it in records)


def test_an_erasure_leads_to_its_receipt_which_names_nobody(lead: Lead) -> None:
    client = with_rights("see_person", "erase_person", "view_erasure")
    answer = client.post(PAGE, ABOUT | {"do": "erase", "never_call": "on"}, follow=True)
    page = answer.content.decode()
    for told in ("finished", "rights-see_person", "call-1", "leads: 1 row"):
        assert told in page, told
    assert "Dana Bar" not in page
    assert NeverCallNumber.objects.get().phone is None
    again = client.post(PAGE, ABOUT).content.decode()
    assert str(Erasure.objects.get()) in again
    assert "Dana Bar" not in again
    assert "Numbers that nobody may call, and why: 1 row" in again


def test_what_else_stands_on_the_requests_is_named_and_not_followed(
    lead: Lead, make_lead: Callable[..., Lead]
) -> None:
    make_lead("+972505550143", email=EMAIL, name="Omer Katz")
    page = with_rights("see_person").post(PAGE, {"number": NUMBER, "email": ""}).content.decode()
    assert EMAIL in page
    assert "Omer Katz" not in page


def test_what_cannot_be_read_is_said_at_the_form(lead: Lead) -> None:
    page = with_rights("see_person").post(PAGE, {"number": "12", "email": ""}).content.decode()
    assert "Enter a full number" in page


def test_the_command_shows_erases_and_says_what_it_did(lead: Lead) -> None:
    def run(*arguments: str, **options: Any) -> str:
        out = StringIO()
        call_command("person", *arguments, stdout=out, stderr=StringIO(), **options)
        return out.getvalue()

    shown = run("show", "--number", NUMBER)
    assert "Ring me" in shown
    assert json.loads(run("show", "--email", EMAIL, "--json"))["held"][0]["table"] == "leads.Lead"
    with pytest.raises(CommandError, match="--yes"):
        run("erase", "--number", NUMBER)
    told = json.loads(run("erase", "--number", NUMBER, "--yes", "--json"))
    assert (told["ok"], told["recordings"], told["kept"]) == (True, ["call-1"], [])
    assert "Ring me" not in run("show", "--email", EMAIL)
    with pytest.raises(CommandError, match="Enter a number"):
        run("show")


def test_the_receipt_names_what_a_legal_hold_keeps(lead: Lead) -> None:
    LegalHold.objects.create(lead=lead, reason="A dispute")
    client = with_rights("see_person", "erase_person", "view_erasure", "view_lead")
    page = client.post(PAGE, ABOUT | {"do": "erase"}, follow=True).content.decode()
    assert "Under a legal hold:" in page
    assert f"/admin/leads/lead/{lead.pk}/" in page


def test_a_look_is_in_the_audit_with_the_one_who_looked_and_not_whom(lead: Lead) -> None:
    client = with_rights("see_person", "erase_person")
    client.post(PAGE, ABOUT, REMOTE_ADDR="192.0.2.7")
    client.post(PAGE, ABOUT | {"do": "ask"})  # the question after it counts as no further look
    entry = AuditEntry.objects.get(act="looked_up")
    assert (entry.username, entry.address) == ("rights-see_person-erase_person", "192.0.2.7")
    assert (entry.kind, entry.after) == ("leads_lead", {"leads": 1})
    client.post(PAGE, ABOUT | {"do": "json"})
    client.post(PAGE, ABOUT | {"do": "erase"})
    taken_out = AuditEntry.objects.get(kind="callbacks_exportrecord")
    asked_for = AuditEntry.objects.get(kind="callbacks_erasure")
    assert taken_out.username == asked_for.username == entry.username
    receipt = Erasure.objects.get()
    assert asked_for.thing_id == str(receipt.pk)
    assert asked_for.after["public_id"] == str(receipt.public_id)
    assert not any("0142" in str(it) or "dana" in str(it) for it in AuditEntry.objects.values())


def test_the_receipt_counts_what_the_lists_held(lead: Lead) -> None:
    NeverCallNumber.objects.create(phone=NUMBER, reason="Dana asked for it")
    BlockEntry.objects.create(kind="number", value=NUMBER, reason="called names")
    with_rights("see_person", "erase_person").post(PAGE, ABOUT | {"do": "erase"})
    counts = Erasure.objects.get().counts
    assert counts["leads.NeverCallNumber"] == 1
    assert counts["leads.BlockEntry"] == 1
