"""The page that imports extensions, with the account answering over HTTP."""

import re
from collections.abc import Callable

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from callbacks.admin.extensions.account_import import ROWS
from callbacks.models import Extension, Team
from callbacks.telephony import account
from tests.support.simulator import SimulatorProcess
from tests.support.stack import free_port

LIST = "/admin/callbacks/extension/"
PAGE = f"{LIST}import/"


@pytest.fixture(autouse=True)
def _account(simulator: SimulatorProcess, extension: Extension, team: Team) -> None:
    """105 is new, 101 is renamed, 109 is gone."""
    simulator.control(
        extensions={"101": "online", "105": "online"}, names={"101": "Dana Levi", "105": "Noa"}
    )
    Extension.objects.create(number="109", name="Omer", team=team)


def seen(client: Client) -> str:
    page = client.get(PAGE).content.decode()
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in answer.context["messages"]]  # type: ignore[attr-defined]


def rows() -> list[tuple[str, str, bool]]:
    return list(Extension.objects.order_by("number").values_list("number", "name", "is_active"))


UNTOUCHED = [("101", "Dana", True), ("109", "Omer", True)]


def test_it_shows_what_differs_and_changes_nothing(managing: Client) -> None:
    page = managing.get(PAGE).content.decode()
    for words in (
        "New in the account",
        "Different name in the account",
        "No longer in the account",
    ):
        assert words in page
    assert re.search(r'name="add" value="105" checked', page)
    assert re.search(r'name="rename" value="101">', page)  # our name stays unless ticked
    assert re.search(r'name="switch_off" value="109">', page)
    assert rows() == UNTOUCHED


@pytest.mark.parametrize(
    ("names", "is_active", "known"),
    [
        ({"101": "Dana Levi"}, True, ["1 is already here.", "1 has a different name here."]),
        ({"101": "Dana"}, True, ["1 is already here."]),
        ({"101": "Dana"}, False, ["1 is already here.", "1 is switched off here and stays off."]),
        ({"101": "Dana"}, None, ["None of them is here yet."]),
    ],
    ids=["under another name", "the same", "switched off", "new"],
)
def test_it_says_how_many_are_known_here(
    names: dict[str, str],
    is_active: bool | None,
    known: list[str],
    managing: Client,
    simulator: SimulatorProcess,
) -> None:
    ours = Extension.objects.filter(number="101")
    if is_active is None:
        ours.delete()
    else:
        ours.update(is_active=is_active)
    simulator.control(extensions={"101": "online"}, names=names)
    page = " ".join(managing.get(PAGE).content.decode().split())
    sentences = (
        "1 is already here.", "1 has a different name here.",
        "1 is switched off here and stays off.", "None of them is here yet.",
    )  # fmt: skip
    assert [it for it in sentences if it in page] == known


def test_what_is_ticked_is_done_and_logged(managing: Client, manager: User, team: Team) -> None:
    ticked = {"add": ["105"], "rename": ["101"], "switch_off": ["109"], "team": team.pk}
    answer = managing.post(PAGE, {"seen": seen(managing), **ticked}, follow=True)
    assert said(answer) == ["Extensions: 1 added, 1 renamed, 1 switched off."]
    assert rows() == [("101", "Dana Levi", True), ("105", "Noa", True), ("109", "Omer", False)]
    logged = LogEntry.objects.order_by("pk").values_list(
        "user", "object_repr", "action_flag", "change_message"
    )
    assert list(logged) == [
        (manager.pk, "105 Noa", ADDITION, "Imported from the account"),
        (manager.pk, "101 Dana Levi", CHANGE, "Renamed by an import, from: Dana"),
        (manager.pk, "109 Omer", CHANGE, "Switched off: no longer in the account"),
    ]


def test_what_is_not_ticked_is_left_alone(managing: Client, team: Team) -> None:
    answer = managing.post(PAGE, {"seen": seen(managing), "team": team.pk}, follow=True)
    assert said(answer) == ["Nothing was ticked, so nothing was changed."]
    assert rows() == UNTOUCHED
    assert not LogEntry.objects.exists()


def test_new_ones_need_a_team_and_ticks_outlive_the_error(managing: Client) -> None:
    Team.objects.create(name="Support")
    answer = managing.post(PAGE, {"seen": seen(managing), "add": ["105"], "switch_off": ["109"]})
    page = answer.content.decode()
    assert "Choose a team for the new extensions." in page
    assert re.search(r'name="switch_off" value="109" checked', page)
    assert re.search(r'name="rename" value="101">', page)
    assert rows() == UNTOUCHED


def test_the_only_team_is_chosen_already(managing: Client, team: Team) -> None:
    assert f'<option value="{team.pk}" selected>' in managing.get(PAGE).content.decode()


def test_an_account_that_has_changed_meanwhile_is_shown_anew(
    managing: Client, simulator: SimulatorProcess, team: Team
) -> None:
    before = seen(managing)
    simulator.control(extensions={"106": "online"}, names={"106": "Lior"})
    answer = managing.post(PAGE, {"seen": before, "add": ["105"], "team": team.pk})
    [words] = said(answer)
    assert "Nothing was done" in words
    page = answer.content.decode()
    assert 'value="106"' in page
    assert before not in page
    assert rows() == UNTOUCHED


def test_extensions_that_were_changed_here_meanwhile_are_shown_anew(
    managing: Client, team: Team
) -> None:
    before = seen(managing)
    Extension.objects.filter(number="109").update(is_active=False)
    answer = managing.post(PAGE, {"seen": before, "rename": ["101"], "switch_off": ["109"]})
    assert "Nothing was done" in said(answer)[0]
    assert Extension.objects.get(number="101").name == "Dana"


def test_a_forged_choice_does_nothing(managing: Client, team: Team) -> None:
    forged = {"seen": seen(managing), "switch_off": ["101"], "add": ["999"], "team": team.pk}
    assert managing.post(PAGE, forged).status_code == 200
    assert managing.post(PAGE, {"add": ["105"], "team": team.pk}).status_code == 200
    assert rows() == UNTOUCHED


def test_an_empty_answer_changes_nothing_and_says_why(
    managing: Client, settings: Settings, team: Team
) -> None:
    before = seen(managing)
    settings.VOICENTER_CODE = "not-the-code"
    account.client.cache_clear()
    for answer in (
        managing.get(PAGE),
        managing.post(PAGE, {"seen": before, "switch_off": ["109"], "team": team.pk}),
    ):
        page = answer.content.decode()
        assert "A wrong code gets the same answer" in page
        assert 'type="checkbox"' not in page
        assert "not-the-code" not in page
    assert rows() == UNTOUCHED


def test_a_provider_that_cannot_be_asked_is_no_error_of_ours(
    managing: Client, settings: Settings, simulator: SimulatorProcess
) -> None:
    simulator.control(forbid=True)
    assert "does not accept this server" in managing.get(PAGE).content.decode()
    settings.VOICENTER_URL = f"http://127.0.0.1:{free_port()}/x"
    account.client.cache_clear()
    answer = managing.get(PAGE)
    assert answer.status_code == 200
    assert "The provider cannot be reached. Nothing was changed." in answer.content.decode()


def test_a_name_of_the_account_is_text(managing: Client, simulator: SimulatorProcess) -> None:
    simulator.control(names={"105": "<script>alert(1)</script>"})
    page = managing.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_cannot_be_taken_over_is_said_and_not_offered(managing: Client, team: Team) -> None:
    Extension.objects.create(number="105", kind=Extension.Kind.LOGIN_CODE, team=team)
    page = managing.get(PAGE).content.decode()
    assert "here it is the number of another kind of phone" in page
    assert 'value="105"' not in page


def test_a_large_account_comes_in_pages_that_a_form_can_send(
    managing: Client, simulator: SimulatorProcess, team: Team
) -> None:
    many = [str(number) for number in range(200, 300)]
    simulator.control(extensions=dict.fromkeys(many, "online"))
    page = managing.get(PAGE).content.decode()
    ticked = re.findall(r'name="add" value="(\d+)" checked', page)
    assert len(ticked) == ROWS
    form = {"seen": seen(managing), "add": ticked, "team": team.pk}
    assert managing.post(PAGE, form).status_code == 302
    assert Extension.objects.filter(number__in=ticked).count() == ROWS
    assert 'name="rename" value="101">' in managing.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "permissions",
    [
        ("callbacks.view_extension",),
        ("callbacks.view_extension", "callbacks.add_extension"),
        ("callbacks.view_extension", "callbacks.change_extension"),
    ],
)
def test_it_takes_both_permissions(
    permissions: tuple[str, ...], staff_with: Callable[..., Client], managing: Client, team: Team
) -> None:
    client = staff_with(*permissions)
    assert PAGE not in client.get(LIST).content.decode()
    assert client.get(PAGE).status_code == 403
    form = {"seen": seen(managing), "add": ["105"], "team": team.pk}
    assert client.post(PAGE, form).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert rows() == UNTOUCHED
    assert PAGE in managing.get(LIST).content.decode()


def test_a_post_of_another_site_does_nothing(manager: User, managing: Client, team: Team) -> None:
    before = seen(managing)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(manager)
    form = {"seen": before, "add": ["105"], "team": team.pk}
    assert strict.post(PAGE, form).status_code == 403
    assert rows() == UNTOUCHED


def test_it_says_so_when_a_team_is_left_without_extensions(managing: Client) -> None:
    Extension.objects.filter(number="109").update(team=Team.objects.create(name="Support"))
    answer = managing.post(PAGE, {"seen": seen(managing), "switch_off": ["109"]}, follow=True)
    assert any("Team Support has no extension" in words for words in said(answer))
    assert not any("Team Sales" in words for words in said(answer))
