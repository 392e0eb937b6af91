"""Teams and sources in the admin."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.test import Client

from callbacks.models import Extension, OpeningHours, Schedule, Team, TeamSource
from leads.models import LeadSource
from tests.support.admin_posting import said
from tests.support.admin_setup import a_source, a_team, an_extension
from tests.support.queue import queued


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
def test_giving_a_team_a_source_wakes_it(
    managing: Client, extension: Extension, source: LeadSource
) -> None:
    team = extension.team
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    queued(empty=True)
    posted = a_team(source, other, there=1)
    posted |= {"teamsource_set-0-id": TeamSource.objects.get().pk, "teamsource_set-0-team": team.pk}
    posted["teamsource_set-1-overflow_after"] = 45
    managing.post(page_of(team), posted)
    answered = TeamSource.objects.order_by("pk").values_list("source", "overflow_after")
    assert list(answered) == [(source.pk, 0), (other.pk, 45)]
    assert queued() == [("callbacks.work_team", team.pk)]
    listed = managing.get("/admin/callbacks/team/").content.decode()
    assert "Website, Landing page after 45 s" in listed


def page_of(thing: Any) -> str:
    return f"/admin/{thing._meta.app_label}/{thing._meta.model_name}/{thing.pk}/change/"


def errors(answer: Any) -> str:
    """The errors that the page shows."""
    assert answer.status_code == 200
    formsets = [it.formset for it in answer.context["inline_admin_formsets"]]
    found = [answer.context["adminform"].form.errors]
    found += [error for it in formsets for error in (it.non_form_errors(), it.errors)]
    return str(found)


# --- teams ----------------------------------------------------------------------------------------


def test_a_team_is_entered_with_all_its_rules(managing: Client, extension: Extension) -> None:
    team = extension.team
    values = {
        "strategy": "fair", "language_wait": "", "sticky_agent_days": 7, "sticky_agent_wait": 20,
        "daily_cap": 40, "wrap_up": 15, "opening_rate": 6,
    }  # fmt: skip
    Team.objects.update(name="Sales")
    posted = a_team(LeadSource.objects.get(), there=1, **values)
    posted |= {"teamsource_set-0-id": TeamSource.objects.get().pk, "teamsource_set-0-team": team.pk}
    assert managing.post(page_of(team), posted).status_code == 302
    team.refresh_from_db()
    stored = {name: getattr(team, name) for name in values}
    assert stored == {**values, "language_wait": None}


def test_a_new_team_begins_switched_off_and_is_switched_on_with_its_extensions(
    superuser: Client, source: LeadSource
) -> None:
    page = superuser.get("/admin/callbacks/team/add/")
    assert page.context["adminform"].form["is_active"].value() is False
    refused = superuser.post("/admin/callbacks/team/add/", a_team(source))
    assert "Add one below, or save the team switched off." in errors(refused)
    assert superuser.post("/admin/callbacks/team/add/", a_team(is_active="")).status_code == 302
    team = Team.objects.get()
    page = superuser.get(page_of(team)).content.decode()
    assert "The team has no extensions, so nobody gets its calls." in page
    superuser.post("/admin/callbacks/extension/add/", an_extension(team))
    assert "must answer at least one source. Add one here" in errors(
        superuser.post(page_of(team), a_team())
    )
    assert superuser.post(page_of(team), a_team(source)).status_code == 302
    team.refresh_from_db()
    assert team.is_active


def test_an_extension_that_is_off_makes_no_team(
    managing: Client, extension: Extension, source: LeadSource
) -> None:
    Extension.objects.update(is_active=False)
    assert "no extension switched on" in errors(
        managing.post(page_of(extension.team), a_team(source))
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"daily_cap": 0}, "Enter 1 or more, or leave this empty for no limit."),
        ({"opening_rate": 0}, "Enter 1 or more, or leave this empty for no limit."),
        ({"wrap_up": -1}, "greater than or equal to 0"),
        ({"strategy": "cheapest"}, "Select a valid choice"),
        ({"name": "Support"}, "A team with this name already exists. Choose another name."),
    ],
)
def test_what_a_team_cannot_have_is_refused(
    values: dict[str, Any],
    words: str,
    managing: Client,
    extension: Extension,
    source: LeadSource,
) -> None:
    Team.objects.create(name="Support")
    assert words in errors(managing.post(page_of(extension.team), a_team(source, **values)))


def test_a_source_is_in_a_team_once(
    managing: Client, extension: Extension, source: LeadSource
) -> None:
    TeamSource.objects.all().delete()
    refused = managing.post(page_of(extension.team), a_team(source, source))
    assert "This source appears twice. Keep one of its rows." in errors(refused)


@pytest.mark.parametrize(
    ("strategy", "positions"), [("round_robin", [100.0, 0.0]), ("weighted", [0.0, 0.0])]
)
def test_with_another_strategy_places_in_the_queue_are_given_anew(
    strategy: str,
    positions: list[float],
    managing: Client,
    extension: Extension,
    source: LeadSource,
) -> None:
    called_at = datetime.fromtimestamp(100, UTC)
    Extension.objects.update(queue_position=7, last_called_at=called_at)
    Extension.objects.create(number="102", team=extension.team, queue_position=9)
    Team.objects.update(strategy="fair")
    posted = a_team(source, there=1, strategy=strategy)
    posted["teamsource_set-0-id"] = TeamSource.objects.get().pk
    posted["teamsource_set-0-team"] = extension.team_id
    assert managing.post(page_of(extension.team), posted).status_code == 302
    found = Extension.objects.order_by("number").values_list("queue_position", flat=True)
    assert list(found) == positions


def test_the_list_says_how_many_extensions_are_free(managing: Client, extension: Extension) -> None:
    team = extension.team
    Extension.objects.create(number="102", team=team, is_paused=True)
    Extension.objects.create(number="103", team=team, is_active=False)
    Team.objects.create(name="Nobody")
    rows_of = managing.get("/admin/callbacks/team/").content.decode().split("<tr")
    [sales] = [row for row in rows_of if ">Sales<" in row]
    [nobody] = [row for row in rows_of if ">Nobody<" in row]
    assert "1 of 2" in sales
    assert "none: nobody gets calls" in nobody
    assert "none: gets no leads" in nobody


# --- extensions -----------------------------------------------------------------------------------


def test_an_extension_is_entered_with_all_its_rules(managing: Client, extension: Extension) -> None:
    values = {"tier": 2, "weight": 3, "languages": "HE, en,ru ", "daily_cap": 30, "wrap_up": 0}
    answer = managing.post(page_of(extension), an_extension(extension.team, **values))
    assert answer.status_code == 302
    extension.refresh_from_db()
    assert {name: getattr(extension, name) for name in values} == {
        **values, "languages": ["he", "en", "ru"],
    }  # fmt: skip
    assert 'value="he, en, ru"' in managing.get(page_of(extension)).content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"weight": 0}, "Enter 1 to 100. To give it fewer calls, raise the weight of the others"),
        ({"weight": 101}, "Enter 1 to 100."),
        ({"tier": 0}, "Tiers start at 1. Enter 1 for the extensions that get calls first."),
        ({"daily_cap": 0}, "Enter 1 or more, or leave this empty to use the team"),
        ({"languages": "Hebrew"}, "hebrew is not a language code. Use codes like he, en, ru"),
        ({"languages": "he; en"}, "he; en is not a language code"),
        ({"languages": "he, en, HE"}, "he appears twice. Enter each language once."),
        ({"number": "102"}, "An extension with this number already exists. Open it instead."),
        (
            {"kind": "phone", "number": "050-555 0101"},
            "Extension 972505550101 already uses this phone",
        ),
        ({"number": "0505550101"}, "Extension 972505550101 already uses this phone"),
        ({"number": "00972505550101"}, "Extension 972505550101 already uses this phone"),
    ],
)
def test_what_an_extension_cannot_have_is_refused(
    values: dict[str, Any], words: str, managing: Client, extension: Extension
) -> None:
    Extension.objects.create(number="102", team=extension.team)
    Extension.objects.create(number="972505550101", kind="phone", team=extension.team)
    posted = an_extension(extension.team, **values)
    assert words in errors(managing.post(page_of(extension), posted))
    assert words in errors(managing.post("/admin/callbacks/extension/add/", posted))


def hours(name: str, opens_at: int, closes_at: int) -> Schedule:
    schedule = Schedule.objects.create(name=name)
    OpeningHours.objects.create(
        schedule=schedule, weekday=0, opens_at=time(opens_at), closes_at=time(closes_at)
    )
    return schedule


def test_hours_that_never_meet_those_of_the_team_are_refused(
    managing: Client, extension: Extension
) -> None:
    Team.objects.update(schedule=hours("Office", 9, 17))
    evening, empty = hours("Evening", 18, 20), Schedule.objects.create(name="Empty")
    for schedule, words in (
        (evening, "hours, Office, never overlap"),
        (empty, "Empty never opens, so this phone would get no calls."),
    ):
        posted = an_extension(extension.team, schedule=schedule.pk)
        assert words in errors(managing.post(page_of(extension), posted))


@pytest.mark.parametrize("change", ["off", "moved", "deleted"])
def test_whoever_takes_the_last_extension_from_a_team_is_told(
    change: str, superuser: Client, extension: Extension
) -> None:
    other = Team.objects.create(name="Support")
    posted = {
        "off": an_extension(extension.team, is_active=""),
        "moved": an_extension(other),
        "deleted": {"post": "yes"},
    }[change]
    address = page_of(extension)
    if change == "deleted":
        address = address.replace("change", "delete")
    told = said(superuser.post(address, posted, follow=True))
    assert any("Team Sales has no extension switched on" in words for words in told)


def test_nobody_is_told_while_the_team_has_another(managing: Client, extension: Extension) -> None:
    Extension.objects.create(number="102", team=extension.team)
    posted = an_extension(extension.team, is_active="")
    told = said(managing.post(page_of(extension), posted, follow=True))
    assert not any("no extension" in words for words in told)


def test_whoever_moves_to_another_team_gets_a_place_in_its_queue(
    managing: Client, extension: Extension
) -> None:
    other = Team.objects.create(name="Support", strategy="weighted")
    Extension.objects.update(queue_position=1_800_000_000)
    managing.post(page_of(extension), an_extension(other))
    extension.refresh_from_db()
    assert (extension.team, extension.queue_position) == (other, 0)


def test_the_page_of_an_extension_shows_when_it_is_rung(
    managing: Client, extension: Extension
) -> None:
    Team.objects.update(schedule=hours("Office", 9, 17))
    Extension.objects.update(schedule=hours("Afternoon", 12, 20))
    page = managing.get(page_of(extension)).content.decode()
    assert "12:00-17:00" in page
    assert "its own hours within its team&#x27;s" in page


# --- sources --------------------------------------------------------------------------------------


def test_a_source_is_entered_with_all_its_rules(superuser: Client) -> None:
    values = {"sla_clock": "open", "priority": 5, "call_from": "09:00", "call_until": "21:00"}
    superuser.post("/admin/leads/leadsource/add/", a_source(**values, offers_times=""))
    source = LeadSource.objects.get()
    assert source.allowed_countries == ["IL", "GB"]
    assert (source.sla_clock, source.priority, source.offers_times) == ("open", 5, False)
    assert (source.call_from, source.call_until) == (time(9), time(21))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"allowed_countries": "IL, ZZ"}, "ZZ is not a known country"),
        ({"call_from": "09:00"}, "Enter this time too, or leave both empty to call at any hour."),
        ({"call_until": "21:00"}, "Enter this time too, or leave both empty to call at any hour."),
        (
            {"call_from": "21:00", "call_until": "09:00"},
            "the earlier one first, or leave both empty",
        ),
        (
            {"call_from": "09:00", "call_until": "09:00"},
            "the earlier one first, or leave both empty",
        ),
        ({"language": "Hebrew"}, "For example: en, he, ru."),
        ({"sla_target": 0}, "Enter 1 second or more."),
        ({"priority": -1}, "greater than or equal to 0"),
    ],
)
def test_what_a_source_cannot_have_is_refused(
    values: dict[str, Any], words: str, superuser: Client
) -> None:
    answer = superuser.post("/admin/leads/leadsource/add/", a_source(**values))
    assert words in errors(answer)
    assert not LeadSource.objects.exists()
