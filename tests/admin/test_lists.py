"""Every list opens for the right people, and more rows do not mean more queries."""

from collections.abc import Callable
from datetime import time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.models import OpeningHours, Schedule, Team
from callbacks.routing import config

LISTS = [
    "leads/lead",
    "leads/leadsource",
    "callbacks/extension",
    "callbacks/team",
    "callbacks/schedule",
    "callbacks/callattempt",
    "callbacks/callrecord",
]


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.fixture
def schedules() -> Callable[[int], None]:
    def make(count: int) -> None:
        there = Schedule.objects.count()
        for index in range(there, there + count):
            schedule = Schedule.objects.create(name=f"Schedule {index}")
            OpeningHours.objects.create(
                schedule=schedule, weekday=0, opens_at=time(9), closes_at=time(17)
            )
            Team.objects.filter(name=f"Team {index}").update(schedule=schedule)

    return make


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_as_many_queries_for_fifty_rows_as_for_five(
    name: str,
    managing: Client,
    fill: Callable[[int], None],
    schedules: Callable[[int], None],
) -> None:
    address = f"/admin/{name}/"
    fill(5)
    schedules(5)
    queries(managing, address)  # content types and the like are loaded once per process
    with_five = queries(managing, address)
    fill(45)
    schedules(45)
    config.current()  # loaded once for each version of the set-up
    assert queries(managing, address) == with_five


@pytest.mark.parametrize("name", [*LISTS, "auth/user", "auth/group", "axes/accessattempt"])
def test_every_list_and_form_opens_for_a_superuser(
    name: str, superuser: Client, fill: Callable[[int], None], schedules: Callable[[int], None]
) -> None:
    fill(1)
    schedules(1)
    page = superuser.get(f"/admin/{name}/")
    assert page.status_code == 200
    for row in page.context["cl"].result_list:
        assert superuser.get(f"/admin/{name}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("pk", ["x", "0", "99999999999999999999999", "1%00"])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_what_is_not_there_leads_back(name: str, pk: str, superuser: Client) -> None:
    answer = superuser.get(f"/admin/{name}/{pk}/change/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_refused_without_its_permission(
    name: str, staff_with: Callable[..., Client]
) -> None:
    assert staff_with().get(f"/admin/{name}/").status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_strangers_to_log_in(name: str, db: None, client: Client) -> None:
    answer = client.get(f"/admin/{name}/")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/admin/login/")


def test_a_person_who_is_not_staff_gets_nowhere(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("visitor"))
    assert client.get("/admin/leads/lead/").status_code == 302


@pytest.mark.parametrize("name", ["callattempt", "callrecord"])
def test_nobody_adds_changes_or_deletes_what_was_dialled(
    name: str, superuser: Client, fill: Callable[[int], None]
) -> None:
    fill(1)
    [row] = superuser.get(f"/admin/callbacks/{name}/").context["cl"].result_list
    page = f"/admin/callbacks/{name}/{row.pk}"
    assert superuser.get(f"/admin/callbacks/{name}/add/").status_code == 403
    assert superuser.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert superuser.post(f"{page}/change/", {}).status_code == 403
    superuser.post(
        f"/admin/callbacks/{name}/",
        {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"},
    )
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?q=" + "9" * 500,
        "?q=%D7%A9%D7%9C%D7%95%D7%9D",
        "?status__exact=nonsense",
        "?submitted=nonsense",
        "?overdue=nonsense",
        "?unanswered=nonsense",
        "?source__id__exact=99999999999999999999",
        "?source__id__exact=x",
        "?p=999",
        "?p=x",
        "?o=99.-1.x",
        "?phone__regex=(((",
        "?name=%00",
        "?status__exact=%00",
    ],
)
def test_a_strange_address_is_answered_all_the_same(
    query: str, managing: Client, fill: Callable[[int], None]
) -> None:
    fill(1)
    for name in LISTS:
        assert managing.get(f"/admin/{name}/{query}").status_code in (200, 302, 400)
