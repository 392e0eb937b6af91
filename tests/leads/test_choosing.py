"""A visitor's time and language: in the form, in the API, and on the page that follows."""

import json
import re
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from callbacks.models import OpeningHours, Schedule, Team
from leads.models import Lead, LeadSource

MALFORMED = "Write the time like this, with its offset: 2026-11-28T14:00:00+02:00."

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]

FORM = "/contact/website/"
FILLED = {"name": "Noa Levi", "phone": "050-555 0101"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday, 14:00 in Jerusalem
WEDNESDAY = "2026-11-25T10:30:00+02:00"


@pytest.fixture
def office(team: Team) -> Schedule:
    """Open on workdays from nine to five, in Jerusalem."""
    schedule = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )
    team.schedule = schedule
    team.save()
    return schedule


def send(client: Client, **fields: object) -> Any:
    body = json.dumps({"source": "website", **FILLED, **fields})
    with time_machine.travel(NOON, tick=False):
        return client.post("/api/leads/", body, "application/json")


def form(client: Client, at: datetime = NOON, **fields: str) -> Any:
    with time_machine.travel(at, tick=False):
        return client.post(FORM, {**FILLED, **fields}) if fields else client.get(FORM)


def groups(page: str) -> dict[str, list[str]]:
    """The headings of the offered times, each with the texts of its times."""
    return {
        unescape(name): re.findall(r"<option value=[^>]+>([^<]+)", options)
        for name, options in re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.S)
    }


# --- the form -------------------------------------------------------------------------------------


def test_the_form_offers_the_half_hours_that_are_open_by_day(client: Client) -> None:
    page = form(client).text
    found = groups(page)
    assert list(found) == [
        "Today", "Tomorrow, Tuesday", "Wednesday, 25 November", "Thursday, 26 November",
    ]  # fmt: skip
    assert found["Today"] == ["14:30", "15:00", "15:30", "16:00", "16:30"]
    assert found["Tomorrow, Tuesday"][0] == "09:00"
    assert '<label for="id_call_at">When should we call? <span class="optional">' in page
    assert '<option value="" selected>As soon as possible</option>' in page
    assert "Times are in Jerusalem time." in page
    assert f'<option value="{WEDNESDAY}">10:30</option>' in page


def test_times_are_those_of_the_teams_zone_also_on_the_page_that_follows(
    client: Client, office: Schedule
) -> None:
    Schedule.objects.update(time_zone="Europe/London")
    page = form(client).text
    assert "Times are in London time." in page
    assert groups(page)["Today"][0] == "12:30"
    answer = form(client, call_at="2026-11-23T15:00:00+00:00")
    with time_machine.travel(NOON, tick=False):
        page = client.get(answer["Location"]).text
    assert "We will call you today at 15:00 (London time)." in page


@pytest.mark.parametrize("reason", ["not offered", "never opens", "nobody answers"])
def test_where_there_is_nothing_to_choose_nothing_is_asked(client: Client, reason: str) -> None:
    if reason == "not offered":
        LeadSource.objects.update(offers_times=False)
    elif reason == "never opens":
        OpeningHours.objects.all().delete()
    else:
        Team.objects.update(is_active=False)
    page = form(client).text
    assert "call_at" not in page
    assert "When should we call?" not in page


def test_a_chosen_time_is_kept_and_told(client: Client) -> None:
    answer = form(client, call_at=WEDNESDAY)
    assert answer.status_code == 303
    lead = Lead.objects.get()
    assert lead.chosen_at == lead.call_after == datetime.fromisoformat(WEDNESDAY)
    with time_machine.travel(NOON, tick=False):
        page = client.get(answer["Location"]).text
    assert "Your call is planned" in page
    assert "We will call you on Wednesday, 25 November, at 10:30 (Jerusalem time)." in page


def test_as_soon_as_possible_is_no_time(client: Client) -> None:
    form(client, call_at="")
    assert Lead.objects.get().chosen_at is None


def test_a_time_that_has_gone_by_is_asked_for_again_and_what_was_typed_is_kept(
    client: Client,
) -> None:
    answer = form(client, NOON + timedelta(hours=1), call_at="2026-11-23T14:30:00+02:00")
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert '<a href="#id_call_at">This time has passed. The next possible time is now' in page
    select = re.search(r"<select[^>]*>", page)
    assert select
    assert 'aria-invalid="true"' in select[0]
    assert "Noa Levi" in page
    assert "Times are in Jerusalem time." in page
    assert len(groups(page)) == 4
    assert not Lead.objects.exists()


def test_a_time_that_was_on_offer_until_just_now_is_not_quietly_dropped(client: Client) -> None:
    LeadSource.objects.update(offers_times=False)
    answer = form(client, call_at=WEDNESDAY)
    assert answer.status_code == 422
    assert "Times cannot be chosen here." in answer.text
    assert 'id="id_call_at"' in answer.text
    assert not Lead.objects.exists()


def test_the_chosen_time_stays_chosen_beside_another_mistake(client: Client) -> None:
    answer = form(client, call_at=WEDNESDAY, phone="100")
    assert answer.status_code == 422
    assert f'<option value="{WEDNESDAY}" selected>10:30</option>' in answer.text


@pytest.mark.parametrize(("language", "kept"), [("ru", "ru"), ("no language", "en"), ("", "en")])
def test_a_lead_of_the_form_speaks_the_pages_language(
    client: Client, language: str, kept: str
) -> None:
    form(client, language=language)
    assert Lead.objects.get().language == kept


# --- the API --------------------------------------------------------------------------------------


def test_the_api_takes_a_time(client: Client) -> None:
    answer = send(client, call_at="2026-11-25T10:07:00+02:00")
    assert answer.status_code == 201
    lead = Lead.objects.get()
    assert lead.chosen_at == datetime(2026, 11, 25, 8, 7, tzinfo=UTC)
    with time_machine.travel(NOON, tick=False):
        page = client.get(answer.json()["status_url"]).json()
    # On the visitor's clock, in the offset that they chose.
    assert (page["status"], page["call_after"]) == ("scheduled", "2026-11-25T10:07:00+02:00")


@pytest.mark.parametrize(
    ("call_at", "error"),
    [
        ("2026-11-23T13:30:00+02:00", "This time has passed. The next possible time is now"),
        (
            "2026-11-24T20:00:00+02:00",
            "We cannot call you then. The next possible time is on Wednesday, 25 November",
        ),
        ("2026-12-08T10:00:00+02:00", "This is more than 14 days ahead. The next possible time"),
        (
            "2026-11-24T10:00:00",
            "Write this time with its offset from UTC, such as 2026-11-24T10:00+02:00. The next",
        ),
        (
            "noon",
            f"{MALFORMED} The next possible time is now: leave this empty",
        ),
        (1764052200, "This must be a string, in quotation marks."),
    ],
)
def test_the_api_refuses(client: Client, call_at: object, error: str) -> None:
    answer = send(client, call_at=call_at)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["call_at"]
    assert answer.json()["errors"]["call_at"][0].startswith(error)
    assert not Lead.objects.exists()


def test_the_api_refuses_a_time_where_none_is_offered(client: Client) -> None:
    LeadSource.objects.update(offers_times=False)
    assert (
        send(client, call_at=WEDNESDAY)
        .json()["errors"]["call_at"][0]
        .startswith("Times cannot be chosen here. The next possible time is now")
    )
    assert send(client, call_at="").status_code == 201


def test_a_time_at_which_it_is_night_where_the_lead_is_is_refused(client: Client) -> None:
    LeadSource.objects.update(
        allowed_countries=["IL", "US"], call_from=time(8), call_until=time(20)
    )
    new_york = {"phone": "+1 212 555 0101"}
    # Eight in the morning in New York is three in the afternoon here.
    refused = send(client, call_at="2026-11-24T14:30:00+02:00", **new_york)
    possible = "The next possible time is tomorrow, Tuesday, at 15:00 (Jerusalem time)."
    said = f"We cannot call you then. {possible}"
    assert refused.json()["errors"]["call_at"] == [said]
    assert send(client, call_at="2026-11-24T15:00:00+02:00", **new_york).status_code == 201


def test_all_that_is_wrong_is_said_at_once(client: Client) -> None:
    errors = send(client, phone="100", call_at="noon", email="noa@").json()["errors"]
    assert set(errors) == {"phone", "call_at", "email"}


def test_the_same_key_gets_the_same_answer_when_its_time_is_over(client: Client) -> None:
    def once_more(now: datetime) -> Any:
        body = json.dumps({"source": "website", **FILLED, "call_at": "2026-11-23T15:00:00+02:00"})
        with time_machine.travel(now, tick=False):
            return client.post(
                "/api/leads/", body, "application/json", headers={"Idempotency-Key": "order-17"}
            )

    first, again = once_more(NOON), once_more(NOON + timedelta(days=1))
    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    ("language", "kept"),
    [("he", "he"), ("rus", "ru"), ("zh-Hant", "zh-Hant"), ("pt-BR", "pt-BR")],
)
def test_the_api_takes_a_language(client: Client, language: str, kept: str) -> None:
    assert send(client, language=language).status_code == 201
    assert Lead.objects.get().language == kept


def test_a_lead_speaks_its_sources_language_unless_it_says_otherwise(client: Client) -> None:
    LeadSource.objects.update(language="he")
    send(client)
    assert Lead.objects.get().language == "he"
