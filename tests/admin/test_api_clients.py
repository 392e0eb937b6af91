"""Programs that use the API: an integrator makes, replaces and ends their keys, each shown once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from callbacks.access import groups
from callbacks.access.roles import Role
from callbacks.models import AuditEntry
from leads import api_keys
from leads.models import ApiClient, ApiKey, Lead, LeadSource

pytestmark = pytest.mark.django_db
LIST = "/admin/leads/apiclient/"
KEY = re.compile(r"lc_[a-z2-7]{8}_[\w-]{43}")


def as_(role: Role) -> Client:
    user = User.objects.create_user(f"the-{role}", is_staff=True, first_name="Dana")
    groups.give(user, role)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture
def integrator(db: None) -> Client:
    return as_(Role.INTEGRATOR)


@pytest.fixture
def shop(db: None) -> ApiClient:
    return ApiClient.objects.create(name="Shop")


def text_of(page: str) -> str:
    return " ".join(strip_tags(page).split())


def new_key(client: Client, shop: ApiClient, **said: str) -> Any:
    return client.post(f"{LIST}{shop.pk}/new-key/", {"confirmed": "yes", "ends": "365", **said})


def test_from_nothing_to_a_lead(integrator: Client, client: Client, source: LeadSource) -> None:
    filled = {
        "name": "Shop", "is_active": "on", "scopes": ["submit"], "sources": [source.pk],
        "rate": " 5/10m ",
    }  # fmt: skip
    answer = integrator.post(f"{LIST}add/", filled)
    shop = ApiClient.objects.get()
    assert (shop.name, shop.rate, shop.scopes) == ("Shop", "5/10m", ["submit"])
    assert answer["Location"] == f"{LIST}{shop.pk}/new-key/"
    question = integrator.get(answer["Location"]).content.decode()
    assert "The key is shown once" in question
    assert not ApiKey.objects.exists()
    page = new_key(integrator, shop)
    assert page["Cache-Control"].startswith("no-store")
    [key] = set(KEY.findall(page.content.decode()))
    sent = client.post(
        "/api/leads/",
        {"source": source.slug, "name": "Noa", "phone": "050-555 0101"},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert sent.status_code == 201
    assert Lead.objects.get().api_client == shop


def test_afterwards_its_beginning_is_shown_and_by_whom_and_when(
    integrator: Client, shop: ApiClient
) -> None:
    key = KEY.findall(new_key(integrator, shop).content.decode())[0]
    made = ApiKey.objects.get()
    assert made.made_by is not None
    assert made.expires_at is not None
    assert timedelta(days=364) < made.expires_at - timezone.now() < timedelta(days=366)
    ApiKey.objects.update(last_used_at=timezone.now())
    for page in (LIST, f"{LIST}{shop.pk}/change/", f"{LIST}{shop.pk}/end-key/"):
        text = integrator.get(page).content.decode()
        assert made.prefix in text, page
        assert key not in text
        assert made.digest not in text
    shown = text_of(integrator.get(f"{LIST}{shop.pk}/change/").content.decode())
    for said in ("Valid", "made", "by Dana", "until", "last used"):
        assert said in shown


OVERLAPS = [("0", 0), ("1", 1), ("7", 7), ("30", 30), ("never", None)]


@pytest.mark.parametrize(("chosen", "days"), OVERLAPS)
def test_a_key_is_replaced_with_an_overlap(
    chosen: str, days: int | None, integrator: Client, shop: ApiClient
) -> None:
    old, _text = api_keys.make(shop, None, None)
    before = timezone.now()
    new_key(integrator, shop, others=chosen)
    after = timezone.now()
    old.refresh_from_db()
    if days is None:
        assert old.expires_at is None
    else:
        overlap = timedelta(days=days)
        assert old.expires_at
        assert before + overlap <= old.expires_at <= after + overlap
    assert ApiKey.objects.exclude(pk=old.pk).get().holds(after)


def test_one_is_ended_at_once(integrator: Client, shop: ApiClient) -> None:
    old, _text = api_keys.make(shop, None, None)
    other, _text = api_keys.make(shop, None, None)
    address = f"{LIST}{shop.pk}/end-key/"
    assert "End a key?" in integrator.get(address).content.decode()
    answer = integrator.post(address, {"confirmed": "yes", "key": old.pk}, follow=True)
    assert f"The key {old.prefix}… is refused from now on." in answer.content.decode()
    assert [it.holds(timezone.now()) for it in ApiKey.objects.order_by("pk")] == [False, True]
    shown = text_of(integrator.get(f"{LIST}{shop.pk}/change/").content.decode())
    assert shown.index(f"{other.prefix}… Valid") < shown.index(f"{old.prefix}… Ended")
    assert old.prefix not in integrator.get(LIST).content.decode()
    # Neither an ended key nor another client's key is ended.
    strange, _text = api_keys.make(ApiClient.objects.create(name="Other"), None, None)
    for key in (old, strange):
        integrator.post(address, {"confirmed": "yes", "key": key.pk})
    other.refresh_from_db()
    strange.refresh_from_db()
    assert other.holds(timezone.now())
    assert strange.holds(timezone.now())


def test_there_is_nothing_to_end(integrator: Client, shop: ApiClient) -> None:
    answer = integrator.get(f"{LIST}{shop.pk}/end-key/", follow=True)
    assert "There is no key to end." in answer.content.decode()


STATES = [
    ("no key", {}, None, "No valid key"),
    ("a key", {}, {}, "On"),
    ("its key is over", {}, {"expires_at": timezone.now()}, "No valid key"),
    ("off", {"is_active": False}, {}, "Off"),
]


@pytest.mark.parametrize(
    ("client_has", "key_has", "said"), [it[1:] for it in STATES], ids=[it[0] for it in STATES]
)
def test_the_list_says_whether_anything_is_accepted(
    client_has: dict[str, Any],
    key_has: dict[str, Any] | None,
    said: str,
    integrator: Client,
    shop: ApiClient,
) -> None:
    ApiClient.objects.update(**client_has)
    if key_has is not None:
        api_keys.make(shop, None, None)
        ApiKey.objects.update(**key_has)
    assert said in text_of(integrator.get(LIST).content.decode())


@pytest.mark.parametrize("rate", ["", "often", "5", "0/m", "5/10y", "5/10m 6/d"])
def test_what_is_no_rate_is_said_beside_the_field(rate: str, integrator: Client) -> None:
    filled = {"name": "Shop", "is_active": "on", "scopes": ["submit"], "rate": rate}
    page = integrator.post(f"{LIST}add/", filled)
    assert page.status_code == 200
    if rate:
        assert "Enter a rate like 600/10m, 10000/d" in page.content.decode()
    assert not ApiClient.objects.exists()


def test_what_it_was_sent_stays_so_nobody_deletes_a_client(
    integrator: Client, shop: ApiClient, admin_client: Client
) -> None:
    for client in (integrator, admin_client):
        assert client.post(f"{LIST}{shop.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiClient.objects.exists()


@pytest.mark.parametrize("way", ["its page", "the list"])
def test_the_only_source_of_a_client_is_not_deleted(
    way: str, shop: ApiClient, source: LeadSource, admin_client: Client
) -> None:
    """A client without sources may submit to all sources."""
    other = LeadSource.objects.create(slug="other", name="Other")
    shop.sources.set([source, other])

    def delete(*sources: LeadSource) -> str:
        ticked = {"action": "delete_selected", "_selected_action": [it.pk for it in sources]}
        address = "/admin/leads/leadsource/"
        if way == "its page":
            address, ticked = f"{address}{sources[-1].pk}/delete/", {}
        return text_of(admin_client.post(address, {"post": "yes", **ticked}).content.decode())

    if way == "the list":
        assert "API client Shop" in delete(source, other)
        assert shop.sources.count() == 2
    assert "API client Shop" not in delete(other)
    assert list(shop.sources.all()) == [source]
    assert "API client Shop: may submit only to this source." in delete(source)
    assert list(shop.sources.all()) == [source]


@pytest.mark.parametrize("role", [it for it in Role if it not in {Role.OWNER, Role.INTEGRATOR}])
def test_others_neither_see_nor_make_keys(role: Role, shop: ApiClient) -> None:
    client = as_(role)
    for address in (LIST, f"{LIST}{shop.pk}/change/", f"{LIST}{shop.pk}/new-key/"):
        assert client.get(address).status_code in {302, 403}
    assert new_key(client, shop).status_code in {302, 403}
    assert not ApiKey.objects.exists()


def test_a_manager_does_not_reach_an_integrator_s_login(integrator: Client) -> None:
    manager, user = as_(Role.MANAGER), User.objects.get(username="the-integrator")
    for page in (f"/admin/auth/user/{user.pk}/change/", f"/admin/auth/user/{user.pk}/password/"):
        posted = {"password1": "a long pass phrase", "password2": "a long pass phrase"}
        answer = manager.post(page, {"usable_password": "true", "username": "mine", **posted})
        assert answer.status_code in {302, 403, 404}
    before = user.password
    user.refresh_from_db()
    assert (user.username, user.password) == ("the-integrator", before)


@pytest.mark.django_db(transaction=True)
def test_the_audit_tells_who_made_and_ended_a_key_and_not_the_key(shop: ApiClient) -> None:
    integrator = as_(Role.INTEGRATOR)
    new_key(integrator, shop)
    key = ApiKey.objects.get()
    integrator.post(f"{LIST}{shop.pk}/end-key/", {"confirmed": "yes", "key": key.pk})
    ApiKey.objects.update(last_used_at=timezone.now())
    added, ended = AuditEntry.objects.filter(kind="leads_apikey").order_by("pk")
    assert (added.act, ended.act) == ("added", "changed")
    assert {it.username for it in (added, ended)} == {"the-integrator"}
    assert added.thing_name == key.prefix
    assert added.after["digest"] == {"hidden": True}
    assert set(ended.after) == {"ended_at"}
    said = str(list(AuditEntry.objects.values()))
    assert key.digest not in said
    acts = AuditEntry.objects.filter(kind="leads_apiclient", act="done")
    assert [it.username for it in acts] == ["the-integrator"] * 2


# --- sources and leads ----------------------------------------------------------------------------


def test_a_lead_s_page_tells_who_sent_it(
    admin_client: Client, shop: ApiClient, make_lead: Any
) -> None:
    lead = make_lead()
    page = f"/admin/leads/lead/{lead.pk}/change/"
    for values, said in (
        ({"came_by": "api", "api_client": shop}, "the API, with a key of Shop"),
        ({"came_by": "api", "api_client": None}, "the API, without a key"),
        ({"came_by": "form", "api_client": None}, "the form"),
    ):
        Lead.objects.update(**values)
        assert said in text_of(admin_client.get(page).content.decode())


def test_a_source_says_what_becomes_of_programs_without_a_key(admin_client: Client) -> None:
    page = text_of(admin_client.get("/admin/leads/leadsource/add/").content.decode())
    assert "Requests through the API" in page
    form = admin_client.get("/admin/leads/leadsource/add/").context["adminform"].form
    assert form["without_key"].initial == "held"
