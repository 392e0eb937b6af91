"""Views of reports that managers save: for themselves or for all, and two who change one."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import SavedView
from leads.models import LeadSource
from tests.support.logins import somebody_with

PAGE = "/admin/reports/callback-times/"
VIEWS = "/admin/callbacks/savedview/"
QUERY = "period=last_week&by=day&show=ring"


@pytest.fixture
def omer(managing: Client) -> Client:
    """Another manager."""
    user = User.objects.create_user("omer", is_staff=True)
    user.groups.add(Group.objects.get(name=SALES_MANAGERS))
    client = Client()
    client.force_login(user)
    return client


def save(client: Client, name: str, query: str = QUERY, **values: str) -> str:
    sent = {"name": name, "query": query, "version": "1", "report": "callback_times", **values}
    return client.post(f"{VIEWS}add/", sent, follow=True).content.decode()


def edit(client: Client, view: SavedView, **values: str) -> str:
    sent = {"name": view.name, "query": view.query, "version": str(view.version),
            "report": view.report, **values}  # fmt: skip
    return client.post(f"{VIEWS}{view.pk}/change/", sent, follow=True).content.decode()


def chips(client: Client, query: str = "") -> list[tuple[str, bool]]:
    shown = client.get(f"{PAGE}?{query}").context["saved_views"]
    return [(it.name, it.is_chosen) for it in shown]


def test_what_the_page_shows_is_saved_and_opened_again(managing: Client, source) -> None:
    page = managing.get(f"{PAGE}?{QUERY}&source={source.pk}&compare=yes")
    to_save = page.context["view_to_save"]
    form = managing.get(to_save).content.decode()
    assert "Last week · Sources: Website · Group by: Day · Columns: Time to ring" in form
    asked = parse_qs(urlsplit(to_save).query)["query"][0]
    assert "Save a new view" in form
    shown = managing.post(
        f"{VIEWS}add/",
        {"name": "Mondays", "query": asked, "version": "1", "report": "callback_times"},
        follow=True,
    )
    assert shown.redirect_chain[-1][0].startswith(PAGE)
    assert shown.context["selected"].query().urlencode() == asked
    assert chips(managing, asked) == [("Mondays", True)]
    assert chips(managing) == [("Mondays", False)]
    assert "view_by_mail" not in managing.get(PAGE).context
    by_mail = managing.get(f"{PAGE}?{asked}").context["view_by_mail"]
    assert "Mondays" in managing.get(by_mail).content.decode()


def test_it_is_ones_own_unless_it_is_shared(managing: Client, omer: Client) -> None:
    save(managing, "Mine")
    save(managing, "Ours", is_shared="on")
    assert [name for name, _ in chips(managing)] == ["Mine", "Ours"]
    assert [name for name, _ in chips(omer)] == ["Ours"]
    mine = SavedView.objects.get(name="Mine")
    assert omer.get(f"{VIEWS}{mine.pk}/change/").status_code == 302
    edit(omer, mine, name="Stolen")
    mine.refresh_from_db()
    assert mine.name == "Mine"


def test_a_shared_one_is_renamed_by_all_and_deleted_by_its_owner(managing, omer) -> None:
    save(managing, "Ours", is_shared="on")
    view = SavedView.objects.get()
    edit(omer, view, name="Ours too", is_shared="on")
    view.refresh_from_db()
    assert (view.name, view.version, view.owner.username) == ("Ours too", 2, "dana")
    assert omer.post(f"{VIEWS}{view.pk}/delete/", {"post": "yes"}).status_code == 403
    assert managing.post(f"{VIEWS}{view.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not SavedView.objects.exists()


def test_of_two_who_change_one_the_second_is_told_and_loses_nothing(managing, omer) -> None:
    save(managing, "Ours", is_shared="on")
    view = SavedView.objects.get()
    edit(omer, view, name="Omer's", is_shared="on")
    page = edit(managing, view, name="Dana's", is_shared="on")
    assert "It is now called Omer&#x27;s and shows" in page
    assert 'value="Dana&#x27;s"' in page  # what was typed is still there
    view.refresh_from_db()
    assert view.name == "Omer's"


def test_a_view_shows_something_else_from_now_on(managing, omer) -> None:
    save(managing, "Ours", is_shared="on")
    view = SavedView.objects.get()
    page = save(managing, "", "period=today&by=source&show=main", replaced=f"{view.pk}:1")
    assert "Callback times" in page
    view.refresh_from_db()
    assert (view.name, view.query, view.version) == (
        "Ours", "period=today&by=source&show=main", 2,
    )  # fmt: skip
    assert view.is_shared
    page = save(omer, "", "period=7&by=source&show=main", replaced=f"{view.pk}:1")
    assert "Select a valid choice" in page or "Somebody else has changed this view" in page
    view.refresh_from_db()
    assert view.query == "period=today&by=source&show=main"
    assert SavedView.objects.count() == 1


def test_nobody_replaces_a_view_that_they_do_not_see(managing, omer) -> None:
    save(managing, "Mine")
    view = SavedView.objects.get()
    save(omer, "", "period=7&by=source&show=main", replaced=f"{view.pk}:1")
    view.refresh_from_db()
    assert view.query == QUERY


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("Mine", QUERY, "A saved view with this name already exists."),
        ("", QUERY, "Enter a name."),
        ("Other", "period=never", "Choose what the report shows, then save it."),
        ("Other", "", "This field is required."),
        ("Other", "period=7&source=99999999", "Choose what the report shows, then save it."),
    ],
)
def test_what_cannot_be_saved(managing: Client, name: str, query: str, said: str) -> None:
    save(managing, "Mine")
    assert said in save(managing, name, query)
    assert SavedView.objects.count() == 1


def test_a_view_whose_source_is_gone_says_so(managing: Client, source: LeadSource) -> None:
    save(managing, "Website", f"{QUERY}&source={source.pk}")
    assert "One of these sources does not exist" not in managing.get(VIEWS).content.decode()
    source.delete()
    assert "One of these sources does not exist" in managing.get(VIEWS).content.decode()
    view = SavedView.objects.get()
    page = managing.get(f"{PAGE}?{view.query}")
    assert "One of these sources does not exist" in page.content.decode()


def test_who_may_not_save_or_subscribe_is_not_asked_to(db: None) -> None:
    client = Client()
    client.force_login(somebody_with("leads.view_lead"))
    context = client.get(PAGE).context
    assert "view_to_save" not in context
    assert "view_by_mail" not in context
    assert client.get(f"{VIEWS}add/?query={QUERY}").status_code == 403
    assert client.get(VIEWS).status_code == 403


def test_no_button_of_the_form_leads_to_where_nothing_says_what_is_saved(managing: Client) -> None:
    to_save = managing.get(f"{PAGE}?{QUERY}").context["view_to_save"]
    form = managing.get(to_save).content.decode()
    assert f'href="{VIEWS}add/"' not in form
    assert "_addanother" not in form


def test_a_view_stays_one_of_its_report(managing: Client) -> None:
    save(managing, "Mondays")
    view = SavedView.objects.get()
    edit(managing, view, report="people", name="Tuesdays")
    view.refresh_from_db()
    assert (view.name, view.report, view.query) == ("Tuesdays", "callback_times", view.query)
