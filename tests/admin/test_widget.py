"""A source's button on other websites, set up on its page."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.access.groups import ensure_roles
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.models import AuditEntry
from leads.models import LeadSource, Widget, WidgetText
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source

pytestmark = pytest.mark.django_db
PLAIN = {"colour": "#0b57c4", "side": "end", "appears": "at once", "after_seconds": ""}


def page_of(source: LeadSource) -> str:
    return f"/admin/leads/leadsource/{source.pk}/change/"


def save(client: Client, source: LeadSource, texts: Any = (), **widget: Any) -> Any:
    there = {"id": Widget.objects.get().pk} if Widget.objects.exists() else {}
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL")
    data |= rows("widget", {**there, **PLAIN, **widget}, there=len(there))
    data |= rows("widget_texts", *texts, there=sum("id" in it for it in texts))
    data["widget_texts-MAX_NUM_FORMS"] = 1000
    return client.post(page_of(source), data, follow=True)


def test_the_line_to_copy(managing: Client, source: LeadSource) -> None:
    page = managing.get(page_of(source)).text
    line = (
        "&lt;script src=&quot;http://testserver/widget.js&quot; "
        "data-source=&quot;website&quot; async&gt;&lt;/script&gt;"
    )
    assert line in page
    assert "No website can show the button yet" in page
    source.allowed_origins = ["https://www.example.com"]
    source.save()
    assert "No website can show the button yet" not in managing.get(page_of(source)).text


def test_who_changes_nothing_stores_nothing(managing: Client, source: LeadSource) -> None:
    assert save(managing, source).status_code == 200
    assert not Widget.objects.exists()


def test_how_it_looks_is_stored_and_kept_in_the_audit(managing: Client, source: LeadSource) -> None:
    save(managing, source, colour="#FFD23F", side="start", only_open="on")
    widget = Widget.objects.get()
    assert (widget.colour, widget.side, widget.only_open) == ("#ffd23f", "start", True)
    save(managing, source, colour="#123456")
    widget.refresh_from_db()
    assert widget.colour == "#123456"
    entries = AuditEntry.objects.filter(kind="leads_widget").order_by("pk")
    assert [it.act for it in entries] == ["added", "changed"]
    assert {it.username for it in entries} == {User.objects.get().username}


WRONG = {
    "no colour": ({"colour": "red"}, "Enter a colour like #0b57c4."),
    "a style sheet": ({"colour": "#fff}*{"}, "Enter a colour like #0b57c4."),
    "no seconds": ({"appears": "later"}, "Enter the number of seconds before the button appears."),
    "no time": ({"appears": "later", "after_seconds": "0"}, "greater than or equal to 1"),
    "an hour": ({"appears": "later", "after_seconds": "3600"}, "less than or equal to 600"),
}


@pytest.mark.parametrize(("typed", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(
    managing: Client, source: LeadSource, typed: dict[str, str], sentence: str
) -> None:
    assert sentence in save(managing, source, **typed).text
    assert not Widget.objects.exists()


def test_seconds_that_do_not_count_are_not_kept(managing: Client, source: LeadSource) -> None:
    save(managing, source, appears="later", after_seconds="7")
    assert Widget.objects.get().after_seconds == 7
    save(managing, source, appears="at the end", after_seconds="7")
    assert Widget.objects.get().after_seconds is None


def test_the_words_of_each_language(managing: Client, source: LeadSource) -> None:
    hebrew = {"language": "iw", "button": "חזרו אליי", "title": "נחזור אליכם"}
    english = {"language": "en", "button": "Ring me", "title": "We ring you"}
    save(managing, source, [hebrew, english])
    stored = list(WidgetText.objects.order_by("language").values_list("language", "button"))
    assert stored == [("en", "Ring me"), ("he", "חזרו אליי")]
    page = managing.get(page_of(source)).text
    assert '<li class="button-page" dir="rtl" lang="he">' in page

    again = save(managing, source, [{**english, "language": "he"}])
    assert "already" in again.text
    assert (
        "is not a language code"
        in save(managing, source, [{**english, "language": "English"}]).text
    )
    assert WidgetText.objects.count() == 2

    pk = WidgetText.objects.get(language="en").pk
    save(managing, source, [{**english, "id": pk, "DELETE": "on"}])
    assert WidgetText.objects.get().language == "he"


def test_who_may_only_look_changes_nothing(source: LeadSource) -> None:
    ensure_roles()
    looking = Client()
    user = User.objects.create_user("ida", is_staff=True)
    user.groups.add(
        *User.groups.field.related_model.objects.filter(name=DEFINITIONS[Role.INTEGRATOR].group)
    )
    looking.force_login(user)
    assert "Call me back" in looking.get(page_of(source)).text
    assert save(looking, source, colour="#123456").status_code == 403
    assert not Widget.objects.exists()
