"""The wallboard: what it shows, what it never shows, and whose link works."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.config import logs
from callbacks.models import CallAttempt, Extension, Schedule, Team, Wallboard
from callbacks.monitoring import people, right_now
from callbacks.wallboard import snapshot
from leads.models import Lead, LeadStatus

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


@pytest.fixture(autouse=True)
def _every_answer_is_new(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(snapshot, "FRESH_FOR", 0)
    yield
    snapshot.forget()


@pytest.fixture
def board() -> Wallboard:
    return Wallboard.objects.create(name="Sales floor")


def shown(client: Client, board: Wallboard) -> dict[str, Any]:
    answer = client.get(f"/wallboard/{board.token}/now/")
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


# --- whose link works -----------------------------------------------------------------------------


def test_the_link_needs_no_login_and_leaves_no_cookie(client: Client, board: Wallboard) -> None:
    for address in (f"/wallboard/{board.token}/", f"/wallboard/{board.token}/now/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.cookies == {}
        assert answer["Cache-Control"] == "no-store, private"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda board: "x",
        lambda board: board.link_id.hex,
        lambda board: f"{board.link_id.hex}.",
        lambda board: f"{uuid.uuid4().hex}.{board.token.split('.')[1]}",
        lambda board: board.token[:-1],
        lambda board: board.token + "a",
        lambda board: f"{board.token}%00",
        lambda board: "א" * 300,
    ],
    ids=[
        "a word",
        "no signature",
        "an empty one",
        "of another link",
        "cut",
        "longer",
        "NUL",
        "far",
    ],
)
def test_no_other_link_shows_anything(
    spoil: Callable[[Wallboard], str], client: Client, board: Wallboard
) -> None:
    for address in ("/wallboard/{}/", "/wallboard/{}/now/"):
        answer = client.get(address.format(spoil(board)))
        assert answer.status_code == 404
        assert "Sales floor" not in answer.content.decode()


def test_a_withdrawn_link_and_an_old_one_show_nothing(client: Client, board: Wallboard) -> None:
    old = board.token
    Wallboard.objects.update(link_id=uuid.uuid4())
    board.refresh_from_db()
    assert client.get(f"/wallboard/{old}/now/").status_code == 404
    assert client.get(f"/wallboard/{board.token}/now/").status_code == 200
    Wallboard.objects.update(withdrawn_at=timezone.now())
    assert client.get(f"/wallboard/{board.token}/now/").status_code == 404
    page = client.get(f"/wallboard/{board.token}/")
    assert page.status_code == 404
    assert "has been withdrawn" in page.content.decode()


def test_only_reading_is_possible(client: Client, board: Wallboard) -> None:
    for address in (f"/wallboard/{board.token}/", f"/wallboard/{board.token}/now/"):
        for method in (client.post, client.put, client.delete, client.patch):
            assert method(address).status_code == 405


def test_no_log_holds_a_link(board: Wallboard) -> None:
    line = f'GET /wallboard/{board.token}/now/ and "/wallboard/{board.token}"'
    assert board.token not in logs.discreet(line)


# --- what it shows --------------------------------------------------------------------------------


def test_it_tells_who_waits_and_nothing_about_them(
    client: Client, board: Wallboard, make_lead: MakeLead
) -> None:
    lead = make_lead()
    Lead.objects.update(
        name="Dana Cohen", email="dana@example.com", message="my secret", call_after=timezone.now()
    )
    found = shown(client, board)
    assert found["waiting"] == 1
    assert found["longest"][0]["name"] == ""
    assert found["longest"][0]["source"] == "Website"
    text = json.dumps(found)
    for private in ("Dana", "Cohen", "example.com", "secret", lead.phone[-7:]):
        assert private not in text
    Wallboard.objects.update(shows_first_names=True)
    found = shown(client, board)
    assert found["longest"][0]["name"] == "Dana"
    assert "Cohen" not in json.dumps(found)


def test_those_whose_phone_has_not_rung_come_first_by_their_due_time(
    make_lead: MakeLead, client: Client, board: Wallboard
) -> None:
    now = timezone.now()
    names = ["second", "first", "again", "later", "called", "agreed"]
    leads = dict(zip(names, [make_lead() for _ in names], strict=True))
    ago = timedelta(minutes=10)

    def put(name: str, **values: Any) -> None:
        Lead.objects.filter(pk=leads[name].pk).update(name=name, **values)

    started = {"clock_started_at": now - ago, "call_after": now - ago}
    put("second", **started, due_at=now - timedelta(minutes=2))
    put("first", **started, due_at=now - timedelta(minutes=3))
    put("again", **started, due_at=now - timedelta(minutes=9), rang_at=now - timedelta(minutes=9))
    put("later", clock_started_at=now, due_at=now + ago, call_after=now + ago)
    put("called", **started, due_at=now + ago, status=LeadStatus.CALLING)
    Wallboard.objects.update(shows_first_names=True)
    put("agreed", call_after=now + ago)
    found = shown(client, board)
    assert [it["name"] for it in found["longest"]] == ["first", "second", "again"]
    assert found["waiting"] == 3
    assert found["longest"][2]["due"] is None
    assert found["longest"][0]["since"] == round((now - ago).timestamp() * 1000)
    assert found["today"]["overdue"] == 2
    lead = Lead.objects.get(name="first")
    put("agreed", **started, due_at=now - timedelta(minutes=1), follow_up_of=lead)
    assert shown(client, board)["today"]["overdue"] == 3  # as the overview's tile counts them


def test_of_many_who_wait_the_first_are_listed_and_all_are_counted(
    make_lead: MakeLead, client: Client, board: Wallboard
) -> None:
    for _ in range(right_now.MOST_WAITING + 3):
        make_lead()
    Lead.objects.update(call_after=timezone.now())
    found = shown(client, board)
    assert found["waiting"] == right_now.MOST_WAITING + 3
    assert len(found["longest"]) == right_now.MOST_WAITING


def test_todays_figures_are_those_of_the_day_here(
    make_lead: MakeLead, client: Client, board: Wallboard
) -> None:
    """One p90 and one median worked out by hand. The median of 10, 20 and 60 s is 20 s. Of the last
    hour's 10 and 20 s, nine out of ten are within 10 + 0.9 * 10 = 19 s.
    """
    midnight = datetime(2026, 3, 24, 22, 0, tzinfo=UTC)  # of the 25th in Jerusalem

    def rang(at: datetime, seconds: int, due: int = 30) -> None:
        lead = make_lead()
        took = timedelta(seconds=seconds)
        Lead.objects.filter(pk=lead.pk).update(
            submitted_at=at, clock_started_at=at, due_at=at + timedelta(seconds=due),
            rang_at=at + took, time_to_ring=took, connected_at=at + took, time_to_talk=took,
            status=LeadStatus.CONNECTED, closed_at=at + took,
        )  # fmt: skip

    rang(midnight - timedelta(seconds=1), 5)
    rang(midnight, 60)
    rang(NOON - timedelta(minutes=59), 10)
    rang(NOON - timedelta(minutes=30), 20)
    with time_machine.travel(NOON, tick=False):
        today = shown(client, board)["today"]
    assert (today["leads"], today["rang"], today["talked"]) == (3, 3, 3)
    assert (today["judged"], today["in_time"], today["share"]) == (3, 2, "66.7 %")
    assert today["p50"] == pytest.approx(20)
    assert today["last_hour"] == 2
    assert today["last_hour_p90"] == pytest.approx(19)


def test_of_nothing_there_is_no_figure(client: Client, board: Wallboard) -> None:
    today = shown(client, board)["today"]
    assert today["leads"] == 0
    assert (today["p50"], today["share"]) == (None, "-")
    assert today["last_hour_p90"] is None


# --- people ---------------------------------------------------------------------------------------

LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("values", "doing"),
    [
        ({}, "free"),
        ({"is_paused": True}, "paused"),
        ({"is_paused": True, "paused_until": NOON - timedelta(seconds=1)}, "free"),
        ({"wrap_up_until": LATER}, "wrap_up"),
        ({"unavailable_until": LATER}, "away"),
        ({"capped_until": LATER}, "away"),
        ({"is_blocked": True}, "away"),
        ({"provider_busy_until": LATER, "provider_busy_as": "on another call"}, "on_call"),
        ({"provider_busy_until": LATER, "provider_busy_as": "team meeting"}, "away"),
        ({"is_active": False}, None),
    ],
    ids=str,
)
def test_what_a_person_is_doing(
    values: dict[str, Any], doing: str | None, extension: Extension, team: Team
) -> None:
    Extension.objects.update(**values)
    (found,) = people.by_team([team], NOON)
    counted = {name: getattr(found, name) for name in people.IN_ORDER}
    assert counted == {name: int(name == doing) for name in people.IN_ORDER}


def test_two_phones_are_one_person_and_a_call_on_one_is_theirs(
    extension: Extension, team: Team, make_lead: MakeLead
) -> None:
    user = User.objects.create_user("dana")
    Extension.objects.update(user=user)
    second = Extension.objects.create(number="102", team=team, user=user)
    (found,) = people.by_team([team], NOON)
    assert (found.free, found.on_call) == (1, 0)
    Extension.objects.filter(pk=second.pk).update(is_blocked=True)
    (found,) = people.by_team([team], NOON)
    assert (found.free, found.away) == (1, 0)
    CallAttempt.objects.create(
        lead=make_lead(), extension=extension, salesperson=user, phone="+972505550199",
        state="accepted", call_id="1", claimed_at=NOON, hold_until=LATER,
    )  # fmt: skip
    (found,) = people.by_team([team], NOON)
    assert (found.free, found.on_call, found.away) == (0, 1, 0)


def test_a_closed_team_is_off_shift(extension: Extension, team: Team) -> None:
    Team.objects.update(schedule=Schedule.objects.create(name="Never"))
    team.refresh_from_db()
    (found,) = people.by_team([team], NOON)
    assert (found.free, found.off_shift) == (0, 1)


# --- its cost -------------------------------------------------------------------------------------


def test_many_screens_are_one_reading(
    client: Client, board: Wallboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "FRESH_FOR", 60)
    other = Wallboard.objects.create(name="Upstairs")
    shown(client, board)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(20):
            shown(client, board)
            shown(client, other)
    assert len(asked) == 0


def test_it_is_noted_when_a_screen_has_asked(client: Client, board: Wallboard) -> None:
    shown(client, board)
    with time_machine.travel(NOON, tick=False):
        shown(client, board)
    board.refresh_from_db()
    assert board.last_shown_at == NOON


# --- the admin ------------------------------------------------------------------------------------


def manager(*rights: str) -> Client:
    user = User.objects.create_user(f"m{len(rights)}", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def test_a_manager_makes_opens_renews_and_withdraws_a_link(client: Client) -> None:
    user = User.objects.create_user("noa", is_staff=True)
    user.groups.add(Group.objects.get(name="Sales managers"))
    client.force_login(user)
    added = client.post("/admin/callbacks/wallboard/add/", {"name": "Floor"}, follow=True)
    board = Wallboard.objects.get()
    assert board.created_by == user
    assert f"/wallboard/{board.token}/" in added.content.decode()
    page = f"/admin/callbacks/wallboard/{board.pk}"
    question = client.get(f"{page}/withdraw/")
    assert "Withdraw the link of this board?" in question.content.decode()
    client.post(f"{page}/withdraw/", {"confirmed": "yes"})
    board.refresh_from_db()
    assert board.withdrawn_at is not None
    assert board.token not in client.get(f"{page}/change/").content.decode()
    old = board.token
    client.post(f"{page}/renew/", {"confirmed": "yes"})
    board.refresh_from_db()
    assert board.withdrawn_at is None
    assert board.token != old


def test_who_may_only_look_does_not_see_the_link(board: Wallboard) -> None:
    client = manager("view_wallboard")
    page = f"/admin/callbacks/wallboard/{board.pk}"
    shown_page = client.get(f"{page}/change/")
    assert shown_page.status_code == 200
    assert board.token not in shown_page.content.decode()
    for what in ("renew", "withdraw"):
        answer = client.post(f"{page}/{what}/", {"confirmed": "yes"})
        assert answer.status_code == 403
    board.refresh_from_db()
    assert board.withdrawn_at is None


def test_who_has_no_right_gets_nowhere(board: Wallboard) -> None:
    client = manager()
    assert client.get("/admin/callbacks/wallboard/").status_code == 403
    assert client.get(f"/admin/callbacks/wallboard/{board.pk}/change/").status_code == 403
