"""Filters that managers save: for themselves or for all, and two who change one."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import SavedList
from leads.models import Lead

LEADS = "/admin/leads/lead/"
LISTS = "/admin/callbacks/savedlist/"


@pytest.fixture
def omer(managing: Client) -> Client:
    """Another manager."""
    user = User.objects.create_user("omer", is_staff=True)
    user.groups.add(Group.objects.get(name=SALES_MANAGERS))
    client = Client()
    client.force_login(user)
    return client


def save(client: Client, name: str, query: str = "status__exact=failed", **values: str) -> object:
    return client.post(f"{LISTS}add/", {"name": name, "query": query, "version": "1", **values})


def names(client: Client) -> list[str]:
    return [chip.name for chip in client.get(LEADS).context["cl"].saved_lists]


def edit(client: Client, saved: SavedList, **values: str) -> str:
    sent = {"name": saved.name, "query": saved.query, "version": str(saved.version), **values}
    return client.post(f"{LISTS}{saved.pk}/change/", sent, follow=True).content.decode()


def test_the_present_filter_is_saved_and_opened_again(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    make_lead(name="Noa Levi")
    make_lead(name="Omer Katz")
    page = managing.get(f"{LEADS}?q=levi&status__exact=waiting&p=1&o=-1")
    form = managing.get(page.context["cl"].address_to_save)
    asked = parse_qs(urlsplit(page.context["cl"].address_to_save).query)["query"][0]
    assert asked == "q=levi&status__exact=waiting"
    assert "search: levi · status: waiting" in form.content.decode()
    answer = managing.post(f"{LISTS}add/", {"name": "Levis", "query": asked, "version": "1"})
    shown = managing.get(answer.headers["Location"]).context["cl"]
    assert [lead.name for lead in shown.result_list] == ["Noa Levi"]
    assert [(chip.name, chip.is_chosen) for chip in shown.saved_lists] == [("Levis", True)]
    assert not managing.get(LEADS).context["cl"].address_to_save


def test_it_is_ones_own_unless_it_is_shared(managing: Client, omer: Client) -> None:
    save(managing, "Mine")
    save(managing, "Ours", is_shared="on")
    assert (names(managing), names(omer)) == (["Mine", "Ours"], ["Ours"])
    mine, ours = SavedList.objects.order_by("name")
    assert omer.get(f"{LISTS}{mine.pk}/change/").status_code == 302
    assert omer.post(f"{LISTS}{mine.pk}/delete/", {"post": "yes"}).status_code == 302
    edit(omer, ours, name="Failed", is_shared="on")
    assert omer.post(f"{LISTS}{ours.pk}/delete/", {"post": "yes"}).status_code == 403
    assert names(omer) == ["Failed"]
    managing.post(f"{LISTS}{ours.pk}/delete/", {"post": "yes"})
    assert (names(managing), names(omer)) == (["Mine"], [])


def test_of_two_who_change_one_the_second_is_told(managing: Client, omer: Client) -> None:
    save(managing, "Ours", is_shared="on")
    read = SavedList.objects.get()
    edit(managing, read, name="Failed", is_shared="on")
    told = edit(omer, read, name="To be called", is_shared="on")
    assert ("Somebody else has changed this list in the meantime. It is now called Failed.") in told
    assert names(omer) == ["Failed"]
    edit(omer, SavedList.objects.get(), name="To be called", is_shared="on")
    assert names(managing) == ["To be called"]


def test_one_that_was_deleted_meanwhile_is_gone(managing: Client, omer: Client) -> None:
    save(managing, "Ours", is_shared="on")
    read = SavedList.objects.get()
    read_pk = read.pk
    SavedList.objects.all().delete()
    read.pk = read_pk
    assert "exist" in edit(omer, read, name="Mine")


@pytest.mark.parametrize("query", ["", "p=3", "&&&", "o=1&all=", "status__exact=%00", "x" * 1001])
def test_what_is_no_filter_is_not_saved(query: str, managing: Client) -> None:
    answer = save(managing, "Mine", query)
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert not SavedList.objects.exists()


def test_a_name_is_given_once(managing: Client, omer: Client) -> None:
    save(managing, "Mine")
    save(managing, "Mine")
    save(omer, "Mine")
    assert SavedList.objects.count() == 2


@pytest.mark.parametrize(
    "query", ["source__id__exact=999999", "source__id__exact=x", "nonsense=1", "submitted=never",
              "report=nonsense", "q=%D7%A0", "status__exact=gone"],
)  # fmt: skip
def test_what_is_gone_since_is_no_error(query: str, managing: Client, manager: User) -> None:
    saved = SavedList.objects.create(name="Old", owner=manager, query=query)
    assert managing.get(f"{LEADS}?{query}", follow=True).status_code == 200
    assert managing.get(LISTS).status_code == 200
    assert managing.get(f"{LISTS}{saved.pk}/change/").status_code == 200


def test_it_is_for_those_who_may(staff_with: Callable[..., Client]) -> None:
    seeing = staff_with("leads.view_lead")
    assert not seeing.get(f"{LEADS}?q=levi").context["cl"].address_to_save
    assert seeing.get(f"{LISTS}add/?query=q%3Dlevi").status_code == 403


def test_there_is_something_to_save(managing: Client) -> None:
    assert managing.get(f"{LISTS}add/?query=q%3Dlevi").status_code == 200
    assert managing.get(f"{LISTS}add/").status_code == 403
