"""The block list in the admin: entering, finding, importing, exporting."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from callbacks.models import ExportRecord
from leads.models import BlockEntry, LeadSource

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]
LIST = "/admin/leads/blockentry/"
IMPORT = f"{LIST}import/"
EXPORT = f"{LIST}export/"
HEAD = "kind,entry,verdict,reason,until\n"


def enter(client: Client, **values: str) -> Any:
    typed = {"kind": "number", "value": "", "verdict": "hold", "reason": "", **values}
    return client.post(f"{LIST}add/", typed)


def look_at(client: Client, text: str | bytes) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(IMPORT, {"file": SimpleUploadedFile("blocks.csv", data)})


def store(client: Client, text: str) -> list[str]:
    answer = client.post(IMPORT, {"text": text}, follow=True)
    return [str(it) for it in answer.context["messages"]]


def test_an_entry_is_stored_as_it_is_compared_with_who_added_it(
    managing: Client, manager: User
) -> None:
    assert enter(managing, value="050-555 0101", reason="a prank").status_code == 302
    entry = BlockEntry.objects.get()
    assert (entry.value, entry.reason, entry.added_by) == ("+972505550101", "a prank", manager)
    page = enter(managing, value="+972 50 555 0101").content.decode()
    assert "already on the list" in page


WRONG = {
    "no number": ({"value": "Dana"}, "is not a phone number"),
    "no address": ({"kind": "address", "value": "here"}, "is neither an address nor a network"),
    "too wide": ({"kind": "address", "value": "0.0.0.0/0"}, "is too wide"),
    "everybody's domain": (
        {"kind": "domain", "value": "gmail.com", "verdict": "refuse"}, "Anybody can have mail",
    ),
    "over already": (
        {"value": "+44", "until_0": "2020-01-01", "until_1": "10:00"}, "time in the future",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", WRONG)
def test_what_is_wrong_is_told(managing: Client, row: str) -> None:
    typed, told = WRONG[row]
    page = enter(managing, **typed)
    assert page.status_code == 200
    assert told in page.content.decode()
    assert not BlockEntry.objects.exists()


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("050-555 0101", ("number", "+97250")),
        ("+972 59", ("number", "+97059")),
        ("+972595550167", ("number", "+97059")),
        ("192.0.2.7", ("address", "192.0.2.0/24")),
        ("dana@mail.shop.example", ("domain", "shop.example")),
        ("prank", ("word", "casino")),
    ],
)
def test_the_search_finds_what_would_fit(
    managing: Client, typed: str, entry: tuple[str, str]
) -> None:
    kind, value = entry
    wanted = BlockEntry.objects.create(kind=kind, value=value, reason="a prank")
    BlockEntry.objects.create(kind="word", value="loans")
    found = managing.get(LIST, {"q": typed}).context["cl"].result_list
    assert [it.pk for it in found] == [wanted.pk]


def test_a_file_is_shown_before_anything_is_stored(managing: Client) -> None:
    BlockEntry.objects.create(kind="word", value="casino", reason="old")
    BlockEntry.objects.create(kind="word", value="loans")
    text = (
        HEAD
        + "number,050-555 0101,refuse,a prank,2099-01-31\n"
        + "word,Casino,hold,new,\n"
        + "word,loans,,,\n"
        + '"word","two\nlines of text here, too many",,,\n'
        + "address,nowhere,hold,,\n"
        + "\n"
        + "number,+972505550101,hold,,\n"
        + "domain,shop.example,later,,\n"
        + "word,old,hold,,2020-01-01\n"
        + "colour,red,,,\n"
    )
    page = look_at(managing, text)
    assert BlockEntry.objects.count() == 2
    shown = page.context
    assert [(title, number) for title, _rows, number in shown["parts"]] == [
        ("New", 1), ("Changed: the entry here differs", 1),
    ]  # fmt: skip
    assert shown["same"] == 1
    assert [(it.line, it.why) for it in shown["problems"]] == [
        (5, "Enter at most 3 words. An entry matches if all of them appear in a row."),
        (7, "nowhere is neither an address nor a network, for example 192.0.2.7 or 2001:db8::/48."),
        (9, "This entry is already in line 2."),
        (10, "“later” is not a verdict. Use one of these: hold, refuse."),
        (11, "This time has already passed: 2020-01-01."),
        (12, "“colour” is not a kind of entry. Use one of these: number, address, domain, word."),
    ]
    [said] = store(managing, shown["text"])
    assert said == "Imported: 1 new, 1 changed, 1 unchanged, 6 skipped."
    entry = BlockEntry.objects.get(kind="number")
    assert (entry.value, entry.verdict, entry.reason) == ("+972505550101", "refuse", "a prank")
    assert entry.until
    assert f"{timezone.localtime(entry.until):%Y-%m-%d %H:%M:%S}" == "2099-01-31 23:59:59"
    assert BlockEntry.objects.get(value="casino").reason == "new"
    assert LogEntry.objects.get().change_message == said


NO_FILES: dict[str, tuple[str | bytes, str]] = {
    "no columns": ("+972505550101\n", "must name the columns"),
    "empty": ("", "must name the columns"),
    "another encoding": ("word,קזינו".encode("cp1255"), "not UTF-8 text"),
    "a workbook": (b"PK\x03\x04\x00\x00", "not a CSV file"),
    "too large": (HEAD + "word,casino,,,\n" * 20_000, "larger than 200 KiB"),
}


@pytest.mark.parametrize("row", NO_FILES)
def test_what_is_no_file_is_told(managing: Client, row: str) -> None:
    data, told = NO_FILES[row]
    assert told in look_at(managing, data).content.decode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_a_spreadsheet_puts_between(managing: Client, delimiter: str) -> None:
    rows = [["Entry", "KIND"], ["'+97250", "Number"], ["קזינו", "word"]]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    store(managing, look_at(managing, text).context["text"])
    found = set(BlockEntry.objects.values_list("kind", "value", "verdict"))
    assert found == {("number", "+97250", "hold"), ("word", "קזינו", "hold")}


def test_an_export_holds_no_formula_and_can_be_imported_again(managing: Client) -> None:
    BlockEntry.objects.create(
        kind="number", value="+97250", reason="=cmd|'/C calc'!A1", verdict="refuse",
        until=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    BlockEntry.objects.create(kind="word", value="casino")
    before = list(BlockEntry.objects.order_by("pk").values_list("kind", "value", "verdict"))
    answer = managing.post(EXPORT, {"format": "csv"})
    data = b"".join(answer.streaming_content)
    for line in data.decode("utf-8-sig").splitlines():
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.split(","))
    assert "'=cmd" in data.decode()
    assert ExportRecord.objects.get().what == "blocks"
    BlockEntry.objects.all().delete()
    store(managing, look_at(managing, data).context["text"])
    after = BlockEntry.objects.order_by("kind").values_list("kind", "value", "verdict")
    assert list(after) == before
    assert BlockEntry.objects.get(kind="number").reason == "=cmd|'/C calc'!A1"


@pytest.mark.parametrize("right", ["import_blockentry", "export_blockentry"])
def test_import_and_export_are_rights_of_their_own(client: Client, right: str) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    rights = ["view_blockentry", "add_blockentry", "change_blockentry", "delete_blockentry"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    page = client.get(LIST).content.decode()
    assert IMPORT not in page
    assert EXPORT not in page
    answers = {
        "import_blockentry": lambda: client.get(IMPORT).status_code,
        "export_blockentry": lambda: client.post(EXPORT).status_code,
    }
    assert {name: answer() for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    user.user_permissions.add(Permission.objects.get(codename=right))
    assert {name: answer() for name, answer in answers.items()} == {
        name: 200 if name == right else 403 for name in answers
    }


def test_numbers_without_a_country_are_read_as_the_sources_do(managing: Client) -> None:
    LeadSource.objects.update(default_country="GB", allowed_countries=["GB"])
    enter(managing, value="020 7946 0018")
    assert BlockEntry.objects.get().value == "+442079460018"
