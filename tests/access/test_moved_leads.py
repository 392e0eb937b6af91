"""A lead that a later request moved to another team's source, as the new team sees it.

Whoever can type a number can have a lead moved, so what was written to the first team stays hidden.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.access.roles import Role
from callbacks.models import CallAttempt, Extension
from leads import consent, intake
from leads.models import (
    Answers,
    ApiClient,
    Attribution,
    Consent,
    Feedback,
    Finding,
    FormField,
    Lead,
    LeadStatus,
)
from tests.access.test_teams import text_of, unpacked
from tests.access.world import Side, World

pytestmark = pytest.mark.django_db

PHONE = "+972505550177"
SECRET = "zzother-canary"  # in everything that the other team's visitor wrote
ADDRESS = "203.0.113.177"  # the address that this visitor wrote from


def asks(side: Side, name: str, by: uuid.UUID | None = None, phone: str = PHONE) -> Lead:
    key = uuid.uuid4()
    return intake.store(
        intake.Submission(
            source=side.source, key=key, submitter=by or key, name=name, phone=phone,
            email=f"{name}@example.com", message=f"{name} writes", phone_extension="",
        )
    )  # fmt: skip


@pytest.fixture
def first(world: World) -> Lead:
    """A lead that waits at the other team's source, where no phone can ring."""
    Extension.objects.filter(team=world.other.team).update(is_paused=True)
    lead = asks(world.other, SECRET)
    FormField.objects.create(source=world.other.source, key="wish", kind="text", label="Wish")
    Answers.objects.create(
        lead=lead, given=[{"key": "wish", "label": "Wish", "value": f"{SECRET} wishes"}]
    )
    page = {"page": f"https://shop.example/{SECRET}", "utm_campaign": SECRET, "gclid": SECRET}
    Attribution.objects.create(lead=lead, first=page, last=page, utm_campaign=SECRET)
    Feedback.objects.create(lead=lead, score=1, words=f"{SECRET} says")
    Finding.objects.create(lead=lead, asked="blocked", verdict="hold", reason=f"A word: {SECRET}")
    text = consent.write(world.other.source, "en", "You may call me.", None, timezone.now())
    Consent.objects.create(
        lead=lead, text=text, agreed_at=timezone.now(), page=f"https://shop.example/{SECRET}"
    )
    client = ApiClient.objects.create(name=f"{SECRET} sends")
    Lead.objects.filter(pk=lead.pk).update(
        helped=1, submitted_from=ADDRESS, api_client=client, came_by="api"
    )
    return lead


@pytest.fixture
def moved(world: World, first: Lead) -> Lead:
    """The same lead, after the team leader typed its number into their own team's form."""
    asks(world.own, "ownside-typed")
    first.refresh_from_db()
    assert (first.source, first.first_source) == (world.own.source, world.other.source)
    return first


def pages(lead: Lead) -> dict[str, str]:
    return {
        "the list": "/admin/leads/lead/",
        "the list, by number": f"/admin/leads/lead/?q={PHONE}",
        "the lead's page": f"/admin/leads/lead/{lead.pk}/change/",
        "the second request's page": f"/admin/leads/lead/{lead.duplicates.first().pk}/change/",
        "the number's page": f"/admin/number/{PHONE[1:]}/",
        "to be called": f"/admin/leads/lead/{lead.pk}/call-with/",
    }


@pytest.mark.parametrize(
    "page",
    [
        "the list", "the list, by number", "the lead's page", "the second request's page",
        "the number's page", "to be called",
    ],
)  # fmt: skip
def test_no_page_shows_what_was_written_to_the_other_team(
    page: str, moved: Lead, leading: Client
) -> None:
    answer = leading.get(pages(moved)[page])
    assert answer.status_code == 200
    assert SECRET not in text_of(answer)
    assert ADDRESS not in text_of(answer)


@pytest.mark.parametrize("page", ["the list", "the lead's page", "to be called"])
def test_nobody_is_told_whose_it_was_there(
    page: str, moved: Lead, world: World, leading: Client
) -> None:
    """A lead that moves stays assigned to the other team's person whom a manager chose."""
    theirs = world.other.salesperson
    Lead.objects.filter(pk=moved.pk).update(assigned_to=theirs)
    assert theirs.last_name not in text_of(leading.get(pages(moved)[page]))
    found = leading.get("/admin/leads/lead/", {"assigned": theirs.pk})
    assert list(found.context["cl"].result_list) == []
    own = world.own.salesperson
    Lead.objects.filter(pk=moved.pk).update(assigned_to=own)
    found = leading.get("/admin/leads/lead/", {"assigned": own.pk})
    assert [it.assigned_to for it in found.context["cl"].result_list] == [own]


def test_the_list_of_what_is_held_says_nothing_of_it(moved: Lead, leading: Client) -> None:
    """Held again, because a manager has put its number on the block list in the meantime."""
    Lead.objects.filter(pk=moved.pk).update(status=LeadStatus.HELD, error_message=SECRET)
    answer = leading.get("/admin/leads/heldlead/")
    assert moved.pk in [it.pk for it in answer.context["cl"].result_list]
    assert SECRET not in text_of(answer)
    assert ADDRESS not in text_of(answer)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_file_has_it(kind: str, moved: Lead, leading: Client) -> None:
    answer = leading.post(f"/admin/leads/lead/export/?q={PHONE}", {"format": kind})
    found = unpacked(answer)
    assert SECRET not in found
    assert "Sent to another team" in found


def test_their_own_request_and_the_standing_are_shown(moved: Lead, leading: Client) -> None:
    text = text_of(leading.get(pages(moved)["the lead's page"]))
    assert "ownside-typed writes" in text
    assert "Sent to another team" in text


@pytest.mark.parametrize(
    "query", [f"utm_campaign={SECRET}", f"answers__given__contains={SECRET}",
              f"attribution__utm_campaign={SECRET}", f"feedback__words__contains={SECRET}",
              f"q={SECRET}", f"name__startswith={SECRET[:3]}", f"message__contains={SECRET}",
              f"email__startswith={SECRET[:3]}"],
)  # fmt: skip
def test_it_is_not_found_by_what_is_hidden(query: str, moved: Lead, leading: Client) -> None:
    answer = leading.get(f"/admin/leads/lead/?{query}")
    if answer.status_code == 200:
        assert moved not in list(answer.context["cl"].result_list)
    else:
        assert answer.status_code in (302, 400)


def test_what_is_hidden_is_not_overwritten(moved: Lead, leading: Client) -> None:
    leading.post(pages(moved)["the lead's page"], {"name": "Another", "email": "", "message": "",
                 "call_attempts-TOTAL_FORMS": "0", "call_attempts-INITIAL_FORMS": "0"})  # fmt: skip
    moved.refresh_from_db()
    assert (moved.name, moved.message) == (SECRET, f"{SECRET} writes")


def of_the_other_team(moved: Lead, world: World) -> User:
    leader = User.objects.create_user("zzother-leader", is_staff=True)
    leader.groups.set(User.objects.get(username="the-team_leader").groups.all())
    world.other.team.leaders.add(leader)
    world.own.team.leaders.add(leader)
    return leader


def a_manager(moved: Lead, world: World) -> User:
    return User.objects.get(username="the-manager")


def their_own_after_the_same_person_has_asked_there_too(moved: Lead, world: World) -> User:
    asks(world.own, "ownside-again", by=moved.submitter)
    return User.objects.get(username="the-team_leader")


@pytest.mark.parametrize(
    "who", [of_the_other_team, a_manager, their_own_after_the_same_person_has_asked_there_too]
)
def test_who_may_see_both_teams_is_shown_all(
    who: Callable[[Lead, World], User], moved: Lead, world: World
) -> None:
    client = Client()
    client.force_login(who(moved, world))
    assert SECRET in text_of(client.get(pages(moved)["the list"]))
    assert SECRET in text_of(client.get(f"/admin/leads/lead/{moved.pk}/change/"))


def test_a_request_that_has_moved_nothing_learns_nothing_of_the_first(
    world: World, first: Lead, leading: Client
) -> None:
    Lead.objects.filter(pk=first.pk).update(status=LeadStatus.CALLING)
    second = asks(world.own, "ownside-typed")
    assert second.duplicate_of == first
    text = text_of(leading.get(f"/admin/leads/lead/{second.pk}/change/"))
    assert f"Lead {first.pk}" in text
    assert SECRET not in text


def test_other_requests_of_the_other_team_are_hidden_too(
    world: World, first: Lead, leading: Client
) -> None:
    asks(world.other, f"{SECRET}-second")
    asks(world.own, "ownside-typed")
    first.refresh_from_db()
    assert first.source == world.own.source
    assert SECRET not in text_of(leading.get(f"/admin/leads/lead/{first.pk}/change/"))


@pytest.mark.parametrize("has_asked_there_too", [False, True])
def test_the_salesperson_who_calls_reads_what_was_sent_to_their_own_team(
    has_asked_there_too: bool, moved: Lead, world: World
) -> None:
    if has_asked_there_too:
        asks(world.own, "ownside-again", by=moved.submitter)
        asks(world.own, "ownside-typed")
    now, extension = timezone.now(), world.own.extension
    Lead.objects.filter(pk=moved.pk).update(status=LeadStatus.CALLING)
    CallAttempt.objects.create(
        lead=moved, extension=extension, phone=PHONE, extension_number=extension.number,
        salesperson=world.own.salesperson, state="accepted", claimed_at=now, sent_at=now,
        hold_until=now + timedelta(hours=1), call_id="call-moved",
    )  # fmt: skip
    text = text_of(world.as_(Role.SALESPERSON).get("/desk/"))
    assert "ownside-typed writes" in text
    assert (SECRET in text) is has_asked_there_too
