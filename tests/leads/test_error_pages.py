"""The error pages. They need no database, so no test here uses `db`."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect

from callbacks.config import urls
from tests.support.serving import serving


def _denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def _suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken for the test")


@csrf_protect
def _protected(request: HttpRequest) -> HttpResponse:
    return HttpResponse("changed")


urlpatterns = [
    path("denied/", _denied),
    path("suspicious/", _suspicious),
    path("broken/", _broken),
    path("protected/", _protected),
    path("api/suspicious/", _suspicious),
    path("api/broken/", _broken),
    path("", include("leads.urls")),
]
handler400 = urls.handler400
handler500 = urls.handler500


@pytest.mark.parametrize(
    ("method", "address", "status", "title"),
    [
        ("get", "/suspicious/", 400, "We could not read that"),
        ("get", "/denied/", 403, "You cannot open this page"),
        ("post", "/protected/", 403, "This page was open too long"),
        ("get", "/nowhere/", 404, "There is no such page"),
        ("get", "/broken/", 500, "Something went wrong on our side"),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_each_says_what_happened_and_offers_the_form(
    method: str, address: str, status: int, title: str
) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answer = getattr(client, method)(address)
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert '<a class="button" href="/">Go to the contact form</a>' in answer.text
    assert "/static/leads/site.css" in answer.text


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/admin/login/", "GET, HEAD, POST"),
        ("/desk/", "GET, HEAD, POST"),
        ("/sign-in/set-up/", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_nothing_takes_is_told_so(method: str, address: str, allowed: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)(address)
    assert answer.status_code == 405
    assert answer["Allow"] == allowed


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_what_is_posted_to_a_machines_page_is_told_the_right_method(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address).status_code == 405


@pytest.mark.parametrize(
    ("address", "status", "errors"),
    [
        ("/api/suspicious/", 400, {"request": ["We cannot accept this request."]}),
        ("/api/broken/", 500, {"server": ["Something went wrong on our side."]}),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_programs_are_told_in_json(
    address: str, status: int, errors: dict[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    answer = Client(raise_request_exception=False).post(address)
    assert (answer.status_code, answer.json()) == (status, {"errors": errors})
    if status == 500:
        assert "Traceback" in caplog.text
        assert "broken for the test" in caplog.text


@override_settings(ROOT_URLCONF=__name__, DEBUG=True)
@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_the_developers_page_shows_no_secret_of_the_settings(accept: str) -> None:
    environment = {"VOICENTER_CODE": settings.VOICENTER_CODE}  # as under runserver
    answer = Client(raise_request_exception=False).get(
        "/broken/", headers={"accept": accept}, **environment
    )
    assert (answer.status_code, "VOICENTER_METHOD" in answer.text) == (500, True)
    passwords = [urlsplit(url).password for url in (settings.DATABASE_URL, settings.REDIS_URL)]
    for secret in (settings.VOICENTER_CODE, settings.CDR_SECRET, *filter(None, passwords)):
        assert secret not in answer.text


def test_a_foreign_host_name_is_refused_in_json_too(client: Client) -> None:
    says = "This website does not use the name in the address."
    answer = client.post("/api/leads/", headers={"host": "elsewhere.example.com"})
    assert (answer.status_code, answer.json()) == (400, {"errors": {"request": [says]}})
    page = client.get("/contact/website/", headers={"host": "elsewhere.example.com"}).text
    assert page.startswith("<!doctype")
    assert says in page
    assert "send it again" not in page


def test_without_a_database_visitors_get_a_page_and_programs_get_json(
    gunicorn_without_database: str,
) -> None:
    with httpx.Client(base_url=gunicorn_without_database, timeout=60) as client:
        form = client.post("/contact/website/", data={"name": "Noa", "phone": "0505550101"})
        assert (form.status_code, form.headers["Retry-After"]) == (503, "5")
        assert "Everything you wrote is kept on this page." in form.text
        assert '<input type="hidden" name="phone" value="0505550101">' in form.text
        assert '<form method="post" action="/contact/website/" data-once>' in form.text
        page = client.get("/contact/website/")
        assert page.status_code == 503
        assert "Wait a few seconds and try again." in page.text
        assert '<a class="button" href="/contact/website/">Try again</a>' in page.text

        lead = {"source": "website", "name": "Noa", "phone": "0505550101"}
        answer = client.post("/api/leads/", json=lead)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json() == {"errors": {"server": ["Not available now. Try again shortly."]}}


def test_without_a_database_a_page_is_one_line_in_the_log_and_no_stack_trace(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening
        address = f"postgres://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
        with serving(address, log=log) as url:
            before = len(log.read_text())
            answer = httpx.get(f"{url}/admin/", cookies={"sessionid": "a" * 32}, timeout=60)
            said = log.read_text()[before:]
    assert answer.status_code == 503
    assert " ERROR leads.error_pages not available route=- reason=unreachable\n" in said
    assert "psycopg" not in said
    assert "django.db" not in said
    assert all(re.match(r"20\d\d-", line) for line in said.splitlines()), said
