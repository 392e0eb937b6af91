"""What the provider's AI made of a call, on the pages of a lead and of a record."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from itertools import zip_longest
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from callbacks.admin import ai_data
from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import AiData, CallAttempt, CallRecord, Extension
from callbacks.reconciliation.ai_data import digest, forget_ai_data
from callbacks.voicenter.events.analysis import MAX_LINES
from leads.models import Lead
from tests.exports.reading import Book, body, csv_rows

MakeLead = Callable[..., Lead]
LEADS = "/admin/leads/lead/"
EVIL = "<script>alert(1)</script>"
TALK = {
    "insights": {
        "summary": "נועה שאלה על משלוח",
        "questions": [
            {"question": "Interested?", "answer": True},
            {"question": EVIL, "answer": EVIL},
        ],
        "participants": ["Dana", EVIL],
    },
    "emotions": {
        "sentences": [{"emotion": "joy", "emotion_direction": "positive"}] * 3
        + [{"emotion": EVIL, "emotion_direction": "negative"}]
    },
    "transcript": [
        {"speaker": "Speaker0", "text": "Green Garden, hello", "startTime": 0},
        {"speaker": "Speaker1", "text": "אתם מגיעים לחיפה?", "startTime": 75.5},
        {"speaker": EVIL, "text": EVIL, "startTime": EVIL},
    ],
}


@pytest.fixture
def heard(make_lead: MakeLead, extension: Extension) -> Callable[..., CallRecord]:
    """heard(data, loss=""): a call whose record has this AI data."""

    def make(data: Any, loss: str = "", **values: Any) -> CallRecord:
        number = CallAttempt.objects.count()
        now = timezone.now() + timedelta(seconds=number)
        lead = Lead.objects.first() or make_lead(
            status="connected", closed_at=now, connected_at=now
        )
        attempt = CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, extension_number="101",
            state="bridged", call_id=f"C-{number}", claimed_at=now, ended_at=now, hold_until=now,
            connected_at=now, **values,
        )  # fmt: skip
        record = CallRecord.objects.create(
            call_id=attempt.call_id, type="Click2Call leg2", leg=2, status="ANSWER",
            attempt=attempt, payload={"status": "ANSWER"},
        )  # fmt: skip
        if data is not None or loss:
            AiData.objects.create(record=record, data=data, loss=loss, **digest(data))
        return record

    return make


def pages(record: CallRecord) -> dict[str, str]:
    assert record.attempt
    return {
        "lead": f"/admin/leads/lead/{record.attempt.lead_id}/change/",
        "record": f"/admin/callbacks/callrecord/{record.pk}/change/",
    }


def block(client: Client, address: str) -> str:
    """The HTML of the AI findings; "" if the page has none."""
    answer = client.get(address)
    assert answer.status_code == 200
    found = re.search(r'<div class="heard">(.*?)\n</div>\n', answer.content.decode(), re.DOTALL)
    assert bool(found) == ("AI findings" in answer.content.decode())
    return found[1] if found else ""


def words(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))).strip()


SEES = ["leads.view_lead", "callbacks.view_callrecord", "callbacks.view_callattempt"]
MAY: dict[str, tuple[list[str], bool]] = {
    "who sees leads and records": (SEES, False),
    "who changes leads and hangs up": (
        [*SEES, "leads.change_lead", "leads.call_lead", "callbacks.hang_up_call"],
        False,
    ),
    "who may read AI data too": ([*SEES, "callbacks.view_aidata"], True),
}


@pytest.mark.parametrize("page", ["lead", "record"])
@pytest.mark.parametrize(("rights", "may"), MAY.values(), ids=MAY.keys())
def test_it_is_shown_to_whoever_may_read_it(
    rights: list[str], may: bool, page: str, heard: Callable[..., CallRecord],
    staff_with: Callable[..., Client],
) -> None:  # fmt: skip
    address = pages(heard(TALK))[page]
    client = staff_with(*rights)
    assert bool(block(client, address)) is may
    assert ("נועה" in client.get(address).content.decode()) is may


def test_the_right_alone_opens_no_page(
    heard: Callable[..., CallRecord], staff_with: Callable[..., Client]
) -> None:
    client = staff_with("callbacks.view_aidata")
    for address in pages(heard(TALK)).values():
        assert client.get(address).status_code == 403


def test_a_manager_may_read_it_until_the_right_is_taken_from_the_group(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    address = pages(heard(TALK))["lead"]
    assert block(managing, address)
    right = Group.objects.get(name=SALES_MANAGERS).permissions.get(codename="view_aidata")
    Group.objects.get(name=SALES_MANAGERS).permissions.remove(right)
    assert not block(managing, address)


def test_it_tells_summary_answers_mood_and_the_transcript_folded_away(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    shown = block(managing, pages(heard(TALK))["lead"])
    told, _, folded = shown.partition("<details>")
    read = words(told)
    for wanted in (
        "נועה שאלה על משלוח", "Interested? yes", "Who took part: Dana",
        "joy · positive 3 sentences", "negative 1 sentence",
    ):  # fmt: skip
        assert wanted in read
    assert "Transcript 3 lines" in words(folded)
    assert "0:00 Salesperson Green Garden, hello" in words(folded)
    assert "1:15 Lead אתם מגיעים לחיפה?" in words(folded)
    assert "It may be wrong." in words(folded)


def test_what_strangers_said_is_escaped_and_has_a_direction_of_its_own(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    for address in pages(heard(TALK)).values():
        shown = block(managing, address)
        assert EVIL not in shown
        assert "&lt;script&gt;" in shown
        for around in (
            '<p class="heard-summary" dir="auto">נועה שאלה על משלוח</p>',
            '<div dir="auto"> <dt>Interested?</dt> <dd><bdi>yes</bdi></dd>',
            '<li dir="auto" class="leg-2"><span>1:15</span>',
            "<strong><bdi>Lead</bdi></strong> <p>אתם מגיעים לחיפה?</p></li>",
        ):
            assert around in re.sub(r"\s+", " ", shown)
        assert "<bdi>Dana</bdi>" in shown


LOSSES = {
    "cut": (
        TALK,
        "The end of the AI data is missing: it was larger than 2 MiB. The transcript was cut",
    ),
    "too_large": (None, "The AI data was larger than 8 MiB and was not kept."),
    "nested": (None, "The AI data was nested more than 32 levels deep and was not kept."),
    "unreadable": (None, "The AI data could not be read and was not kept."),
}


@pytest.mark.parametrize(("loss", "stored"), LOSSES.items(), ids=LOSSES.keys())
def test_it_says_what_is_missing(
    loss: str, stored: tuple[Any, str], heard: Callable[..., CallRecord], managing: Client
) -> None:
    data, sentence = stored
    for address in pages(heard(data, loss)).values():
        assert sentence in words(block(managing, address))


ODD = [
    True, 7, 1.5, "text", "{", [], [None], [[1]], {}, {"mood": "good"}, {"insights": None},
    {"insights": [1], "emotions": 7, "transcript": {"a": 1}},
    {"insights": {"summary": {"a": 1}, "questions": "a", "participants": {"a": [1]}}},
    {"emotions": {"sentences": {"emotion": 1}}, "transcript": "text"},
    {"transcript": [None, 7, [], {"text": None}, {"speaker": {}, "text": 5, "startTime": "x"}]},
    {"emotions": {"sentences": [7, {"emotion": None, "emotion_direction": ["a"]}]}},
    json.dumps(TALK),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_no_shape_breaks_a_page(
    odd: object, heard: Callable[..., CallRecord], managing: Client
) -> None:
    for address in pages(heard(odd)).values():
        assert "Call of" in words(block(managing, address))


def test_what_has_no_known_shape_is_shown_as_it_was_received(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    shown = words(block(managing, pages(heard({"topics": [EVIL, "חיפה"]}))["lead"]))
    assert "As received" in shown
    assert '"חיפה"' in shown


def test_what_is_shown_of_a_long_talk_is_bounded(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    line = {"speaker": "Speaker1", "text": "שלום"}
    record = heard({"transcript": [line] * (MAX_LINES + 1), "insights": {"summary": "a" * 90_000}})
    shown = block(managing, pages(record)["lead"])
    assert shown.count("<li") == MAX_LINES
    assert "1 more line is not shown." in words(shown)
    assert len(shown) < 600_000
    assert len(block(managing, pages(record)["record"])) < 650_000


def test_of_many_calls_the_newest_are_shown_and_the_others_linked(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    made = [heard({"insights": {"summary": f"Talk number {n}."}}) for n in range(6)]
    heard(None)
    shown = block(managing, pages(made[0])["lead"])
    assert re.findall(r"Talk number (\d)", shown) == ["5", "4", "3"]
    assert ai_data.CALLS_SHOWN == 3
    for record in made:
        assert pages(record)["record"] in shown


@pytest.mark.parametrize(
    ("user", "offered"), [("managing", True), ("reading", False)], ids=["may read it", "may not"]
)
def test_leads_are_found_by_what_was_heard(
    user: str,
    offered: bool,
    heard: Callable[..., CallRecord],
    managing: Client,
    make_lead: MakeLead,
) -> None:
    lead = heard(TALK).attempt.lead  # type: ignore[union-attr]
    make_lead(name="Nobody heard")
    client = managing
    if user == "reading":
        reader = User.objects.create_user("reader", is_staff=True)
        reader.user_permissions.set(
            Permission.objects.filter(codename__in=["view_lead", "export_leads"])
        )
        client = Client()
        client.force_login(reader)
    listed = client.get(LEADS)
    assert ("AI findings" in listed.text) == offered
    for asked, found in {
        "positive": [lead.pk], "negative": [], "neutral": [], "any": [lead.pk],
        "\u05d0' OR 1=1": [],
    }.items():  # fmt: skip
        answer = client.get(LEADS, {"heard": asked})
        if offered:
            assert [it.pk for it in answer.context["cl"].result_list] == found, asked
        else:
            assert answer.status_code == 302  # as any address that no filter understands


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_has_it_for_who_may_read_it_until_it_is_erased(
    kind: str, heard: Callable[..., CallRecord], managing: Client, manager: User
) -> None:
    def exported() -> dict[str, Any]:
        data = body(managing.post(f"{LEADS}export/", {"format": kind}))
        head, first = (csv_rows(data) if kind == "csv" else Book(data).sheets["Leads"])[:2]
        return dict(zip_longest(head, first))  # a workbook leaves out empty cells at the end

    lead = heard({"insights": {"summary": "the first"}}).attempt.lead  # type: ignore[union-attr]
    heard({**TALK, "insights": {**TALK["insights"], "summary": "=1+1"}})
    row = exported()
    assert row["AI: summary"] == ("'=1+1" if kind == "csv" else "=1+1")
    assert row["AI: answers"] == f"Interested?: yes\n{EVIL}: {EVIL}"
    assert row["AI: mood"] == "Positive"
    forget_ai_data(lead.pk)
    assert not exported()["AI: summary"]
    Group.objects.get(name="Sales managers").permissions.remove(
        Permission.objects.get(codename="view_aidata")
    )
    assert not [name for name in exported() if name.startswith("AI")]


def test_after_an_erasure_it_says_so(heard: Callable[..., CallRecord], managing: Client) -> None:
    record = heard(TALK)
    assert record.attempt
    forget_ai_data(record.attempt.lead_id)
    shown = words(block(managing, pages(record)["lead"]))
    assert re.fullmatch(r"The AI data of this lead's calls was erased on \d\d \w+ \d{4} .*", shown)
    assert not block(managing, pages(record)["record"])


def test_without_ai_data_there_is_no_heading(
    heard: Callable[..., CallRecord], managing: Client
) -> None:
    for address in pages(heard(None)).values():
        assert not block(managing, address)
