"""Objects and people have names in the audit's list, even after they are deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import Extension, Team
from leads.models import BlockEntry, Lead, NeverCallNumber
from tests.support.logins import somebody_with

pytestmark = pytest.mark.django_db
LIST = "/admin/callbacks/auditentry/"
MakeLead = Callable[..., Lead]


def reading(*rights: str) -> Client:
    client = Client()
    name = f"auditor-{User.objects.count()}"
    client.force_login(somebody_with("callbacks.view_auditentry", *rights, name=name))
    return client


def named(kind: str, *rights: str) -> list[str]:
    """The names of objects of this kind, newest first."""
    found = reading(*rights).get(f"{LIST}?kind={kind}").context["cl"].result_list
    return [it.name for it in found]


def log(thing: Any, said: str) -> None:
    LogEntry.objects.create(
        user_id=User.objects.create_user("dana").pk,
        content_type=ContentType.objects.get_for_model(thing),
        object_id=str(thing.pk), object_repr="", action_flag=CHANGE, change_message=said,
    )  # fmt: skip


def a_login_in_a_group() -> None:
    user, group = User.objects.create_user("anna"), Group.objects.create(name="Night shift")
    user.groups.add(group)


def and_both_are_gone() -> None:
    a_login_in_a_group()
    User.objects.filter(username="anna").delete()
    Group.objects.filter(name="Night shift").delete()


# What is done, the kind of its entries, and the names that they show, newest first.
NAMES: list[tuple[Callable[[], None], str, list[str]]] = [
    (a_login_in_a_group, "auth_user_groups", ["anna · Night shift"]),
    (
        and_both_are_gone, "auth_user_groups",
        ["anna, deleted · Night shift, deleted", "anna, deleted · Night shift, deleted"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "names"), NAMES, ids=[it[0].__name__ for it in NAMES])
def test_what_links_two_is_called_by_both(
    act: Callable[[], None], kind: str, names: list[str]
) -> None:
    act()
    # In either order, which depends on the order of the table's columns.
    assert [set(it.split(" · ")) for it in named(kind)] == [set(it.split(" · ")) for it in names]


def test_what_is_gone_keeps_its_last_name(team: Team) -> None:
    gone = Team.objects.create(name="Nights")
    Extension.objects.create(number="102", team=gone)
    Extension.objects.filter(number="102").update(team=team)
    Team.objects.filter(pk=gone.pk).delete()
    entry = next(
        it
        for it in reading().get(f"{LIST}?kind=callbacks_extension").context["cl"].result_list
        if it.act == "changed"
    )
    page = reading().get(f"{LIST}{entry.pk}/change/").content.decode()
    assert f"Nights, deleted ({gone.pk})" in page


# The reader's rights, whether the lead was erased, and the name shown.
LEADS = [
    ("may see leads", ["leads.view_lead"], False, "Noa Levi"),
    ("may not", [], False, ""),
    ("erased", ["leads.view_lead"], True, "erased"),
]


@pytest.mark.parametrize(
    ("rights", "is_erased", "name"), [it[1:] for it in LEADS], ids=[it[0] for it in LEADS]
)
def test_a_lead_is_named_to_whoever_may_see_it(
    rights: list[str], is_erased: bool, name: str, make_lead: MakeLead
) -> None:
    lead = make_lead(erased_at=timezone.now() if is_erased else None)
    log(lead, "Call now")
    assert named("leads_lead", *rights) == [name]


def test_what_the_audit_does_not_keep_is_read_by_whoever_may_see_it() -> None:
    BlockEntry.objects.create(kind="word", value="casino")
    NeverCallNumber.objects.create(phone="+972505550101")
    assert named("leads_blockentry") == [""]
    assert named("leads_nevercallnumber") == [""]
    [entry] = named("leads_blockentry", "leads.view_blockentry")
    [number] = named("leads_nevercallnumber", "leads.view_nevercallnumber")
    assert "casino" in entry
    assert "0101" in number


def test_its_queries_do_not_grow_with_its_rows(make_lead: MakeLead) -> None:
    def queries() -> int:
        client = reading("leads.view_lead")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{LIST}?kind=leads_lead")
        return len(captured)

    log(make_lead(), "Call now")
    queries()
    before = queries()
    user = User.objects.get(username="dana")
    for _ in range(5):
        lead = make_lead()
        LogEntry.objects.create(
            user=user, content_type=ContentType.objects.get_for_model(Lead),
            object_id=str(lead.pk), object_repr="", action_flag=CHANGE, change_message="Cancelled",
        )  # fmt: skip
    assert queries() == before
