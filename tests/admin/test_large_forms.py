"""A large form that a manager needs is saved; a larger one is refused with the reason.

Public pages accept few fields.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from callbacks.models import Extension, Schedule, Team
from leads.models import Lead, LeadSource
from tests.support.admin_setup import a_schedule, a_team

MANY = {f"more-{number}": "x" for number in range(150)}


def a_week_with_lunch() -> dict[str, Any]:
    hidden = {"id": "", "schedule": ""}
    hours = [
        hidden | {"weekday": day, "opens_at": opens, "closes_at": closes}
        for day in range(7)
        for opens, closes in (("09:00", "13:00"), ("14:00", "18:00"))
    ]
    closed = [
        hidden | {"date": f"2026-12-{day:02}", "opens_at": "", "closes_at": ""}
        for day in range(1, 7)
    ]
    return a_schedule(hours, closed)


def test_a_week_with_a_lunch_break_and_six_exceptions(managing: Client) -> None:
    posted = a_week_with_lunch()
    assert len(posted) > 100
    assert managing.post("/admin/callbacks/schedule/add/", posted).status_code == 302
    saved = Schedule.objects.get()
    assert (saved.hours.count(), saved.exceptions.count()) == (14, 6)


@pytest.mark.parametrize("count", [22, 300])
def test_a_team_of_many_sources(count: int, managing: Client, extension: Extension) -> None:
    team = Team.objects.get()
    team.sources.clear()
    sources = [
        LeadSource.objects.create(slug=f"s{number}", name=f"Source {number}")
        for number in range(count)
    ]
    posted = a_team(*sources)
    for number in range(count):
        posted |= {f"teamsource_set-{number}-{name}": "" for name in ("id", "team")}
    answer = managing.post(f"/admin/callbacks/team/{team.pk}/change/", posted)
    assert answer.status_code == 302
    assert team.sources.count() == count


def test_a_group_that_may_do_everything(superuser: Client) -> None:
    every = list(Permission.objects.values_list("pk", flat=True))
    posted = {"name": "Everything", "permissions": every}
    assert superuser.post("/admin/auth/group/add/", posted).status_code == 302
    assert Group.objects.get(name="Everything").permissions.count() == len(every)


def test_every_row_of_a_long_list_is_ticked(managing: Client, team: Team) -> None:
    phones = Extension.objects.bulk_create(
        [Extension(number=str(1000 + number), team=team, is_paused=True) for number in range(150)]
    )
    ticked = {"action": "unpause_selected", "_selected_action": [phone.pk for phone in phones]}
    assert managing.post("/admin/callbacks/extension/", ticked).status_code == 302
    assert not Extension.objects.filter(is_paused=True).exists()


def test_what_is_too_large_for_the_admin_is_refused_with_the_reason(managing: Client) -> None:
    posted = {"name": "x"} | {f"more-{number}": "x" for number in range(5_001)}
    answer = managing.post("/admin/callbacks/schedule/add/", posted)
    assert answer.status_code == 400
    assert "This form has more than 5,000 fields" in answer.text
    assert "Nothing was saved" in answer.text
    assert 'href="/admin/"' in answer.text
    assert "contact form" not in answer.text


def test_what_is_too_long_for_the_admin_is_refused_with_the_reason(managing: Client) -> None:
    posted = {"name": "x" * 300_000}
    answer = managing.post("/admin/callbacks/schedule/add/", posted)
    assert answer.status_code == 400
    assert "more than 256 KiB" in answer.text
    assert "Nothing was saved" in answer.text


@pytest.mark.parametrize(
    ("address", "posted"),
    [
        ("/contact/website/", {"name": "Noa Levi", "phone": "0505550101"}),
        ("/desk/login/", {"username": "noa", "password": "x"}),
        ("/admin/login/", {"username": "noa", "password": "x"}),
        ("/nowhere/", {}),
    ],
)
@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_strangers_pages_take_few_fields(
    address: str, posted: dict[str, str], encoding: str, source: LeadSource
) -> None:
    client = Client()
    if encoding == "multipart":
        answer = client.post(address, posted | MANY)
    else:
        body = "&".join(f"{name}={value}" for name, value in (posted | MANY).items())
        answer = client.post(address, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 404)
    if address != "/nowhere/":
        assert "This form has more than 100 fields" in answer.text
    assert not Lead.objects.exists()


def test_the_api_takes_few_fields(source: LeadSource) -> None:
    posted = {"source": "website", "name": "Noa Levi", "phone": "0505550101"} | MANY
    assert Client().post("/api/leads/", posted).status_code == 400
    body = "&".join(f"{name}={value}" for name, value in posted.items())
    answer = Client().post("/api/leads/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert not Lead.objects.exists()


def test_a_logged_in_salesperson_has_the_public_limit(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("noa"))
    assert client.post("/admin/", MANY).status_code == 400
    assert client.post("/desk/logout/", MANY).status_code == 400


@pytest.mark.parametrize(
    ("address", "words"),
    [("/admin/nowhere/", "There is no such page"), ("/admin/auth/group/", "You cannot open")],
)
def test_a_manager_is_led_back_to_the_admin(address: str, words: str, managing: Client) -> None:
    answer = managing.get(address)
    assert words in answer.text
    assert '<a class="button" href="/admin/">' in answer.text
    assert "contact form" not in answer.text
