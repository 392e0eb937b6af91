"""`manage.py demo`."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from callbacks.models import Extension, Team
from callbacks.routing import config
from leads.models import LeadSource

pytestmark = pytest.mark.django_db


def demo(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def everything() -> list[object]:
    return [
        list(LeadSource.objects.order_by("pk").values()),
        list(Team.objects.order_by("pk").values()),
        list(Team.sources.through.objects.order_by("pk").values()),
        list(Extension.objects.order_by("pk").values()),
        list(Group.permissions.through.objects.order_by("pk").values()),
    ]


def test_it_makes_a_source_that_a_team_answers_round_the_clock() -> None:
    said = demo()
    source = LeadSource.objects.get(slug="website")
    [team] = config.current().teams_for(source.pk)
    assert team.name == "Sales"
    assert team.schedule is None
    numbers = Extension.objects.filter(team=team, is_active=True).values_list("number", flat=True)
    assert list(numbers) == ["101", "102", "103", "104", "105"]
    assert "created 5 extensions: 101 to 105" in said


def test_it_is_safe_to_repeat() -> None:
    demo()
    before = everything()
    said = demo()
    assert everything() == before
    assert "created" not in said
    assert "left 5 extensions as they are" in said


def test_it_adds_extensions_when_more_are_wanted_and_never_removes_any() -> None:
    demo("--extensions", "2")
    assert "created 6 extensions: 103 to 108" in demo("--extensions", "8")
    demo("--extensions", "3")
    assert Extension.objects.count() == 8


def test_it_resets_nothing_that_a_manager_changed() -> None:
    demo()
    LeadSource.objects.update(name="Our shop", sla_target=30, is_active=False)
    Team.objects.update(name="Phone sales")
    other = Team.objects.create(name="Evening")
    Extension.objects.filter(number="101").update(name="Noa", is_paused=True, team=other)
    before = everything()
    demo()
    assert everything() == before


def test_it_gives_no_team_a_source_that_a_manager_took_from_it() -> None:
    demo()
    Team.objects.get().sources.clear()
    demo()
    assert not Team.objects.get().sources.exists()


def test_it_goes_well_with_what_is_there_already() -> None:
    LeadSource.objects.create(slug="website", name="Website")
    demo()
    [team] = config.current().teams_for(LeadSource.objects.get().pk)
    assert team.extensions.count() == 5


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "100000000", "٣"])
def test_it_refuses_what_is_no_number_of_extensions(number: str) -> None:
    with pytest.raises(CommandError, match="a number from 0 to 10000"):
        demo(f"--extensions={number}")
    assert not Extension.objects.exists()


def test_the_form_offers_every_language() -> None:
    demo()
    page = Client().get("/contact/website/").text
    offered = re.findall(r'hreflang="(\w+)"', page)
    assert sorted(offered) == ["ar", "en", "he", "ru"]
