"""Logging in: who gets in, who is kept out for a while, and what stays of a deleted login."""

from ipaddress import ip_network

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callbacks.models import Extension
from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-word-and-7"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
PROXIES = [ip_network("127.0.0.1")]


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def log_in(client: Client, password: str = PASSWORD, **sent: str) -> int:
    typed = {"username": "root", "password": password}
    return client.post("/admin/login/", typed, **sent).status_code  # type: ignore[arg-type]


def shut(**sent: str) -> None:
    for _ in range(12):
        status = log_in(Client(), "wrong", **sent)
    assert status == 429


@pytest.mark.parametrize("address", ["/admin/login/", "/admin/login/?next=/admin/leads/lead/"])
def test_the_login_page_opened_directly_ends_on_the_admin(address: str, root: User) -> None:
    typed = {"username": "root", "password": PASSWORD}
    answer = Client().post(address, typed, follow=True)
    assert (answer.status_code, len(answer.redirect_chain)) == (200, 1)
    assert answer.redirect_chain[0][0].startswith("/admin/")


def test_wrong_passwords_shut_the_name_for_where_they_come_from(root: User) -> None:
    shut(REMOTE_ADDR=HERE)
    assert log_in(Client(), REMOTE_ADDR=HERE) == 429
    assert log_in(Client(), REMOTE_ADDR=ELSEWHERE) == 302


def test_whoever_goes_on_does_not_shut_a_known_browser_at_the_same_address(root: User) -> None:
    known = Client()
    assert log_in(known, REMOTE_ADDR=HERE) == 302
    known.post("/admin/logout/")
    shut(REMOTE_ADDR=HERE)
    assert log_in(known, REMOTE_ADDR=HERE) == 302


def test_a_known_browser_has_its_own_limit(root: User) -> None:
    known = Client()
    log_in(known)
    known.post("/admin/logout/")
    for _ in range(12):
        status = log_in(known, "wrong")
    assert status == 429


def test_somebody_elses_browser_is_not_known_for_this_name(root: User) -> None:
    User.objects.create_superuser("dana", password=PASSWORD)
    danas = Client()
    danas.post("/admin/login/", {"username": "dana", "password": PASSWORD}, REMOTE_ADDR=HERE)
    danas.post("/admin/logout/")
    shut(REMOTE_ADDR=HERE)
    assert log_in(danas, REMOTE_ADDR=HERE) == 429


def test_behind_a_proxy_the_address_is_the_visitors(root: User, settings: object) -> None:
    settings.TRUSTED_PROXIES = PROXIES  # type: ignore[attr-defined]
    shut(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=f"{HERE}, {ELSEWHERE}")
    # Whatever stands before the proxy's own word is made up by the visitor.
    invented = f"203.0.113.5, {ELSEWHERE}"
    assert log_in(Client(), REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=invented) == 429
    assert log_in(Client(), REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=HERE) == 302


def test_without_a_proxy_nobody_invents_an_address(root: User) -> None:
    shut(REMOTE_ADDR=HERE)
    assert log_in(Client(), REMOTE_ADDR=HERE, HTTP_X_FORWARDED_FOR=ELSEWHERE) == 429


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("x", "too short"),
        ("elevenchars", "at least 12 characters"),
        ("x1y2" * 33, "at most 128 characters"),
        ("Password1234!", "among the first that attackers try"),
        ("password123", "too common"),
        ("dana-callbacks", "too similar to the username"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    password: str, says: str, admin_client: Client
) -> None:
    typed = {"username": "dana-callbacks", "password1": password, "password2": password}
    page = admin_client.post(reverse("admin:auth_user_add"), typed | {"usable_password": "true"})
    assert says in page.text
    assert not User.objects.filter(username="dana-callbacks").exists()


def test_salespeople_change_their_password(extension: Extension) -> None:
    dana = User.objects.create_user("dana", password=PASSWORD)
    Extension.objects.update(user=dana)
    hers = Client()
    hers.force_login(dana)
    assert "/desk/password/" in hers.get("/desk/").text
    new = "another-word-and-8"
    typed = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    assert "old password was entered incorrectly" in hers.post("/desk/password/", typed).text
    answer = hers.post("/desk/password/", typed | {"old_password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    dana.refresh_from_db()
    assert dana.check_password(new)
    assert hers.get("/desk/").status_code == 200


def test_a_stranger_changes_no_password() -> None:
    assert Client().get("/desk/password/")["Location"].startswith("/desk/login/")


@pytest.mark.parametrize("way", ["page", "list", "code"])
def test_what_a_deleted_user_did_stays_in_the_history(
    way: str, source: LeadSource, root: User
) -> None:
    dana = User.objects.create_superuser("dana", password=PASSWORD)
    LogEntry.objects.log_actions(dana.pk, [source], 2, "Paused the source", single_object=True)
    roots = Client()
    roots.force_login(root)
    if way == "page":
        roots.post(reverse("admin:auth_user_delete", args=[dana.pk]), {"post": "yes"})
    elif way == "list":
        chosen = {"action": "delete_selected", "_selected_action": [dana.pk], "post": "yes"}
        roots.post(reverse("admin:auth_user_changelist"), chosen)
    else:
        dana.delete()
    assert not User.objects.filter(username="dana").exists()
    kept = LogEntry.objects.get(change_message="Paused the source").user
    assert kept.username.startswith("dana (deleted")
    assert (kept.is_active, kept.is_staff, kept.has_usable_password()) == (False, False, False)


ABSURD = [
    "submitted_at__year=99999999999",
    "submitted_at__year=0",
    "submitted_at__year=-5",
    "submitted_at__year__gte=99999999999",
    "submitted_at__day=99999999999999999999",
    "submitted_at__gte=garbage",
    "submitted_at__date=9999-99-99",
    "id=99999999999999999999999",
    "id__in=1,x",
    "p=99999999999999999999",
    "o=99.-99",
    "status=%00",
]


@pytest.mark.parametrize("query", ABSURD)
@pytest.mark.parametrize("table", ["leads_lead", "callbacks_callattempt", "callbacks_callrecord"])
def test_an_absurd_address_is_no_error_of_ours(
    table: str, query: str, admin_client: Client, make_lead: object
) -> None:
    if table != "leads_lead":
        query = query.replace("submitted_at", "claimed_at" if "attempt" in table else "received_at")
    address = f"{reverse(f'admin:{table}_changelist')}?{query}"
    assert admin_client.get(address, follow=True).status_code in (200, 400)


def test_leads_stay_searchable(admin_client: Client, source: LeadSource) -> None:
    assert not Lead.objects.exists()
    assert admin_client.get("/admin/leads/lead/?submitted_at__year=2026").status_code == 200


@pytest.mark.parametrize("length", [150, 151, 255, 256, 300, 60_000])
def test_a_name_of_any_length_is_no_error_of_ours(length: int) -> None:
    client = Client()
    for _ in range(12):
        typed = {"username": "x" * length, "password": "wrong"}
        status = client.post("/admin/login/", typed).status_code
    assert status == 429
