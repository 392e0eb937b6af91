"""Managers set limits and prices, see how far limits are used up, and reopen them."""

import re
from collections.abc import Callable
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callbacks.admin.access import SALES_MANAGERS
from callbacks.calling import dispatch
from callbacks.models import CallPrice, Extension, SpendCount, SpendLimit
from callbacks.models.spending import SpendScope
from callbacks.telephony import account
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
LIMITS = "admin:callbacks_spendlimit"


@pytest.fixture(autouse=True)
def _nothing_is_set_up() -> None:
    SpendLimit.objects.all().delete()
    CallPrice.objects.all().delete()


@pytest.fixture
def manager(client: Client) -> Client:
    user = User.objects.create_user("manager", password="-", is_staff=True)
    user.groups.add(Group.objects.get(name=SALES_MANAGERS))
    client.force_login(user)
    return client


def typed(**fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("source", "country", "calls_an_hour", "calls_a_day", "cost_an_hour", "cost_a_day"), ""
    )
    return {"scope": "all", **empty, **fields}


# What is typed -> what is stored, or the sentence that says what is wrong.
TYPED = [
    ("all calls", {"calls_an_hour": "10"}, ("all", None, "")),
    ("a country by name", {"scope": "country", "country": "Israel"}, ("country", None, "IL")),
    ("a country by code", {"scope": "country", "country": "il"}, ("country", None, "IL")),
    ("no such country", {"scope": "country", "country": "Narnia"}, "no country"),
    ("a country that is not named", {"scope": "country"}, "Enter the country"),
    ("a source that is not named", {"scope": "source"}, "Choose the source"),
    ("what the scope does not name is left out", {"country": "Israel"}, ("all", None, "")),
    ("less than nothing", {"cost_a_day": "-1"}, "greater than or equal to 0"),
]


@pytest.mark.parametrize(("fields", "right"), [it[1:] for it in TYPED], ids=[it[0] for it in TYPED])
def test_what_a_manager_types(fields: dict[str, Any], right: Any, manager: Client) -> None:
    answer = manager.post(reverse(f"{LIMITS}_add"), typed(**fields))
    if isinstance(right, str):
        assert answer.status_code == 200
        assert right in answer.content.decode()
        assert not SpendLimit.objects.exists()
    else:
        limit = SpendLimit.objects.get()
        assert (limit.scope, limit.source, limit.country) == right


def test_one_limit_for_the_same_calls(manager: Client) -> None:
    SpendLimit.objects.create(scope=SpendScope.ALL)
    page = manager.post(reverse(f"{LIMITS}_add"), typed()).content.decode()
    assert "These calls already have a limit." in page
    assert SpendLimit.objects.count() == 1


@pytest.fixture
def full(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, settings: Any
) -> Lead:
    """A lead that waits, since the limit of the hour is used up."""
    settings.VOICENTER_CONNECT_TIMEOUT = settings.VOICENTER_TIMEOUT = 60.0
    account.client.cache_clear()
    simulator.control(answer_after=600)
    SpendLimit.objects.create(scope=SpendScope.ALL, calls_an_hour=1)
    Extension.objects.create(number="102", name="Omer", team=extension.team)
    assert dispatch.call_lead(make_lead().pk)
    lead = make_lead()
    assert dispatch.call_lead(lead.pk) is None
    return lead


def is_due(lead: Lead) -> bool:
    lead.refresh_from_db()
    return lead.call_after <= timezone.now()


def test_the_list_shows_how_far_a_limit_is_used(full: Lead, manager: Client) -> None:
    assert "1 of 1 call" in manager.get(reverse(f"{LIMITS}_changelist")).content.decode()


# The limit and what is used of it; the meter's region, and whether the page says what follows.
METERS = {
    "half of it": ({"calls_an_hour": 10}, 5, "0", "good", False),
    "near": ({"calls_an_hour": 10}, 9, "0", "near", False),
    "nearly all of many": ({"calls_an_hour": 100_000}, 99_999, "0", "near", False),
    "all of its calls": ({"calls_an_hour": 10}, 10, "0", "full", True),
    "more than all": ({"calls_an_hour": 10}, 12, "0", "full", True),
    "all of its cost": ({"cost_an_hour": "2.00"}, 4, "2.00", "full", True),
    "less than a call costs is left": ({"cost_an_hour": "2.00"}, 3, "1.90", "full", True),
    "nothing may be dialled": ({"calls_an_hour": 0}, 0, "0", "full", True),
    "one of two": ({"calls_an_hour": 10, "cost_an_hour": "2.00"}, 1, "2.00", "full", True),
}


@pytest.mark.parametrize(
    ("bounds", "calls", "cost", "region", "says"), METERS.values(), ids=METERS.keys()
)
def test_a_full_limit_is_in_the_colour_of_danger_and_says_what_happens(
    bounds: dict[str, Any], calls: int, cost: str, region: str, says: bool, manager: Client
) -> None:
    CallPrice.objects.create(prefix="+972", country="IL", set_up="0.50")
    limit = SpendLimit.objects.create(scope=SpendScope.ALL, **bounds)
    began = timezone.now().replace(minute=0, second=0, microsecond=0)
    SpendCount.objects.create(limit=limit, span="hour", began_at=began, calls=calls, cost=cost)
    for page in (f"{LIMITS}_changelist", f"{LIMITS}_change"):
        address = reverse(page, args=[limit.pk] if page.endswith("change") else [])
        text = manager.get(address).text
        [found] = re.findall(r"<meter [^>]*>", text)
        at = {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', found)}
        # In HTML, with the optimum at 0, a value above `high` is two steps from it.
        assert (at["optimum"], at["max"]) == (0, 1)
        regions = {"good": at["value"] <= at["low"], "full": at["value"] > at["high"]}
        assert next((name for name, is_in in regions.items() if is_in), "near") == region
        reached = "The spending limit for this hour is reached (all calls). No more of these calls"
        assert (reached in text) == says


def test_opened_again_after_a_question(full: Lead, manager: Client) -> None:
    [limit] = SpendLimit.objects.all()
    address = reverse("admin:callbacks_spendlimit_open_hour", args=[limit.pk])
    assert "Reopen this limit for the hour?" in manager.get(address).content.decode()
    assert not is_due(full)
    answer = manager.post(address, {"confirmed": "yes"}, follow=True)
    assert "1 waiting lead is called now" in answer.content.decode()
    assert is_due(full)
    history = manager.get(reverse(f"{LIMITS}_history", args=[limit.pk])).content.decode()
    assert "Reopened for the hour" in history


def test_a_limit_that_is_raised_lets_leads_go_on(full: Lead, manager: Client) -> None:
    [limit] = SpendLimit.objects.all()
    manager.post(reverse(f"{LIMITS}_change", args=[limit.pk]), typed(calls_an_hour="2"))
    assert is_due(full)


def test_a_limit_that_is_deleted_lets_leads_go_on(full: Lead, manager: Client) -> None:
    [limit] = SpendLimit.objects.all()
    manager.post(reverse(f"{LIMITS}_delete", args=[limit.pk]), {"post": "yes"})
    assert not SpendLimit.objects.exists()
    assert is_due(full)


def test_prices_are_typed_into_the_list(manager: Client) -> None:
    price = CallPrice.objects.create(prefix="+972", country="IL")
    page = manager.get(reverse("admin:callbacks_callprice_changelist")).content.decode()
    assert "Israel" in page
    manager.post(
        reverse("admin:callbacks_callprice_changelist"),
        {
            "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": price.pk,
            "form-0-set_up": "0.1", "form-0-per_minute": "0.05", "_save": "Save",
        },
    )  # fmt: skip
    price.refresh_from_db()
    assert (str(price.set_up), str(price.per_minute)) == ("0.1000", "0.0500")


@pytest.mark.parametrize(
    "address",
    [
        f"{LIMITS}_changelist", f"{LIMITS}_add", "admin:callbacks_callprice_changelist",
        "admin:callbacks_callprice_add",
    ],
)  # fmt: skip
def test_a_login_without_rights_sees_nothing(
    address: str, client: Client, source: LeadSource
) -> None:
    client.force_login(User.objects.create_user("analyst", password="-", is_staff=True))
    assert client.get(reverse(address)).status_code == 403


def test_a_login_that_may_only_look_opens_nothing(full: Lead, client: Client) -> None:
    user = User.objects.create_user("viewer", password="-", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_spendlimit"))
    client.force_login(user)
    [limit] = SpendLimit.objects.all()
    address = reverse("admin:callbacks_spendlimit_open_hour", args=[limit.pk])
    assert client.post(address, {"confirmed": "yes"}).status_code == 403
    assert not is_due(full)


@pytest.mark.parametrize(
    "page",
    [
        "/admin/callbacks/spendlimit/", "/admin/callbacks/spendlimit/add/",
        "/admin/callbacks/callprice/",
    ],
)  # fmt: skip
def test_what_is_an_estimate_is_said(page: str, admin_client: Client) -> None:
    shown = admin_client.get(page).content.decode()
    assert "Until its record arrives, a call counts as three minutes" in shown
    assert "a call to a salesperson's phone outside the account is not counted" in unescape(shown)


def test_a_new_installation_begins_with_a_limit_that_a_small_team_notices() -> None:
    import_module("callbacks.migrations.0039_spending").fill(apps, None)
    [limit] = SpendLimit.objects.all()
    assert (limit.calls_an_hour, limit.calls_a_day) == (250, 1000)
