"""Teams and sources in the admin."""

from datetime import time
from typing import Any

import pytest
from django.test import Client

from callbacks.models import OpeningHours, Schedule, Team
from leads.models import LeadSource
from tests.admin.posting import rows
from tests.queue import queued


@pytest.mark.parametrize(
    ("hours", "active", "words"),
    [
        (None, True, "open"),
        (None, False, "off"),
        ([], True, "never opens"),
        ([(weekday, time(0), time(0)) for weekday in range(7)], True, "open"),
    ],
)
def test_the_list_says_whether_a_team_answers_now(
    hours: list[Any] | None, active: bool, words: str, managing: Client, team: Team
) -> None:
    if hours is not None:
        team.schedule = Schedule.objects.create(name="Hours")
        for weekday, opens_at, closes_at in hours:
            OpeningHours.objects.create(
                schedule=team.schedule, weekday=weekday, opens_at=opens_at, closes_at=closes_at
            )
    team.is_active = active
    team.save()
    row = managing.get("/admin/callbacks/team/").content.decode().split("field-open_now")[-1]
    assert words in row.split("</tr>")[0]


@pytest.mark.django_db(transaction=True)
def test_giving_a_team_a_source_wakes_it(managing: Client, team: Team, source: LeadSource) -> None:
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    queued(empty=True)
    managing.post(
        f"/admin/callbacks/team/{team.pk}/change/",
        {"name": "Sales", "is_active": "on", "schedule": "", "sources": [source.pk, other.pk]},
    )
    assert set(team.sources.all()) == {source, other}
    assert queued() == [("callbacks.work_team", team.pk)]


def test_a_source_is_entered_with_its_countries(superuser: Client) -> None:
    data = {
        "name": "Landing page", "slug": "landing", "language": "en", "is_active": "on",
        "default_country": "IL", "allowed_countries": "IL, GB", "sla_target": 30,
        "allowed_origins": "", **rows("recorded_messages"), **rows("call_parameters"),
    }  # fmt: skip
    superuser.post("/admin/leads/leadsource/add/", data)
    assert LeadSource.objects.get().allowed_countries == ["IL", "GB"]
    answer = superuser.post(
        "/admin/leads/leadsource/add/", {**data, "slug": "x", "allowed_countries": "IL, ZZ"}
    )
    assert "ZZ is not a country code" in answer.content.decode()
