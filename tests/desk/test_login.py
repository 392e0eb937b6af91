"""Who can open the salesperson's page, and who cannot."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import Extension
from tests.desk.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_stranger_is_asked_to_log_in_and_comes_to_their_phone(client: Client, dana: User) -> None:
    answer = client.get("/desk/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/login/?next=/desk/")
    page = client.get(answer["Location"])
    assert page.status_code == 200
    who = {"username": "dana", "password": PASSWORD, "next": "/desk/"}
    answer = client.post("/desk/login/", who, follow=True)
    assert answer.redirect_chain == [("/desk/", 302)]
    assert "101 Dana" in answer.content.decode()


def test_a_wrong_password_is_said_and_what_was_typed_is_kept(client: Client, dana: User) -> None:
    page = client.post("/desk/login/", {"username": "dana", "password": "wrong"}).content.decode()
    assert "Please enter a correct username and password" in page
    assert 'value="dana"' in page
    assert "wrong" not in page.replace("field-wrong", "")


def test_too_many_wrong_passwords_shut_the_door(
    client: Client, dana: User, settings: object
) -> None:
    for _ in range(10):
        answer = client.post("/desk/login/", {"username": "dana", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    right = client.post("/desk/login/", {"username": "dana", "password": PASSWORD})
    assert right.status_code == 429


def test_login_leads_to_no_other_site(client: Client, dana: User) -> None:
    who = {"username": "dana", "password": PASSWORD, "next": "https://elsewhere.example.com/"}
    assert client.post("/desk/login/", who)["Location"] == "/desk/"


def test_who_is_logged_in_is_not_asked_again(hers: Client) -> None:
    assert hers.get("/desk/login/")["Location"] == "/desk/"


def test_who_has_no_phone_is_told_whom_to_ask(client: Client, extension: Extension) -> None:
    client.force_login(User.objects.create_user("noa"))
    page = client.get("/desk/")
    assert page.status_code == 403
    assert "Ask your sales manager" in page.content.decode()
    assert client.get("/desk/now/").status_code == 401


def test_logging_out_takes_a_post(hers: Client) -> None:
    assert hers.get("/desk/logout/")["Location"] == "/desk/"
    assert hers.get("/desk/").status_code == 200
    assert hers.post("/desk/logout/")["Location"] == "/desk/login/"
    assert hers.get("/desk/").status_code == 302


@pytest.mark.parametrize("path", ["/desk/now/", "/desk/1/pause/", "/desk/1/available/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_gets_nowhere(path: str, method: str, client: Client, dana: User) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code in (302, 401)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/desk/login/?next=/desk/")


@pytest.mark.parametrize("path", ["/desk/", "/desk/login/", "/desk/now/"])
def test_no_page_may_run_a_script_or_a_style_of_its_own(path: str, hers: Client) -> None:
    answer = hers.get(path)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_nobody_may_keep_the_page(hers: Client) -> None:
    for path in ("/desk/", "/desk/now/"):
        answer = hers.get(path)
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store, private", "noindex")


def test_a_form_of_another_site_does_nothing(dana: User, extension: Extension) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(dana)
    answer = client.post(f"/desk/{extension.pk}/pause/", {"lasts": "15"})
    assert answer.status_code == 403
    assert "open too long" in answer.content.decode()
    extension.refresh_from_db()
    assert not extension.is_paused


def test_staff_who_have_a_phone_find_it_in_the_admin(client: Client, dana: User) -> None:
    for is_staff in (True, False):
        User.objects.filter(pk=dana.pk).update(is_staff=is_staff)
        client.force_login(dana)
        assert ("/admin/" in client.get("/desk/").content.decode()) is is_staff
    User.objects.filter(pk=dana.pk).update(is_staff=True)
    assert 'href="/desk/"' in client.get("/admin/").content.decode()
    Extension.objects.update(user=None)
    assert 'href="/desk/"' not in client.get("/admin/").content.decode()
