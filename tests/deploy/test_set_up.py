"""`manage.py set_up`: what a new installation starts with."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from callbacks.models import Extension, Team
from leads.models import LeadSource

pytestmark = pytest.mark.django_db(transaction=True)

ALL = (
    "--user", "dana", "--email", "dana@example.com", "--source", "website", "--team", "Sales",
    "--origin", "WWW.example.com/contact/", "--extension", "101", "--extension", "SIPaB",
)  # fmt: skip


def set_up(*arguments: str) -> str:
    said = StringIO()
    call_command("set_up", *arguments, stdout=said)
    return said.getvalue()


def test_it_makes_all_that_a_first_call_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-first-password")
    said = set_up(*ALL)
    source, team = LeadSource.objects.get(), Team.objects.get()
    assert (source.slug, source.name, source.allowed_origins) == (
        "website", "Website", ["https://www.example.com"],
    )  # fmt: skip
    assert list(team.sources.all()) == [source]
    assert set(Extension.objects.values_list("number", "team__name")) == {
        ("101", "Sales"), ("SIPaB", "Sales"),
    }  # fmt: skip
    login = get_user_model().objects.get()
    assert login.check_password("a-long-first-password")
    assert login.is_superuser
    assert "/contact/website/" in said
    assert "a-long-first-password" not in said


def test_repeated_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-first-password")
    set_up(*ALL)
    LeadSource.objects.update(name="As a manager has named it", allowed_origins=[])
    Extension.objects.filter(number="101").update(is_active=False)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "another-long-password")
    said = set_up(*ALL)
    assert "created" not in said
    assert LeadSource.objects.get().name == "As a manager has named it"
    assert not Extension.objects.get(number="101").is_active
    assert get_user_model().objects.get().check_password("a-long-first-password")


def test_repeated_without_a_team_it_takes_the_one_that_answers_the_source() -> None:
    set_up("--source", "website", "--team", "Support", "--extension", "201")
    assert "left the team Support as it is" in set_up("--source", "website", "--extension", "202")
    assert [team.name for team in Team.objects.all()] == ["Support"]


def test_what_is_missing_is_added() -> None:
    set_up("--extension", "101")
    set_up("--extension", "101", "--extension", "102", "--source", "landing-page")
    assert Extension.objects.count() == 2
    assert set(Team.objects.get().sources.values_list("slug", flat=True)) == {
        "website", "landing-page",
    }  # fmt: skip
    assert not get_user_model().objects.exists(), "nobody was asked for"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "not a slug"], "The source 'not a slug': "),
        (["--origin", "javascript:alert(1)"], "javascript:alert(1)"),
        (
            ["--extension", "101", "--extension", "1 0 1"],
            "The extension '1 0 1': Use only letters, digits",
        ),
        (["--team", "S" * 101], "The team"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_created(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError) as problem:
        set_up(*arguments)
    assert words in str(problem.value)
    assert problem.value.returncode == 2
    assert not LeadSource.objects.exists()
    assert not Team.objects.exists()
