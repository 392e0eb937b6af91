"""The list of leads as a file: the same rows, streamed, with a record of who took it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.access.groups import ensure_roles
from callbacks.admin.access import SALES_MANAGERS
from callbacks.exports import csv_file
from callbacks.models import CallAttempt, CallNote, ExportRecord, Extension
from leads.models import Disposition, Lead, LeadSource
from tests.exports.reading import Book, body, csv_rows
from tests.reports import random_leads

LIST = "/admin/leads/lead/"
EXPORT = "/admin/leads/lead/export/"
REPORT = "/admin/reports/callback-times/"
TICKET = "0123456789abcdef0123456789abcdef"
PROGRESS = f"/admin/exports/{TICKET}/"

MakeLead = Callable[..., Lead]


@pytest.fixture
def manager(db: None) -> User:
    ensure_roles()
    user = User.objects.create_user("dana-m", is_staff=True)
    user.groups.add(Group.objects.get(name=SALES_MANAGERS))
    return user


@pytest.fixture
def managing(manager: User) -> Client:
    client = Client()
    client.force_login(manager)
    return client


def exported(client: Client, query: str = "", kind: str = "csv") -> list[list[Any]]:
    """The rows below the header."""
    data = body(client.post(f"{EXPORT}?{query}", {"format": kind}))
    return (csv_rows(data) if kind == "csv" else Book(data).sheets["Leads"])[1:]


def test_what_is_written_of_a_lead(managing: Client, make_lead: MakeLead) -> None:
    lead = make_lead(
        name="=cmd|'/c calc'!A0",
        phone="+972505550123",
        phone_extension="007",
        email="noa@example.com",
        message="=1+1",
        rang_at=timezone.now(),
        time_to_ring=timedelta(seconds=75.5),
        waited_held=timedelta(minutes=4),
    )
    data = csv_rows(body(managing.post(EXPORT, {"format": "csv"})))
    row = dict(zip(data[0], data[1], strict=True))
    assert row["Lead"] == str(lead.pk)
    assert row["Name"] == "'=cmd|'/c calc'!A0"
    assert (row["Phone"], row["Phone extension"]) == ("'+972505550123", "'007")
    assert (row["E-mail"], row["Message"]) == ("noa@example.com", "'=1+1")
    assert row["Time to ring (seconds)"] == "75.500"
    assert row["Waited: held for a manager (seconds)"] == "240.000"
    assert row["Waited: spending limit (seconds)"] == "0.000"
    assert (row["Salesperson"], row["Team"], row["Talked (Asia/Jerusalem)"]) == ("", "", "")
    local = lead.submitted_at.astimezone(random_leads.ZONE)
    assert row["Submitted (Asia/Jerusalem)"] == f"{local:%Y-%m-%d %H:%M:%S}"
    book = Book(body(managing.post(EXPORT, {"format": "xlsx"})))
    head, values = book.sheets["Leads"]
    row = dict(zip(head, values, strict=True))
    assert row["Name"] == "=cmd|'/c calc'!A0"
    assert (row["Phone"], row["Phone extension"]) == ("+972505550123", "007")
    assert row["Time to ring (h:mm:ss)"] * 86_400 == pytest.approx(75.5)
    assert not book.has_formulas()
    assert book.is_frozen("Leads")


def test_what_was_said_after_the_newest_talk_is_written(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    now = timezone.now()
    lead = make_lead(status="connected", closed_at=now, connected_at=now)
    said = Disposition.objects.create(name="Wants an offer", effect="none")
    for place, (note, stands) in enumerate(
        (("first", True), ("=mistaken", False), ("-2 rooms", True))
    ):
        attempt = CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
            state="bridged", outcome="bridged", claimed_at=now + timedelta(minutes=place),
            sent_at=now, connected_at=now, ended_at=now, hold_until=now,
        )  # fmt: skip
        CallNote.objects.create(
            attempt=attempt, lead=lead, note=note, stands=stands, disposition=said, written_at=now
        )
    Lead.objects.filter(pk=lead.pk).update(disposition=said)
    data = csv_rows(body(managing.post(EXPORT, {"format": "csv"})))
    row = dict(zip(data[0], data[1], strict=True))
    assert (row["Disposition"], row["Note after the talk"]) == ("Wants an offer", "'-2 rooms")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_the_rows_of_the_list_in_its_order(managing: Client, kind: str) -> None:
    random_leads.rows(3, count=40)
    source = LeadSource.objects.first()
    assert source
    with time_machine.travel(random_leads.NOW, tick=False):
        page = managing.get(f"{REPORT}?period=days&first=2026-10-20&last=2026-11-30&by=team").text
        behind = page.split("/admin/leads/lead/?report=")[1].split('"')[0]
        for query in ("", f"source__id__exact={source.pk}", "q=5000002", "status__exact=waiting",
                      f"report={behind}", "submitted=7", "o=-1", "o=1"):  # fmt: skip
            listed = managing.get(f"{LIST}?{query}").context["cl"]
            wanted = [it.pk for it in listed.queryset]
            assert [int(row[0]) for row in exported(managing, query, kind)] == wanted, query
            assert len(wanted) == listed.result_count
            if query:
                assert wanted == [] or len(wanted) <= 40


def test_a_broken_address_leads_back_to_the_list(managing: Client, make_lead: MakeLead) -> None:
    make_lead()
    answer = managing.post(f"{EXPORT}?nonsense=1", {"format": "csv"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?nonsense=1")
    assert not ExportRecord.objects.exists()


def test_too_many_leads_are_refused_with_a_reason(
    managing: Client, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lead()
    make_lead(phone="+972505550124")
    monkeypatch.setattr("callbacks.admin.leads.lead_export.MOST_LEADS", 1)
    answer = managing.post(EXPORT, {"format": "csv"}, follow=True)
    assert "there are more than 1 leads" in answer.text
    assert not ExportRecord.objects.exists()


# --- who may, and who did -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "may"),
    [
        ([], False),
        (["view_lead"], False),
        (["change_lead"], False),
        (["export_leads"], False),
        (["view_lead", "export_leads"], True),
        (["change_lead", "export_leads"], True),
    ],
)
def test_who_may_export(db: None, rights: list[str], may: bool) -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    for address in (EXPORT, f"{REPORT}export/"):
        for kind in ("csv", "xlsx"):
            answer = client.post(address, {"format": kind, "ticket": TICKET})
            assert answer.status_code == (200 if may else 403), address
            list(answer)
    assert client.get(PROGRESS).status_code == (200 if may else 403)
    for address in (LIST, REPORT):
        page = client.get(address)
        assert ('value="xlsx"' in page.text) == may
    assert ExportRecord.objects.count() == (4 if may else 0)


def test_nobody_exports_without_a_login(db: None, client: Client) -> None:
    for address in (EXPORT, f"{REPORT}export/", PROGRESS):
        assert client.post(address, {"format": "csv"}).status_code == 302
    assert not ExportRecord.objects.exists()


def test_who_exported_what_is_recorded_and_a_superuser_reads_it(
    managing: Client, manager: User, make_lead: MakeLead
) -> None:
    make_lead()
    exported(managing, "q=0505550101")
    record = ExportRecord.objects.get()
    assert (record.user, record.username, record.what) == (manager, "dana-m", "leads")
    assert (record.file_format, record.asked, record.state) == ("csv", "q=0505550101", "complete")
    assert record.rows == record.rows_written
    address = f"/admin/callbacks/exportrecord/{record.pk}/change/"
    assert managing.get("/admin/callbacks/exportrecord/").status_code == 403
    assert managing.get(address).status_code in (302, 403)
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    assert "dana-m" in root.get("/admin/callbacks/exportrecord/").text
    assert "q=0505550101" in root.get(address).text
    assert root.post(address, {"username": "x"}).status_code == 403
    assert root.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    manager.delete()
    record.refresh_from_db()
    assert (record.user, record.username) == (None, "dana-m")


# --- streamed, and broken off ---------------------------------------------------------------------


@pytest.fixture
def many(make_lead: MakeLead) -> int:
    """More leads than are sent at once."""
    source = make_lead().source
    count = csv_file.CHUNK * 3
    now = timezone.now()
    Lead.objects.bulk_create(
        Lead(
            source=source, name="Noa", phone=f"+97250{5_000_000 + number}", status="called",
            submitted_at=now, clock_started_at=now, due_at=now, closed_at=now,
        )
        for number in range(count - 1)
    )  # fmt: skip
    return count


def _cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs%'")
        found: int = cursor.fetchone()[0]
    return found


def test_rows_are_read_as_they_are_sent_and_the_page_is_told(managing: Client, many: int) -> None:
    answer: Any = managing.post(EXPORT, {"format": "csv", "ticket": TICKET})
    assert not answer.has_header("Content-Length")
    pieces: Iterator[bytes] = iter(answer.streaming_content)
    next(pieces), next(pieces), next(pieces)  # the header, and two chunks of rows
    assert _cursors() == 1
    record = ExportRecord.objects.get()
    assert (record.rows, record.rows_written, record.state) == (many, csv_file.CHUNK, "under_way")
    told = managing.get(PROGRESS).json()
    assert told == {"rows": many, "written": csv_file.CHUNK, "state": "under_way"}
    other = Client()
    other.force_login(User.objects.create_superuser("root"))
    assert other.get(PROGRESS).status_code == 404  # somebody else's
    assert len(list(pieces)) == 1
    assert managing.get(PROGRESS).json()["state"] == "complete"
    assert _cursors() == 0


def test_a_connection_that_ends_half_way_is_recorded(managing: Client, many: int) -> None:
    answer: Any = managing.post(EXPORT, {"format": "csv"})
    pieces = iter(answer.streaming_content)
    next(pieces), next(pieces)
    answer._iterator.close()  # like a connection that is gone
    record = ExportRecord.objects.get()
    assert (record.state, record.rows_written < many) == ("broken_off", True)
    assert _cursors() == 0


def test_a_proxy_without_pieces_gets_the_length_first(managing: Client, many: int) -> None:
    """HTTP/1.0 ends an answer by closing: only the length shows that a part is missing."""
    answer: Any = managing.post(EXPORT, {"format": "csv"}, SERVER_PROTOCOL="HTTP/1.0")
    data = body(answer)
    assert int(answer["Content-Length"]) == len(data)
    assert len(csv_rows(data)) == many + 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_error_half_way_sends_nothing_that_looks_whole(
    managing: Client, many: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away while rows are read, so the last chunk never comes."""

    def read(*_args: object, **_kwargs: object) -> Iterator[Lead]:
        yield Lead.objects.select_related("source")[0]
        raise ConnectionError

    monkeypatch.setattr("django.db.models.query.QuerySet.iterator", read)
    with pytest.raises(ConnectionError):
        managing.post(EXPORT, {"format": kind}).getvalue()
    assert ExportRecord.objects.get().state == "broken_off"


def test_an_export_whose_process_was_ended_is_not_shown_as_under_way(
    managing: Client, make_lead: MakeLead
) -> None:
    make_lead()
    body(managing.post(EXPORT, {"format": "csv", "ticket": TICKET}))
    ExportRecord.objects.update(state="under_way")
    assert managing.get(PROGRESS).json()["state"] == "under_way"
    ExportRecord.objects.update(told_at=timezone.now() - timedelta(minutes=6))
    assert managing.get(PROGRESS).json()["state"] == "broken_off"
