"""The never-call list as CSV files: the same rights and rules as the block list's."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from callbacks.models import ExportRecord
from leads import never_call
from leads.models import Lead, LeadStatus, NeverCallNumber
from tests.support.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]
LIST = "/admin/leads/nevercallnumber/"
IMPORT = f"{LIST}import/"
EXPORT = f"{LIST}export/"
HEAD = "phone,reason\n"


def look_at(client: Client, text: str | bytes) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(IMPORT, {"file": SimpleUploadedFile("numbers.csv", data)})


def store(client: Client, text: str) -> list[str]:
    answer = client.post(IMPORT, {"text": text}, follow=True)
    return [str(it) for it in answer.context["messages"]]


def numbers() -> list[tuple[str | None, str]]:
    return list(NeverCallNumber.objects.order_by("phone").values_list("phone", "reason"))


def test_a_file_is_shown_before_anything_is_stored(managing: Client, manager: User) -> None:
    never_call.add("+972505550102", "first", manager)
    text = (
        HEAD
        + "050-555 0101,asked by mail\n"
        + "+972 50 555 0102,another reason\n"
        + "+44 20 7946 0018,\n"
        + "00972505550101,once more\n"
        + "Dana,\n"
        + f"+972505550103,{'x' * 201}\n"
    )
    page = look_at(managing, text)
    assert NeverCallNumber.objects.count() == 1
    shown = page.context
    assert [(title, number) for title, _rows, number in shown["parts"]] == [("New", 2)]
    assert shown["same"] == 1
    assert [it.line for it in shown["problems"]] == [5, 6, 7]
    whys = [it.why for it in shown["problems"]]
    assert whys[0] == "This number is already in line 2."
    assert whys[1].startswith("“Dana”: ")
    assert whys[2] == "The reason is longer than 200 characters."

    [said] = store(managing, shown["text"])
    assert said == "Imported: 2 new, 1 already on the list, 3 skipped."
    assert numbers() == [
        ("+442079460018", ""), ("+972505550101", "asked by mail"), ("+972505550102", "first"),
    ]  # fmt: skip
    entry = NeverCallNumber.objects.get(phone="+972505550101")
    assert (entry.added_by, entry.asked_by) == (manager, "manager")
    assert LogEntry.objects.get().change_message == said


def test_a_number_that_is_listed_in_another_spelling_or_as_a_hash_is_not_listed_twice(
    managing: Client,
) -> None:
    never_call.add("+972592345678", "", None)
    never_call.forget("+972505550101")
    [said] = store(managing, HEAD + "+970592345678,\n+972505550101,again\n")
    assert said == "Imported: 0 new, 2 already on the list, 0 skipped."
    assert NeverCallNumber.objects.count() == 2


def test_the_open_lead_of_an_imported_number_is_called_no_more(managing: Client) -> None:
    lead, other = Visitor().sends(), Visitor().sends(phone="050-555 0102")
    store(managing, HEAD + "050-555 0101,asked by mail.\n")
    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.status, other.status) == (LeadStatus.CANCELLED, LeadStatus.WAITING)
    assert "list: asked by mail. Nobody calls it" in lead.error_message
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 1


NO_FILES: dict[str, tuple[str | bytes, str]] = {
    "no columns": ("+972505550101\n", "must name the columns"),
    "empty": ("", "must name the columns"),
    "a block list": ("kind,entry\nnumber,+972505550101\n", "must name the columns"),
    "a column twice": ("phone,phone,reason\n,+972505550101,\n", "names phone twice"),
    "a comma too many": (HEAD + "+972505550101,rude, and loud\n", "Line 2 has more cells"),
    "another encoding": ("phone,קזינו".encode("cp1255"), "not UTF-8 text"),
    "a workbook": (b"PK\x03\x04\x00\x00", "not a CSV file"),
    "too large": (HEAD + "+972505550101,\n" * 20_000, "larger than 200 KiB"),
}


@pytest.mark.parametrize("row", NO_FILES)
def test_what_is_no_file_is_told(managing: Client, row: str) -> None:
    data, told = NO_FILES[row]
    assert told in look_at(managing, data).content.decode()
    assert not NeverCallNumber.objects.exists()


def test_an_export_holds_no_formula_and_can_be_imported_again(managing: Client) -> None:
    never_call.add("+972505550101", "=cmd|'/C calc'!A1", None)
    never_call.add("+442079460018", "", None)
    never_call.forget("+972505550103")
    before = [it for it in numbers() if it[0]]
    answer = managing.post(EXPORT, {"format": "csv"})
    data = b"".join(answer.streaming_content)
    lines = data.decode("utf-8-sig").splitlines()
    assert len(lines) == 3  # the erased person's entry has no number to export
    for line in lines:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.split(","))
    record = ExportRecord.objects.get()
    assert (record.what, record.rows) == ("never_call", 2)
    NeverCallNumber.objects.exclude(phone=None).delete()
    store(managing, look_at(managing, data).context["text"])
    assert [it for it in numbers() if it[0]] == before


def test_an_export_is_of_what_is_listed(managing: Client) -> None:
    never_call.add("+972505550101", "by mail", None)
    never_call.add("+972505550102", "by letter", None)
    answer = managing.post(f"{EXPORT}?q=letter", {"format": "csv"})
    data = b"".join(answer.streaming_content).decode()
    assert "0102" in data
    assert "0101" not in data


@pytest.mark.parametrize("right", ["import_nevercallnumber", "export_nevercallnumber"])
def test_import_and_export_are_rights_of_their_own(client: Client, right: str) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    rights = [f"{it}_nevercallnumber" for it in ("view", "add", "change", "delete")]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    page = client.get(LIST).content.decode()
    assert IMPORT not in page
    assert EXPORT not in page
    answers = {
        "import_nevercallnumber": lambda: client.get(IMPORT).status_code,
        "export_nevercallnumber": lambda: client.post(EXPORT).status_code,
    }
    assert {name: answer() for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    user.user_permissions.add(Permission.objects.get(codename=right))
    assert {name: answer() for name, answer in answers.items()} == {
        name: 200 if name == right else 403 for name in answers
    }
