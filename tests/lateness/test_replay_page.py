"""The page "Replay": who may use it, what its form refuses, what is replayed, and its address."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from callbacks.admin.access import SALES_MANAGERS
from callbacks.common import task_publisher
from callbacks.lateness import studies
from callbacks.models import Extension, Study, Team
from leads.models import Lead, LeadSource
from tests.lateness.story import Story
from tests.support import queue

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/admin/reports/replay/"


@pytest.fixture
def story(source: LeadSource, team: Team) -> Iterator[Story]:
    """One phone, on a call for five minutes; three leads come meanwhile."""
    story = Story(source, team, 1)
    story.busy_call(-20, 300)
    leads = [story.submit(30 * number) for number in range(3)]
    story.calls_end()
    for number, lead in enumerate(leads):
        story.rings(story.accepted(lead, 300 + 60 * number), 304 + 60 * number, lasts=20)
    story.at(3600)
    yield story
    story.close()


def _asked(team: Team, **more: object) -> dict[str, str]:
    asked = {
        "period": "days", "first": "2026-11-23", "last": "2026-11-23",
        "change_team": team.pk, "waits": 100, **more,
    }  # fmt: skip
    return {key: str(it) for key, it in asked.items()}


def _played(client: Client, **asked: str) -> str:
    answer = client.post(ADDRESS, asked)
    assert answer.status_code == 302, answer.content.decode()
    assert "Replaying." in client.get(answer["Location"]).content.decode()
    for study in Study.objects.filter(started_at=None):
        studies.run(study.pk)
    return client.get(answer["Location"]).content.decode()


def test_looks_at_a_study_that_waits_pile_nothing_up(
    admin_client: Client, story: Story, team: Team
) -> None:
    """Each look at the page sends a message again; without workers, these messages expire."""
    queue.queued(empty=True)
    before = timezone.now()
    page = admin_client.post(ADDRESS, _asked(team))["Location"]
    for _ in range(3):
        assert "Replaying." in admin_client.get(page).content.decode()
    first, *others = queue.expiries(task_publisher.WORK_OUT)
    assert (first, len(others)) == (None, 3)
    minute = timedelta(seconds=60)
    assert all(before + minute <= it <= timezone.now() + minute for it in others if it)
    assert None not in others


def _row(page: str, name: str) -> list[str]:
    found = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', page, re.DOTALL)
    assert found, name
    return re.findall(r"<td[^>]*>([^<]*)</td>", found[1])


def test_one_more_person(admin_client: Client, story: Story, team: Team) -> None:
    page = _played(admin_client, **_asked(team, people=1))
    assert "Sales: 1 more person" in page
    leads = _row(page, "Leads")
    assert leads == ["4", "4", "4"]
    result = Study.objects.get().result
    p90 = result["simulated"]["ring_p90"]
    assert result["changed"]["ring_p90"] < p90
    times = [it.time_to_ring.total_seconds() for it in Lead.objects.exclude(time_to_ring=None)]
    assert result["really"]["within"][0] == sum(it <= 10 for it in times) / 4
    assert "played on 23 Nov 2026" in page


def test_one_that_is_far_off_says_so(admin_client: Client, story: Story, team: Team) -> None:
    said = "It cannot tell what a change would have achieved"
    assert said not in _played(admin_client, **_asked(team, people=1))
    # The replay uses today's set-up, with a phone that did not exist on those days.
    Extension.objects.create(number="709", team=team)
    page = _played(admin_client, **_asked(team, people=2))
    assert said in page
    assert (
        _row(page, "Time to ring, p90")[0]
        in page.split(said)[0].split("not accurate for these days")[1]
    )


def test_nothing_is_changed(admin_client: Client, story: Story, team: Team) -> None:
    page = _played(admin_client, **_asked(team))
    assert _row(page, "Leads") == ["4", "4"]
    assert Study.objects.get().result["changed"] is None


def test_follow_ups_take_phones_time_and_count_as_no_lead(
    admin_client: Client, story: Story, team: Team
) -> None:
    before = _played(admin_client, **_asked(team))
    lead = Lead.objects.order_by("pk").last()
    assert lead
    Lead.objects.filter(pk=lead.pk).update(follow_up_of=Lead.objects.order_by("pk")[0])
    after = _played(admin_client, **_asked(team))
    assert (_row(before, "Leads"), _row(after, "Leads")) == (["4", "4"], ["3", "3"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"people": "51"}, "less than or equal to 50"),
        ({"people": "many"}, "whole number"),
        ({"wrap_up": "-1"}, "greater than or equal to 0"),
        ({"period": "never"}, "not one of the available choices"),
        ({"first": "2026-11-30", "last": "2026-11-23"}, "up to today"),
        ({"first": "9999-99-99"}, "Enter a day like"),
        ({"change_team": "0"}, "Choose one of the teams."),
        ({"strategy": "luck"}, "not one of the available choices"),
        ({"schedule": "99999999"}, "Choose one of the schedules."),
    ],
)
def test_what_the_form_refuses(
    admin_client: Client, story: Story, team: Team, values: dict[str, str], words: str
) -> None:
    answer = admin_client.post(ADDRESS, {**_asked(team), **values})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Study.objects.exists()


def test_more_people_are_taken_away_than_there_are(
    admin_client: Client, story: Story, team: Team
) -> None:
    page = _played(admin_client, **_asked(team, people=-2))
    assert "The team does not have that many people to remove." in page


def test_no_calls(admin_client: Client, team: Team) -> None:
    Extension.objects.create(number="101", team=team)
    now = timezone.now()
    Lead.objects.create(
        source=LeadSource.objects.get(), name="Noa", phone="+972505550101", due_at=now,
        submitted_at=now - timedelta(minutes=9), clock_started_at=now - timedelta(minutes=9),
    )  # fmt: skip
    page = _played(admin_client, **_asked(team, period="7"))
    assert "No calls were made to these leads" in page


def test_an_address_that_is_not_kept(admin_client: Client, db: None) -> None:
    answer = admin_client.get(f"{ADDRESS}00000000-0000-4000-8000-000000000000/")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ((), 403),
        (("view_lead",), 403),
        (("run_replay",), 403),
        (("view_lead", "run_replay"), 200),
    ],
    ids=["none", "sees leads", "may replay, sees no leads", "both"],
)
def test_who_may(client: Client, team: Team, rights: tuple[str, ...], status: int) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    assert client.get(ADDRESS).status_code == status
    assert client.post(ADDRESS, {}).status_code == status
    key = "00000000-0000-4000-8000-000000000000"
    assert client.get(f"{ADDRESS}{key}/").status_code == (404 if status == 200 else 403)


def test_managers_may() -> None:
    group = Group.objects.get(name=SALES_MANAGERS)
    assert group.permissions.filter(codename="run_replay").exists()
