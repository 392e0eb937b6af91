"""Values that managers cannot enter are in the database: leads wait, and nothing crashes."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch, manual
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing import claim as claims
from callbacks.routing import rotation
from leads.models import Lead, LeadSource, LeadStatus

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def kept_by(whom: type[Team] | type[Extension]) -> Schedule:
    """A schedule that is always open, used by all of them."""
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(0), closes_at=time(0)
        )
    whom.objects.update(schedule=schedule)
    return schedule


def zone_of_team() -> None:
    kept_by(Team)
    execute("UPDATE callbacks_schedule SET time_zone = 'Mars/Olympus'")


def path_as_zone() -> None:
    kept_by(Team)
    execute("UPDATE callbacks_schedule SET time_zone = '../etc'")


def zone_of_extension() -> None:
    kept_by(Extension)
    execute("UPDATE callbacks_schedule SET time_zone = ''")


def country() -> None:
    kept_by(Team)
    execute("UPDATE callbacks_schedule SET holidays_of = 'ZZ'")


def empty_week() -> None:
    kept_by(Team)
    execute("DELETE FROM callbacks_openinghours")


def hours_that_close_as_they_open() -> None:
    kept_by(Team)
    execute(
        "ALTER TABLE callbacks_openinghours DROP CONSTRAINT hours_are_not_empty",
        "UPDATE callbacks_openinghours SET opens_at = '09:00', closes_at = '09:00'",
    )


def no_extensions() -> None:
    execute("DELETE FROM callbacks_extension")


def all_off() -> None:
    execute("UPDATE callbacks_extension SET is_active = false")


def no_sources() -> None:
    execute("DELETE FROM callbacks_team_sources")


def no_team() -> None:
    execute("UPDATE callbacks_team SET is_active = false")


WRONG: dict[str, tuple[Callable[[], None], str]] = {
    "a team's zone that is not known": (zone_of_team, "Sales never opens"),
    "a path for a zone": (path_as_zone, "Sales never opens"),
    "an extension's zone that is not known": (
        zone_of_extension,
        "nobody in Sales is ever on shift",
    ),
    "a country that is not known": (country, "Sales never opens"),
    "a week without hours": (empty_week, "Sales never opens"),
    "hours that close as they open": (hours_that_close_as_they_open, "Sales never opens"),
    "a team without extensions": (no_extensions, "Sales has no extension"),
    "a team with extensions that are off": (all_off, "Sales has no extension"),
    "a team without sources": (no_sources, "no team answers its source"),
    "a source without a team": (no_team, "no team answers its source"),
}


@pytest.fixture
def restored() -> Iterator[None]:
    """Deletes the opening hours and restores a dropped constraint, for the other tests."""
    yield
    execute("DELETE FROM callbacks_openinghours")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = 'hours_are_not_empty'")
        if cursor.fetchone() is None:
            cursor.execute(
                "ALTER TABLE callbacks_openinghours ADD CONSTRAINT hours_are_not_empty "
                "CHECK (NOT (closes_at = opens_at) OR opens_at = '00:00')"
            )


PAGES = [
    "callbacks/schedule/",
    "callbacks/team/",
    "callbacks/extension/",
    "leads/leadsource/",
    "leads/lead/",
    "",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_its_leads_wait_where_managers_see_it(
    wrong: str, make_lead: MakeLead, extension: Extension, simulator: object, restored: None
) -> None:
    do, words = WRONG[wrong]
    do()
    client = Client()
    answer = client.post("/contact/website/", {"name": "Noa Levi", "phone": "0505550101"})
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).status_code == 200
    by_api = client.post(
        "/api/leads/", {"source": "website", "name": "Omer", "phone": "0505550102"}
    )
    assert by_api.status_code == 201
    leads = list(Lead.objects.order_by("pk"))
    for lead in leads:
        assert dispatch.call_lead(lead.pk) is None
        manual.call_now(lead.pk, None)
    tasks.sweep()
    for team in Team.objects.all():
        dispatch.work_team(team.pk)
    assert not CallAttempt.objects.exists()
    assert set(Lead.objects.values_list("status", flat=True)) == {LeadStatus.WAITING}

    client.force_login(User.objects.create_superuser("root"))
    for page in PAGES:
        assert client.get(f"/admin/{page}").status_code == 200, page
    for model in (Schedule, Team, Extension, LeadSource, Lead):
        for thing in model.objects.all():
            address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{thing.pk}/change/"
            assert client.get(address).status_code == 200, address
    listed = client.get("/admin/leads/lead/").content.decode()
    assert f"nobody will call it: {words}" in listed
    lead_page = client.get(f"/admin/leads/lead/{leads[0].pk}/change/").content.decode()
    assert f"nobody will call it: {words}" in lead_page
    source_page = client.get(
        f"/admin/leads/leadsource/{leads[0].source_id}/change/"
    ).content.decode()
    assert f"Its leads are waiting: {words}." in source_page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (zone_of_team, "Never opens. Its time zone, Mars/Olympus, is not known."),
        (country, "Never opens. The holidays of ZZ are not known."),
        (empty_week, "Never opens. It has no future hours."),
    ],
)
def test_the_pages_of_schedule_and_team_say_why(
    wrong: Callable[[], None], words: str, extension: Extension, restored: None
) -> None:
    wrong()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    schedule = Schedule.objects.get()
    for page in (
        "callbacks/schedule/",
        f"callbacks/schedule/{schedule.pk}/change/",
        f"callbacks/team/{extension.team_id}/change/",
    ):
        assert words in client.get(f"/admin/{page}").content.decode(), page
    assert "never opens" in client.get("/admin/callbacks/team/").content.decode()


def test_hours_that_overlap_are_open_once_and_call(
    make_lead: MakeLead, extension: Extension, simulator: object, restored: None
) -> None:
    schedule = kept_by(Team)
    OpeningHours.objects.bulk_create(
        OpeningHours(schedule=schedule, weekday=day, opens_at=time(1), closes_at=time(0, 30))
        for day in range(7)
    )
    assert dispatch.call_lead(make_lead().pk)


def test_one_zone_that_is_not_known_does_not_stop_the_others(
    make_lead: MakeLead, extension: Extension, simulator: object, restored: None
) -> None:
    zone_of_team()
    other = Team.objects.create(name="Support")
    TeamSource.objects.create(team=other, source=LeadSource.objects.get())
    Extension.objects.create(number="201", team=other)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    assert attempt.extension_number == "201"


def claim_of(extension: Extension, lead: Lead) -> CallAttempt:
    claim = claims.claim_chosen(lead.pk, extension.pk, timezone.now(), timedelta(hours=1))
    assert claim
    return claim.attempt


def test_a_day_ends_at_the_sites_midnight_where_the_zone_is_not_known(
    extension: Extension, make_lead: MakeLead, restored: None
) -> None:
    zone_of_team()
    Team.objects.update(daily_cap=1)
    attempt = claim_of(extension, make_lead())
    now = timezone.now()
    attempt.finish(AttemptState.LEAD_NO_ANSWER, now)
    rotation.after_call(extension.pk, Outcome.LEAD_NO_ANSWER, now)
    extension.refresh_from_db()
    assert extension.capped_until
    local = timezone.localtime(extension.capped_until)
    assert (local.hour, local.minute) == (0, 0)
    assert now < extension.capped_until <= now + timedelta(hours=25)
