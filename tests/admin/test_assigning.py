"""Leads are assigned to a salesperson, and taken back: what is asked, done and shown."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from callbacks.models import AuditEntry, Extension, Team
from leads.models import Lead, LeadSource
from tests.support.queue import queued

LIST = "/admin/leads/lead/"
MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(team: Team) -> User:
    user = User.objects.create_user("levi", first_name="Dana", last_name="Levi")
    Extension.objects.create(number="101", team=team, user=user)
    return user


@pytest.fixture
def noam(team: Team) -> User:
    user = User.objects.create_user("noam")
    Extension.objects.create(number="102", team=team, user=user)
    return user


def ask(client: Client, leads: list[Lead], **said: object) -> Any:
    chosen = {"action": "assign_selected", "_selected_action": [str(it.pk) for it in leads]}
    return client.post(LIST, {**chosen, **said}, follow=True)


def choose(client: Client, leads: list[Lead], person: object, **said: object) -> Any:
    return ask(client, leads, confirmed="yes", person=person, **said)


def assign(client: Client, leads: list[Lead], person: object) -> list[str]:
    answer = choose(client, leads, person, agreed="yes")
    return [str(message) for message in answer.context["messages"]]


def words(answer: Any) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))


def owners(leads: list[Lead]) -> list[int | None]:
    return [Lead.objects.get(pk=it.pk).assigned_to_id for it in leads]


def test_many_are_asked_about_twice_and_then_assigned(
    managing: Client, manager: User, dana: User, noam: User, make_lead: MakeLead
) -> None:
    now = timezone.now()
    waiting = [make_lead(), make_lead(), make_lead(assigned_to=noam)]
    long_ago = make_lead(call_after=now - timedelta(minutes=6))
    later = make_lead(call_after=now + timedelta(hours=1))
    calling, held = make_lead(status="calling"), make_lead(status="held")
    closed = [make_lead(status="unreached", closed_at=now) for _ in range(2)]
    theirs = make_lead(assigned_to=dana)
    repeated = make_lead(status="duplicate", closed_at=now, duplicate_of=theirs)
    elsewhere = LeadSource.objects.create(slug="other", name="Other")
    other = make_lead(source=elsewhere)
    leads = [*waiting, long_ago, later, calling, held, *closed, theirs, repeated, other]

    page = words(ask(managing, leads))
    assert "Dana Levi" in page
    assert "noam" in page
    said = words(choose(managing, leads, dana.pk))
    for sentence in (
        "Assign these leads to Dana Levi?",
        "4 of 12 wait and will be kept for Dana Levi.",
        (
            "1 of 12 has waited too long to be kept: Dana Levi is called first "
            "if free, otherwise anyone who is."
        ),
        ("1 of 12 is being called: that call continues, and Dana Levi gets the next one."),
        "1 of 12 is held and will be kept for Dana Levi once it is released.",
        "2 of 12 are closed: only the assignment changes.",
        "1 of 12 is already assigned to Dana Levi.",
        "1 of 12 stays as it is: Dana Levi has no phone in a team that answers its source.",
        "1 of 12 stays as it is because it is a duplicate or was erased.",
        "1 is currently assigned to somebody else.",
    ):
        assert sentence in said, sentence
    assert owners(waiting) == [None, None, noam.pk]
    assert not LogEntry.objects.exists()

    told = assign(managing, leads, dana.pk)
    assert any(it.startswith("9 leads: Assigned to Dana Levi.") for it in told)
    done = [*waiting, long_ago, later, calling, held, *closed, theirs]
    assert owners(done) == [dana.pk] * 10
    assert owners([repeated, other]) == [None, None]
    assert LogEntry.objects.filter(change_message="Assigned to Dana Levi").count() == 9
    assert AuditEntry.objects.filter(user_id=manager.pk, kind="leads_lead").count() == 9


def test_what_is_said_is_what_happens_of_taking_back(
    managing: Client, dana: User, make_lead: MakeLead
) -> None:
    hers = [make_lead(assigned_to=dana), make_lead(assigned_to=dana)]
    closed = make_lead(assigned_to=dana, status="unreached", closed_at=timezone.now())
    free = make_lead()
    leads = [*hers, closed, free]
    said = words(choose(managing, leads, "nobody"))
    assert "2 are open and will go to anyone who is free." in said
    assert "1 is closed and only loses its assignment." in said
    assign(managing, leads, "nobody")
    assert owners(leads) == [None] * 4
    assert LogEntry.objects.filter(change_message="Assignment removed").count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_is_assigned_from_its_page_and_a_worker_looks(
    managing: Client, dana: User, make_lead: MakeLead
) -> None:
    lead = make_lead()
    address = f"{LIST}{lead.pk}/assign/"
    queued(empty=True)
    assert "Dana Levi" in words(managing.get(address))
    assert owners([lead]) == [None]
    answer = managing.post(address, {"confirmed": "yes", "person": dana.pk}, follow=True)
    assert owners([lead]) == [dana.pk]
    page = words(answer)
    assert "Assigned to Dana Levi." in page
    assert "Assigned to Dana Levi" in page.split("What happened")[1]
    assert ("callbacks.call_lead", lead.pk) in queued()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("nothing chosen", "Choose a salesperson."),
        ("somebody without a phone", "Choose one of these salespeople."),
        ("a login that is off", "No salesperson can take calls for this lead"),
        ("a phone that is off", "No salesperson can take calls for this lead"),
        ("a team that is off", "No salesperson can take calls for this lead"),
    ],
)
def test_who_cannot_be_chosen(
    what: str, why: str, managing: Client, manager: User, dana: User, make_lead: MakeLead
) -> None:
    lead = make_lead()
    person: object = {"nothing chosen": "", "somebody without a phone": manager.pk}.get(
        what, dana.pk
    )
    if what == "a login that is off":
        User.objects.filter(pk=dana.pk).update(is_active=False)
    if what == "a phone that is off":
        Extension.objects.update(is_active=False)
    if what == "a team that is off":
        Team.objects.update(is_active=False)
    assert why in words(choose(managing, [lead], person, agreed="yes"))
    answer = managing.post(
        f"{LIST}{lead.pk}/assign/", {"confirmed": "yes", "person": person}, follow=True
    )
    assert why in words(answer)
    assert owners([lead]) == [None]


def test_a_team_leader_assigns_own_leads_to_own_people(
    make_lead: MakeLead, dana: User, team: Team, source: LeadSource
) -> None:
    leader = User.objects.create_user("lea", is_staff=True)
    leader.groups.add(Group.objects.get(name="Team leaders"))
    team.leaders.add(leader)
    others = Team.objects.create(name="Others")
    others.sources.add(source)
    stranger = User.objects.create_user("omer")
    Extension.objects.create(number="201", team=others, user=stranger)
    unseen = make_lead(source=LeadSource.objects.create(slug="other", name="Other"))
    lead, client = make_lead(), Client()
    client.force_login(leader)
    page = words(ask(client, [lead]))
    assert "Dana Levi" in page
    assert "omer" not in page
    assert "Choose one of these salespeople." in words(choose(client, [lead], stranger.pk))
    assign(client, [lead, unseen], dana.pk)
    assert owners([lead, unseen]) == [dana.pk, None]
    assert client.get(f"{LIST}{unseen.pk}/assign/").status_code in (302, 404)


def test_the_list_says_whose_it_is_and_is_narrowed_by_it(
    managing: Client, dana: User, noam: User, make_lead: MakeLead
) -> None:
    hers = make_lead(assigned_to=dana, name="Avi")
    his = make_lead(assigned_to=noam, name="Gal")
    free = make_lead(name="Roni")
    page = words(managing.get(LIST))
    assert re.search(r"Dana Levi\s+assigned", page)

    def found(chosen: object) -> set[int]:
        rows = managing.get(LIST, {"assigned": chosen}).context["cl"].result_list
        return {it.pk for it in rows}

    assert found(dana.pk) == {hers.pk}
    assert found("anybody") == {hers.pk, his.pk}
    assert found("nobody") == {free.pk}
    assert found("x") == {hers.pk, his.pk, free.pk}
    exported = managing.post(f"{LIST}export/?assigned={dana.pk}", {"format": "csv"})
    text = b"".join(exported.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["Name"], row["Assigned to"]) == ("Avi", "Dana Levi")
    lead_page = words(managing.get(f"{LIST}{hers.pk}/change/"))
    assert re.search(r"Assigned to:?\s+Dana Levi", lead_page)
