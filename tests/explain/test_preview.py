"""What would happen if a lead came: who would be rung, and what would follow."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.common import typed_time
from callbacks.explain import preview
from callbacks.explain.preview import PreviewAnswer
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from leads.models import Lead, LeadSource
from tests.support.reading import read_only

ZONE = ZoneInfo("Asia/Jerusalem")
# A Friday; at two o'clock at night the clocks go forward in Israel.
NIGHT = "2026-03-27 01:55"
NOW = datetime(2026, 3, 26, 20, 0, tzinfo=ZONE)

pytestmark = pytest.mark.django_db


def ask(at: str = NIGHT, phone: str = "", language: str = "") -> PreviewAnswer:
    asked = preview.question("website", at, phone, language, now=NOW)
    return preview.answer(asked, NOW)


def order(found: PreviewAnswer) -> list[tuple[str, str, str]]:
    return [(it.number, it.why, it.waited) for it in found.rung]


def follows(found: PreviewAnswer) -> dict[str, str]:
    return {it.outcome: it.lead for it in found.follows}


def office(*days: int, name: str = "Office") -> Schedule:
    schedule = Schedule.objects.create(name=name)
    for day in days:
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="09:00", closes_at="17:00"
        )
    return schedule


def test_it_says_who_is_rung_in_the_whole_order(team: Team) -> None:
    for number, position in (("101", 3), ("102", 1), ("103", 2)):
        Extension.objects.create(number=number, team=team, queue_position=position)
    assert order(ask()) == [
        ("102", "idle longest of 3 free", "at once"),
        ("103", "idle longest of 2 free", "at once"),
        ("101", "the only one free", "at once"),
    ]


def test_it_says_who_is_not_rung_and_why(
    team: Team, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(status="calling")
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="accepted", call_id="C-1",
        claimed_at=NOW, hold_until=NOW, extension_number="101",
    )  # fmt: skip
    Extension.objects.create(
        number="102", team=team, is_paused=True, paused_until=NOW + timedelta(days=1)
    )
    Extension.objects.create(number="103", team=team, schedule=office(6))
    Extension.objects.create(number="104", team=team, unavailable_until=NOW + timedelta(minutes=1))
    found = ask()
    assert [it.number for it in found.rung] == ["104"]
    assert [(it.number, it.why) for it in found.not_rung] == [
        ("101", "on a call"),
        ("102", "paused until 20:00"),
        ("103", "off shift until Sun 29 Mar 09:00"),
    ]


def test_who_talked_with_the_number_comes_first(
    team: Team, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    Extension.objects.filter(pk=extension.pk).update(queue_position=9)
    Extension.objects.create(number="102", team=team)
    at = NOW - timedelta(days=2)
    lead = make_lead("+972505550142", status="connected", closed_at=at, connected_at=at)
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="bridged", call_id="C-1",
        claimed_at=at, connected_at=at, ended_at=at, hold_until=at, extension_number="101",
    )  # fmt: skip
    assert order(ask(phone="050-555 0142"))[0] == (
        "101", "talked with this number before", "at once",
    )  # fmt: skip
    assert order(ask())[0][0] == "102"


def test_languages_and_other_teams_come_as_their_waits_are_over(
    team: Team, source: LeadSource
) -> None:
    Team.objects.update(language_wait=20)
    Extension.objects.create(number="101", team=team, languages=["he"])
    Extension.objects.create(number="102", team=team, languages=["ru"])
    support = Team.objects.create(name="Support", language_wait=None)
    TeamSource.objects.create(team=support, source=source, overflow_after=10)
    Extension.objects.create(number="201", team=support)
    Extension.objects.create(number="202", team=support, languages=["en"])
    found = ask(language="ru")
    assert order(found) == [
        ("102", "speaks ru", "at once"),
        ("201", "idle longest of 2 free", "after 10 s"),
        ("101", "the only one free", "after 20 s"),
    ]
    assert [(it.number, it.why) for it in found.not_rung] == [("202", "not speaking ru")]


def test_retries_are_told_right_over_the_night_in_which_the_clocks_change(
    extension: Extension,
) -> None:
    told = follows(ask())["The lead does not answer"]
    # 2 minutes after 01:55; 15 minutes later it is 03:12, as that night has no 02:00 to 03:00.
    assert told == "again at 01:57, 03:12, 05:12, Sat 28 Mar 05:12; then unreached"


def test_retries_keep_to_the_opening_hours(team: Team, extension: Extension) -> None:
    Team.objects.update(schedule=office(6, 0))
    told = follows(ask("2026-03-29 16:50"))
    assert told["The lead does not answer"] == (
        "again at 16:52, Mon 30 Mar 09:00, Mon 30 Mar 11:00, Sun 05 Apr 09:00; then unreached"
    )
    assert told["Invalid parameters (error 1)"] == (
        "the next extension at once; then failed: needs a person"
    )
    assert told["The extension is offline (error 3)"] == "the next extension at once"
    assert told["They talk"] == "connected"


def test_off_hours_it_says_when_the_team_opens_and_who_is_rung_then(
    team: Team, extension: Extension
) -> None:
    Team.objects.update(schedule=office(6))
    found = ask()
    assert found.called_at == datetime(2026, 3, 29, 9, 0, tzinfo=ZONE)
    assert found.notes == ("Off hours: Sales opens Sun 29 Mar 09:00.",)
    assert [it.number for it in found.rung] == ["101"]


def test_the_sla_clock_counts_as_the_source_says(team: Team, extension: Extension) -> None:
    Team.objects.update(schedule=office(6))
    opening = datetime(2026, 3, 29, 9, 0, tzinfo=ZONE)
    found = ask()
    assert found.due_at - found.clock_started_at == timedelta(seconds=60)
    assert found.clock_started_at == found.question.at
    LeadSource.objects.update(sla_clock="open")
    found = ask()
    assert (found.clock_started_at, found.due_at) == (opening, opening + timedelta(seconds=60))
    assert found.clock == "1 min, in opening hours"


def test_a_calling_window_is_that_of_the_numbers_own_zone(
    extension: Extension, source: LeadSource
) -> None:
    LeadSource.objects.update(call_from="09:00", call_until="20:00")
    found = ask(phone="0505550142")
    assert found.called_at == datetime(2026, 3, 27, 9, 0, tzinfo=ZONE)
    assert found.notes == ("Off hours for this number: it may be called from 09:00.",)


def test_where_nobody_answers_or_opens_it_says_so(source: LeadSource, db: None) -> None:
    found = ask()
    assert found.called_at is None
    assert found.notes == ("No team answers this source: the lead would wait until one does.",)
    team = Team.objects.create(name="Sales", schedule=office())
    team.sources.add(source)
    found = ask()
    assert found.called_at is None
    assert found.notes[0].startswith("Sales never opens")
    assert found.rung == ()


def test_a_number_with_an_open_request_is_not_called_a_second_time(
    extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead("+972505550142")
    assert f"lead {lead.pk}" in ask(phone="0505550142").notes[0]


def test_a_number_that_was_rung_lately_rests(
    extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    at = datetime(2026, 3, 27, 1, 54, 30, tzinfo=ZONE)
    lead = make_lead("+972505550142", status="unreached", closed_at=at)
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="lead_no_answer", call_id="C-1",
        claimed_at=at, ended_at=at, hold_until=at, extension_number="101",
    )  # fmt: skip
    found = ask(phone="0505550142")
    assert found.called_at == at + timedelta(minutes=1)
    assert "rests until 01:55:30" in found.notes[0]


# --- the time -------------------------------------------------------------------------------------


def test_a_time_without_an_offset_is_that_of_the_teams_zone(team: Team) -> None:
    Team.objects.update(schedule=Schedule.objects.create(name="NY", time_zone="America/New_York"))
    assert ask("2026-03-27 01:55").question.at.astimezone(UTC).hour == 5
    assert ask("2026-03-27T01:55+00:00").question.at.astimezone(UTC).hour == 1


def test_a_time_that_does_not_exist_is_moved_on_and_said() -> None:
    typed = typed_time.read("2026-03-27 02:30", ZONE)
    assert f"{typed.at:%H:%M %z}" == "03:30 +0300"
    assert typed.note == (
        "02:30 on Fri 27 Mar 2026 does not exist in Asia/Jerusalem, as the clocks go forward: "
        "03:30 is meant."
    )


def test_of_a_time_that_exists_twice_the_first_is_meant_and_said() -> None:
    typed = typed_time.read("2026-10-25 01:30", ZONE)
    assert f"{typed.at:%H:%M %z}" == "01:30 +0300"
    assert "exists twice" in typed.note
    assert "2026-10-25 01:30+02:00" in typed.note
    assert typed_time.read("2026-10-25 01:30+02:00", ZONE).note == ""


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01 10:00", "2026-02-30 10:00", "1999-12-31 10:00",
             "9999-12-31 23:59", "0001-01-01 00:00+14:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(typed_time.NotAMoment, match='like "2026-03-27 01:55"'):
        typed_time.read(text, ZONE)


# --- the command ----------------------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("who_rings", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_people(extension: Extension) -> None:
    said = " ".join(command("--source", "website", "--at", "2026-03-27 02:30").split())
    assert (
        "A lead of Website, any number, comes in at Fri 27 Mar 2026 03:30 in Asia/Jerusalem."
        in said
    )
    assert "does not exist in Asia/Jerusalem" in said
    assert "1 101 Dana Sales the only one free at once" in said
    assert "SLA clock (1 min, round the clock): starts 03:30" in said
    assert "This assumes:" in said


def test_the_command_tells_machines(extension: Extension) -> None:
    found: dict[str, Any] = json.loads(command("--source", "website", "--at", NIGHT, "--json"))
    assert found["ok"]
    assert [it["number"] for it in found["rung"]] == ["101"]
    assert found["called_at"] == "2026-03-26T23:55:00+00:00"
    assert found["follows"][0]["again"][0] > found["called_at"]


WRONG = {
    "source": (["--source", "nowhere"], "There are: website."),
    "at": (["--source", "website", "--at", "noon"], '"noon" is no time'),
    "phone": (["--source", "website", "--phone", "12"], "This number would not be called"),
    "language": (["--source", "website", "--language", "русский"], "Use a code like he"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_the_command_says_what_is_wrong(
    extension: Extension, arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    assert said in str(refused.value)
    assert refused.value.returncode == 2


def test_nothing_is_written_and_nothing_but_selects_is_sent(
    extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    before = list(Lead.objects.values()), list(Extension.objects.values())
    read_only()
    with CaptureQueriesContext(connection) as captured:
        command("--source", "website", "--phone", lead.phone, "--language", "ru")
    sent = [query["sql"].split()[0] for query in captured]
    assert set(sent) == {"SELECT"}
    assert (list(Lead.objects.values()), list(Extension.objects.values())) == before


# --- the page -------------------------------------------------------------------------------------

PAGE = "/admin/who-rings/"


def logged_in(*permissions: str) -> Client:
    from django.contrib.auth.models import Permission, User

    user = User.objects.create_user(f"user-{len(permissions)}", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    client = Client()
    client.force_login(user)
    return client


def test_the_page_answers_whoever_sees_leads_and_extensions(extension: Extension) -> None:
    client = logged_in("leads.view_lead", "callbacks.view_extension")
    assert "Who gets the call" not in client.get(PAGE).content.decode()
    page = client.get(PAGE, {"source": "website", "at": NIGHT}).content.decode()
    assert "101 <bdi>Dana</bdi> rings at once." in page
    assert "Who gets the call, in this order" in page
    assert "Dana" in page
    assert "then unreached" in page
    assert 'href="/admin/who-rings/"' in client.get("/admin/").content.decode()


@pytest.mark.parametrize("permission", ["leads.view_lead", "callbacks.view_extension"])
def test_the_page_is_not_for_others(permission: str, extension: Extension) -> None:
    client = logged_in(permission)
    assert client.get(PAGE).status_code == 403
    assert 'href="/admin/who-rings/"' not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"source": "nowhere"}, "Choose one of the sources."),
        ({"source": "website", "at": "noon"}, "is no time"),
        ({"source": "website", "phone": "<b>"}, "This number would not be called"),
        ({"source": "website", "language": "x"}, "is not a language code"),
    ],
    ids=["source", "at", "phone", "language"],
)
def test_the_page_says_what_is_wrong_beside_the_field(
    asked: dict[str, str], said: str, extension: Extension
) -> None:
    client = logged_in("leads.view_lead", "callbacks.view_extension")
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "<b>" not in answer.content.decode().split("</form>")[0].split('method="get"')[-1]


def test_the_page_names_a_hundred_of_a_large_team(team: Team) -> None:
    Extension.objects.bulk_create(
        Extension(number=str(number), team=team, is_paused=number % 2 == 0)
        for number in range(1000, 1500)
    )
    client = logged_in("leads.view_lead", "callbacks.view_extension")
    page = client.get(PAGE, {"source": "website"}).content.decode()
    assert page.count("and 150 more") == 2
