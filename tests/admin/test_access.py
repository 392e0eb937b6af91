"""The first page, the side bar, and the group of sales managers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.access.groups import ensure_roles
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.admin import dashboard
from callbacks.models import Extension
from leads.config_cache import one_version
from leads.models import Lead, LeadSource

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


def test_the_first_page_counts_what_needs_somebody(
    make_lead: Callable[..., Lead], extension: Extension
) -> None:
    with time_machine.travel(NOON, tick=False):
        closed_at = NOON - timedelta(minutes=1)
        late = {
            "due_at": NOON - timedelta(seconds=5),
            "clock_started_at": NOON - timedelta(minutes=2),
        }
        make_lead()
        make_lead(**late)
        make_lead(call_after=NOON + timedelta(hours=1))
        make_lead(status="calling")
        make_lead(status="connected", closed_at=closed_at, connected_at=closed_at)
        make_lead(status="failed", closed_at=closed_at)
        # 00:30 today by UTC is today in Jerusalem too; 21:30 UTC of yesterday is not.
        make_lead(status="failed", closed_at=datetime(2026, 3, 24, 21, 30, tzinfo=UTC))
        # No team answers this source, but its second lead is already being called.
        other = LeadSource.objects.create(slug="other", name="Other")
        make_lead(source=other)
        make_lead(source=other, status="calling")
        with one_version(), CaptureQueriesContext(connection) as captured:
            counts = {tile.title: tile.count for tile in dashboard.tiles(NOON)}
    assert counts == {
        "Waiting for an extension": 3,
        "To be called later": 1,
        "Calling now": 2,
        "Overdue, not rung yet": 1,
        "Nobody will call": 1,
        "Held for review": 0,
        "Failed today": 1,
    }
    assert len(captured) == 5


def test_a_number_leads_to_its_leads(managing: Client, make_lead: Callable[..., Lead]) -> None:
    make_lead(status="calling")
    assert "Calling now" in [it.title for it in managing.get("/admin/").context["tiles"]]
    for tile in dashboard.tiles(NOON):
        assert managing.get(tile.address).status_code == 200


def test_who_may_not_see_leads_sees_no_numbers(staff_with: Callable[..., Client]) -> None:
    page = staff_with("callbacks.view_team").get("/admin/").content.decode()
    assert "Calling now" not in page
    assert "You do not have permission to see the overview." in page
    assert "/admin/callbacks/team/" in page
    for hidden in ("/admin/leads/lead/", "/admin/reports/", "/admin/auth/user/"):
        assert f'href="{hidden}' not in page


def group() -> Group:
    return Group.objects.get(name="Sales managers")


def test_the_group_is_there_with_all_its_permissions_without_anybodys_doing(db: None) -> None:
    assert group().permissions.count() == len(DEFINITIONS[Role.MANAGER].rights)


def test_what_was_changed_in_the_group_stays(db: None) -> None:
    group().permissions.remove(Permission.objects.get(codename="call_lead"))
    assert not ensure_roles()
    call_command("migrate", verbosity=0)
    assert not group().permissions.filter(codename="call_lead").exists()


def test_a_group_that_somebody_threw_away_comes_back_with_the_next_migration(db: None) -> None:
    group().delete()
    call_command("migrate", verbosity=0)
    assert group().permissions.filter(codename="call_lead").exists()


def test_permissions_that_came_with_an_upgrade_are_given_to_the_group_that_was_there(
    db: None,
) -> None:
    """The tables are as before the upgrade: the right does not exist, so nobody has it."""
    Permission.objects.filter(codename="hang_up_call").delete()
    group().permissions.remove(Permission.objects.get(codename="call_lead"))
    call_command("migrate", verbosity=0)
    assert group().permissions.filter(codename="hang_up_call").exists()
    assert not group().permissions.filter(codename="call_lead").exists()


def test_managers_do_not_hand_out_rights(managing: Client) -> None:
    assert managing.get("/admin/auth/group/").status_code == 403
    assert managing.post("/admin/auth/group/add/", {"name": "x"}).status_code == 403
