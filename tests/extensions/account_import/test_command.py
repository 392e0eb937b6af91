"""`voicenter import`."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from callbacks.models import Extension, Team
from tests.console.conftest import Ended
from tests.support.simulator import SimulatorProcess

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _account(simulator: SimulatorProcess, extension: Extension, team: Team) -> None:
    """105 and 106 are new, 101 is renamed, 109 is gone."""
    simulator.control(
        extensions=dict.fromkeys(("101", "105", "106"), "online"),
        names={"101": "Dana Levi", "105": "Noa", "106": "Lior"},
    )
    Extension.objects.create(number="109", name="Omer", team=team)


def rows() -> list[tuple[str, str, bool]]:
    return list(Extension.objects.order_by("number").values_list("number", "name", "is_active"))


UNTOUCHED = [("101", "Dana", True), ("109", "Omer", True)]


def test_it_keeps_our_names_unless_it_is_asked(run: Run) -> None:
    ended = run("import", "--yes")
    assert "Add 2 to Sales." in ended.out
    assert Extension.objects.get(number="101").name == "Dana"
    Extension.objects.filter(number="101").update(name="")
    assert "Rename 1." in run("import", "--yes").out
    assert Extension.objects.get(number="101").name == "Dana Levi"
    Extension.objects.filter(number="101").update(name="Dana")
    assert run("import", "--only", "101", "--yes").code == 0
    assert Extension.objects.get(number="101").name == "Dana Levi"


def test_it_takes_over_new_ones_and_names_and_leaves_what_is_gone(run: Run) -> None:
    ended = run("import", "--rename", "--yes")
    assert ended.code == 0
    assert "Add 2 to Sales, rename 1." in ended.out
    assert rows() == [
        ("101", "Dana Levi", True), ("105", "Noa", True), ("106", "Lior", True),
        ("109", "Omer", True),
    ]  # fmt: skip
    assert "gone" in run("import").out


def test_the_preview_changes_nothing(run: Run) -> None:
    ended = run("import", "--preview", "--json")
    assert ended.document["done"] is None
    assert ended.document["plan"]["new"] == [
        {"number": "105", "name": "Noa"},
        {"number": "106", "name": "Lior"},
    ]
    assert "renamed  101  Dana -> Dana Levi" in run("import", "--preview").out
    assert rows() == UNTOUCHED


def test_nobody_was_asked_so_nothing_is_changed(run: Run) -> None:
    assert run("import").code == 7
    assert rows() == UNTOUCHED


@pytest.mark.parametrize("arguments", [("--switch-off", "109"), ("--switch-off-gone",)])
def test_what_is_gone_is_switched_off_when_that_is_said(
    arguments: tuple[str, ...], run: Run
) -> None:
    ended = run("import", "--only", "105", *arguments, "--yes", "--json")
    assert ended.document["done"] == {"added": ["105"], "renamed": [], "switched_off": ["109"]}
    assert rows() == [("101", "Dana", True), ("105", "Noa", True), ("109", "Omer", False)]


@pytest.mark.parametrize("arguments", [("--only", "999"), ("--switch-off", "101")])
def test_what_does_not_differ_cannot_be_named(arguments: tuple[str, ...], run: Run) -> None:
    assert run("import", *arguments, "--yes").code == 2
    assert rows() == UNTOUCHED


def test_of_several_teams_one_must_be_named(run: Run) -> None:
    support = Team.objects.create(name="Support")
    ended = run("import", "--yes")
    assert ended.code == 2
    assert "Sales, Support" in ended.err
    assert run("import", "--yes", "--team", "Nobody").code == 2
    assert rows() == UNTOUCHED
    assert run("import", "--yes", "--team", "Support").code == 0
    assert Extension.objects.get(number="105").team == support


def test_an_empty_answer_changes_nothing(run: Run, settings: Settings) -> None:
    settings.VOICENTER_CODE = "not-the-code"
    ended = run("import", "--switch-off-gone", "--yes", "--json")
    assert ended.code == 9
    assert "wrong code" in ended.document["message"]
    assert rows() == UNTOUCHED


def test_a_second_run_has_nothing_to_do(run: Run) -> None:
    run("import", "--rename", "--switch-off-gone", "--yes")
    ended = run("import", "--json")
    assert (ended.code, ended.document["done"]) == (0, None)
