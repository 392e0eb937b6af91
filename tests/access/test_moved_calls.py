"""Calls that another team made to a lead before it moved.

The new team reads that the lead was called, when, and the result. It reads nothing else, wherever
it looks.
"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callbacks.access.roles import Role
from callbacks.models import AiData, CallAttempt, CallNote, CallRecord, UnknownOutcome
from callbacks.reports.people import Person
from leads.models import Disposition, Lead, LeadStatus
from tests.access.test_moved_leads import PHONE, SECRET, asks
from tests.access.test_teams import text_of, unpacked
from tests.access.world import Side, World
from tests.reports.test_page import Numbers

pytestmark = pytest.mark.django_db

THEIR_RESULT = "Sold elsewhere"  # everybody sees it as a choice in the lists' filter
CALL_ID, OWN_CALL_ID = "20261129777777777777", "20261129888888888888"
NUMBERED: tuple[type[Model], ...] = (Lead, CallAttempt, CallRecord)


@pytest.fixture
def leading(leading: Client, world: World) -> Client:
    return given_all_about_calls(leading, world)


def given_all_about_calls(client: Client, world: World) -> Client:
    """Gives the client every right about calls, so that no missing right hides anything."""
    leader = world.people[Role.TEAM_LEADER]
    assert leader
    names = ("view_aidata", "view_callattempt", "view_callrecord", "settle_outcome")
    leader.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return client


def call(lead: Lead, side: Side, call_id: str, word: str, **values: object) -> CallAttempt:
    """A finished talk of this team, with everything that a call can store."""
    at = timezone.now() - timedelta(minutes=30)
    attempt = CallAttempt.objects.create(
        **{
            "lead": lead, "extension": side.extension, "salesperson": side.salesperson,
            "phone": PHONE, "extension_number": side.extension.number, "state": "bridged",
            "outcome": "bridged", "claimed_at": at, "sent_at": at, "answered_at": at,
            "connected_at": at, "rang_at": at, "ended_at": at + timedelta(minutes=5),
            "hold_until": at, "call_id": call_id, "talk_time": 277, "price": 777,
            "recording_url": f"https://recordings.example.com/{word}.mp3", **values,
        }
    )  # fmt: skip
    record = CallRecord.objects.create(
        call_id=call_id, type="Click2Call leg2", leg=2, attempt=attempt, status="ANSWER",
        talk_time=277, payload={"word": word},
        recording_url=f"https://recordings.example.com/{word}.mp3",
    )  # fmt: skip
    AiData.objects.create(
        record=record, data={"summary": f"{word} was summed up"}, summary=f"{word} was summed up",
        answers=[], mood="negative",
    )  # fmt: skip
    name = THEIR_RESULT if word == SECRET else "Sold to us"
    disposition, _is_new = Disposition.objects.get_or_create(name=name, effect="none")
    CallNote.objects.create(
        attempt=attempt, lead=lead, disposition=disposition, note=f"{word} was noted",
        written_by=side.salesperson, written_at=at,
    )  # fmt: skip
    Lead.objects.filter(pk=lead.pk).update(
        by_team=side.team.pk, by_user=side.salesperson.pk, by_extension=side.extension.pk,
        call_id=call_id, error_message=f"{word} went wrong", disposition=disposition, attempts=1,
    )  # fmt: skip
    return attempt


@pytest.fixture
def theirs(world: World) -> CallAttempt:
    """The other team's call to a lead that their own visitor sent and that has moved since."""
    lead = asks(world.other, SECRET)
    Lead.objects.filter(pk=lead.pk).update(
        source=world.own.source, first_source=world.other.source, status=LeadStatus.WAITING
    )
    request = asks(world.own, "ownside-typed")
    assert request.duplicate_of == lead
    return call(lead, world.other, CALL_ID, SECRET)


@pytest.fixture
def ours(world: World, theirs: CallAttempt) -> CallAttempt:
    """The new team's own call to the same lead, later."""
    at = timezone.now()
    return call(theirs.lead, world.own, OWN_CALL_ID, "ownword", claimed_at=at, ended_at=at)


WAYS = {
    "the list": "/admin/leads/lead/",
    "the list, by number": f"/admin/leads/lead/?q={PHONE}",
    "the lead's page": "/admin/leads/lead/{lead}/change/",
    "what came of the talk": "/admin/leads/lead/{lead}/after-talk/",
    "they talked": "/admin/leads/lead/{lead}/they-talked/",
    "its log": "/admin/leads/lead/{lead}/history/",
    "the number's page": f"/admin/number/{PHONE[1:]}/",
    "to be called": "/admin/leads/lead/{lead}/call-with/",
    "the calls": "/admin/callbacks/callattempt/",
    "the calls, by number": f"/admin/callbacks/callattempt/?q={PHONE}",
    "the calls, by lead": "/admin/callbacks/callattempt/?q=lead {lead}",
    "the calls, by CALLID": f"/admin/callbacks/callattempt/?q={CALL_ID}",
    "the call": "/admin/callbacks/callattempt/{call}/change/",
    "the call's log": "/admin/callbacks/callattempt/{call}/history/",
    "the call to be hung up": "/admin/callbacks/callattempt/{call}/hang-up/",
    "the call that did not come": "/admin/callbacks/callattempt/{call}/no-call-came/",
    "the records": "/admin/callbacks/callrecord/",
    "the records, by CALLID": f"/admin/callbacks/callrecord/?q={CALL_ID}",
    "the record": "/admin/callbacks/callrecord/{record}/change/",
    "unknown outcomes": "/admin/callbacks/unknownoutcome/",
    "the unknown outcome": "/admin/callbacks/unknownoutcome/{call}/change/",
    "the overview": "/admin/",
    "the report": "/reports/callback-times/?period=today",
    "the report by team": "/reports/callback-times/?period=today&by=team",
    "the report by salesperson": "/reports/callback-times/?period=today&by=salesperson",
    "the report by what came of it": "/reports/callback-times/?period=today&by=disposition",
    "the people": "/reports/people/?period=today",
}


def addresses(theirs: CallAttempt) -> dict[str, str]:
    places = {
        "lead": theirs.lead_id, "call": theirs.pk,
        "record": CallRecord.objects.get(attempt=theirs).pk,
    }  # fmt: skip
    named = {
        "the report": reverse("callback-times"),
        "the people": reverse("people-report"),
    }
    found = {name: path.format(**places) for name, path in WAYS.items()}
    return {
        name: path.replace("/reports/callback-times/", named["the report"]).replace(
            "/reports/people/", named["the people"]
        )
        for name, path in found.items()
    }


def tells_of(text: str, attempt: CallAttempt, side: Side) -> list[str]:
    """What the text reveals of the call."""
    told = [
        SECRET, CALL_ID[-6:], "277", "4:37", "4 min 37", "7.77", "₪7", side.team.name,
        side.extension.name, side.salesperson.last_name, side.salesperson.username, "went wrong",
    ]  # fmt: skip
    # The page repeats a search in its search field.
    text = text.replace(f'value="{CALL_ID}"', "").replace(f"q={CALL_ID}", "")
    if 'id="changelist' not in text and 'name="choice"' not in text:
        told.append(THEIR_RESULT)
    if any(it._default_manager.filter(pk=277).exists() for it in NUMBERED):
        told.remove("277")  # a row's id, which depends on earlier tests
    return [it for it in told if it and _stands(it, text)]


def _stands(told: str, text: str) -> bool:
    """Whether the text has it; digits within a time, a token or a row's id do not count."""
    if told in {"277", "4:37", "7.77"}:
        return re.search(rf'(?<![\w/="-]){re.escape(told)}(?![\w/"-])', text) is not None
    return told in text


@pytest.mark.parametrize("is_also_ours", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_no_way_tells_of_it(
    way: str, is_also_ours: bool, world: World, theirs: CallAttempt, leading: Client,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    if is_also_ours:
        request.getfixturevalue("ours")
    answer = leading.get(addresses(theirs)[way], follow=True)
    assert answer.status_code in (200, 403, 404)
    text = text_of(answer)
    if way.endswith("CALLID"):  # the page repeats it in its links
        text = text.replace(CALL_ID, "")
    told = tells_of(text, theirs, world.other)
    if is_also_ours:  # their own call was as long and cost as much
        alike = {"277", "4:37", "4 min 37", "7.77", "₪7", "went wrong"}
        told = [it for it in told if it not in alike]
    assert told == []


def test_that_it_was_called_and_the_result_are_told(
    theirs: CallAttempt, world: World, leading: Client
) -> None:
    page = text_of(leading.get(f"/admin/leads/lead/{theirs.lead_id}/change/"))
    assert "Called by another team" in page
    assert "The conversation ended" in page
    assert "they talked" in text_of(leading.get("/admin/leads/lead/")).casefold()


def test_their_own_call_is_told_whole(
    ours: CallAttempt, theirs: CallAttempt, leading: Client
) -> None:
    page = text_of(leading.get(f"/admin/leads/lead/{theirs.lead_id}/change/"))
    for word in ("ownword.mp3", "ownword was noted", "ownword was summed up", "Sold to us"):
        assert word in page
    page = text_of(leading.get(f"/admin/callbacks/callattempt/{ours.pk}/change/"))
    assert "ownword.mp3" in page
    assert OWN_CALL_ID[-6:] in text_of(leading.get("/admin/leads/lead/"))


def test_what_came_of_their_talk_is_told_of_no_row(theirs: CallAttempt, leading: Client) -> None:
    rows = leading.get(f"/admin/leads/lead/?q={PHONE}").context["cl"].result_list
    assert [it.disposition for it in rows if it.pk == theirs.lead_id] == [None]
    assert THEIR_RESULT not in text_of(leading.get(f"/admin/number/{PHONE[1:]}/"))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("export", "query"),
    [
        ("admin:leads_lead_export", ""),
        ("callback-times-export", "?period=today&by=salesperson"),
        ("callback-times-export", "?period=today&by=team"),
        ("callback-times-export", "?period=today&by=disposition"),
        ("people-report-export", "?period=today&by=salesperson"),
    ],
)
def test_no_file_has_it(
    export: str, query: str, kind: str, world: World, theirs: CallAttempt, leading: Client
) -> None:
    answer = leading.post(f"{reverse(export)}{query}", {"format": kind}, follow=True)
    found = unpacked(answer)
    assert "Source ownside" in found or export == "people-report-export" or query
    assert tells_of(found, theirs, world.other) == []


def narrowed(theirs: CallAttempt, world: World) -> dict[str, str]:
    """Filters on what the new team may not know, by name."""
    team, who = world.other.team.pk, Person(world.other.salesperson.pk)
    disposition = Disposition.objects.get(name=THEIR_RESULT)

    def behind(query: str) -> str:
        return f"report={quote(f'period=today&measure=leads&{query}')}"

    return {
        "mood": "heard=negative",
        "any AI data": "heard=any",
        "disposition": f"disposition__id__exact={disposition.pk}",
        "disposition's name": "disposition__name__startswith=Sold",
        "CALLID": f"q={CALL_ID}",
        "the end of its CALLID": f"q={CALL_ID[-8:]}",
        "CALLID as a column": f"call_id={CALL_ID}",
        "team": f"by_team={team}",
        "salesperson": f"by_user={world.other.salesperson.pk}",
        "extension": f"by_extension={world.other.extension.pk}",
        "error": "error_message__contains=wrong",
        "its calls": f"call_attempts__call_id={CALL_ID}",
        "its recording": "call_attempts__recording_url__contains=zz",
        "its notes": "call_notes__note__contains=noted",
        "a report's team": behind(f"team={team}"),
        "a report's salesperson": behind(f"salesperson={who}"),
        "a report's group of a team": behind(f"by=team&group={team}"),
        "a report's group of a salesperson": behind(f"by=salesperson&group={who}"),
        "a report's group of a disposition": behind(f"by=disposition&group={disposition.pk}"),
    }  # fmt: skip


@pytest.mark.parametrize("by", ["team", "salesperson"])
def test_a_report_says_that_it_was_called_and_not_by_whom(
    by: str, theirs: CallAttempt, world: World, leading: Client
) -> None:
    """The report also counts the team's own leads and a moved lead that was never called."""
    uncalled = asks(world.other, "never-called")
    Lead.objects.filter(pk=uncalled.pk).update(
        source=world.own.source, first_source=world.other.source, phone="+972505550155",
        status=LeadStatus.WAITING, closed_at=None, duplicate_of=None,
    )  # fmt: skip
    report = reverse("callback-times")

    def listed(query: str) -> set[int]:
        """The leads behind one view's numbers; each number must match the list it leads to."""
        page = leading.get(f"{report}?period=today&show=main&{query}").content.decode()
        found: set[int] = set()
        for address, said in Numbers(page).found:
            if "measure%3Dleads" in address and said.isdigit():
                rows = leading.get(unescape(address)).context["cl"].result_list
                assert len(rows) == int(said), address
                found = found or {it.pk for it in rows}
        return found

    page = text_of(leading.get(f"{report}?period=today&by={by}"))
    assert "Called by another team" in page.split("Definitions")[0]
    not_called = "0" if by == "team" else "nobody"
    assert theirs.lead_id in listed(f"{by}=others")
    assert uncalled.pk not in listed(f"{by}=others")
    assert uncalled.pk in listed(f"{by}={not_called}")
    assert theirs.lead_id not in listed(f"{by}={not_called}")
    assert {theirs.lead_id, uncalled.pk, world.own.lead.pk} <= listed(f"by={by}")

    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    assert "Called by another team" not in text_of(boss.get(f"{report}?period=today&by={by}"))
    assert "There is no such" in text_of(boss.get(f"{report}?period=today&{by}=others"))


NARROWED = (
    "mood", "any AI data", "disposition", "disposition's name", "CALLID", "the end of its CALLID",
    "CALLID as a column", "team", "salesperson", "extension", "error", "its calls",
    "its recording", "its notes", "a report's team", "a report's salesperson",
    "a report's group of a team", "a report's group of a salesperson",
    "a report's group of a disposition",
)  # fmt: skip


@pytest.mark.parametrize("by", NARROWED)
def test_it_is_not_found_by_what_is_not_told(
    by: str, theirs: CallAttempt, world: World, leading: Client
) -> None:
    answer = leading.get(f"/admin/leads/lead/?{narrowed(theirs, world)[by]}")
    if answer.status_code == 200:
        assert theirs.lead not in list(answer.context["cl"].result_list)
    else:
        assert answer.status_code in (302, 400)


@pytest.mark.parametrize("by", ["mood", "disposition", "CALLID", "a report's team"])
def test_a_manager_finds_it_by_that(by: str, theirs: CallAttempt, world: World) -> None:
    boss = User.objects.create_superuser("boss")
    client = Client()
    client.force_login(boss)
    answer = client.get(f"/admin/leads/lead/?{narrowed(theirs, world)[by]}")
    assert theirs.lead in list(answer.context["cl"].result_list)


def test_nothing_is_done_to_it(theirs: CallAttempt, world: World, leading: Client) -> None:
    CallAttempt.objects.filter(pk=theirs.pk).update(
        state="ended", outcome="never_known", failure_reason="read_timeout"
    )
    assert UnknownOutcome.objects.filter(pk=theirs.pk).exists()
    notes = theirs.notes.count()
    for page in (
        f"/admin/leads/lead/{theirs.lead_id}/they-talked/",
        f"/admin/leads/lead/{theirs.lead_id}/after-talk/",
        f"/admin/callbacks/unknownoutcome/{theirs.pk}/they-talked/",
        f"/admin/callbacks/unknownoutcome/{theirs.pk}/call-again/",
        f"/admin/callbacks/callattempt/{theirs.pk}/hang-up/",
    ):
        for asked in ({}, {"confirmed": "yes", "note": "mine"}):
            assert SECRET not in text_of(leading.post(page, asked, follow=True)), page
    theirs.refresh_from_db()
    assert (theirs.outcome, theirs.notes.count()) == ("never_known", notes)


def test_who_leads_both_teams_is_told_all(theirs: CallAttempt, world: World) -> None:
    client = world.as_(Role.TEAM_LEADER)
    world.other.team.leaders.add(User.objects.get(username="the-team_leader"))
    page = text_of(client.get(f"/admin/callbacks/callattempt/{theirs.pk}/change/"))
    assert f"{SECRET}.mp3" in page
    assert f"{SECRET} was noted" in text_of(
        client.get(f"/admin/leads/lead/{theirs.lead_id}/change/")
    )


def test_the_salesperson_reads_nothing_of_their_talk(theirs: CallAttempt, world: World) -> None:
    """The lead is a follow-up that the other team planned after a talk, and that has moved."""
    now, extension = timezone.now(), world.own.extension
    Lead.objects.filter(pk=theirs.lead_id).update(status=LeadStatus.UNREACHED, closed_at=now)
    follow_up = Lead.objects.create(
        source=world.own.source, first_source=world.other.source, follow_up_of=theirs.lead,
        phone=PHONE, name="ownside-follow-up", status=LeadStatus.CALLING, clock_started_at=now,
        due_at=now, counted_from=now, email="", message="",
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=follow_up, extension=extension, phone=PHONE, extension_number=extension.number,
        salesperson=world.own.salesperson, state="accepted", claimed_at=now, sent_at=now,
        hold_until=now + timedelta(hours=1), call_id="call-follow-up",
    )  # fmt: skip
    page = text_of(world.as_(Role.SALESPERSON).get("/desk/"))
    assert "ownside-follow-up" in page
    assert f"{SECRET} was noted" not in page
    Lead.objects.filter(pk=follow_up.pk).update(first_source=None)
    assert f"{SECRET} was noted" in text_of(world.as_(Role.SALESPERSON).get("/desk/"))


@pytest.mark.parametrize(
    ("act", "says", "false"),
    [
        ("after-talk", "None of your teams has called this lead yet.", "Nobody has called"),
        ("they-talked", "There is nothing left for you to decide", "Somebody else has decided"),
    ],
)
def test_what_only_another_team_has_done_is_not_said_to_be_undone(
    leading: Client, theirs: CallAttempt, act: str, says: str, false: str
) -> None:
    answer = leading.get(f"/admin/leads/lead/{theirs.lead_id}/{act}/", follow=True)
    page = unescape(answer.content.decode())
    assert (says in page, false in page) == (True, False)
