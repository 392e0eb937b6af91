"""The headers of every address, and what its page contains, for strangers and for staff."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from callbacks.config.page_headers import NOT_KEPT, PERMISSIONS
from callbacks.models import Extension
from leads.models import Lead, LeadSource

FOREVER = "public, max-age=31536000, immutable"
# How a GET may be cached, by the beginning of its address; all others are not cached.
KEPT = {
    "/contact/website/": "private, no-cache", "/static/": "public",
    "/widget.js": "public, max-age=3600", "/widget/website/settings/": "public, max-age=60",
    "/widget/website/": "private, no-cache",
    "/colours/": FOREVER, "/logos/": FOREVER,
}  # fmt: skip
# What other websites may load.
FOR_OTHERS = ("/widget.js", "/widget/website/settings/")
# Of addresses that hold a secret.
STRICTER = {"Referrer-Policy": "no-referrer"}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every route of the site, as written in the URL patterns."""
    for it in patterns:
        route = before + str(it.pattern)
        if isinstance(it, URLResolver):
            yield from routes(it.url_patterns, route)
        else:
            assert isinstance(it, URLPattern)
            yield route


def address(route: str, known: dict[str, str]) -> str:
    """A route with its parameters filled in. KeyError for a parameter that has no known value."""
    object_of = re.match(r"admin/(\w+)/(\w+)/<(?:path:object_id|id)>", route)
    if object_of:
        first = apps.get_model(object_of[1], object_of[2])._default_manager.first()
        known = {**known, "object_id": str(first.pk if first else 0), "id": "1"}
    filled = _PARAMETER.sub(lambda found: known[found[1] or found[2]], route)
    return "/" + filled.replace("^", "").replace("$", "").replace("/?", "/")


@dataclass
class Found(HTMLParser):
    """Scripts and styles that a page holds itself, instead of loading them from a file."""

    inside: list[str] = field(default_factory=list)
    style_attributes: int = 0
    data_only: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            is_data = tag == "script" and given.get("type", "").endswith("json")
            if not is_data:
                self.inside.append(f"<{tag}>")
        self.inside += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.inside += [
            f"{tag} {name}={value}"
            for name, value in given.items()
            if value and value.strip().lower().startswith("javascript:")
        ]
        self.style_attributes += "style" in given


def policy(answer: HttpResponse) -> dict[str, str]:
    """The directives of its Content-Security-Policy."""
    parts = answer["Content-Security-Policy"].split(";")
    return {name: value for name, _, value in (it.strip().partition(" ") for it in parts)}


def wrong(path: str, answer: HttpResponse) -> Iterator[str]:
    """What is wrong with the headers, or with the page."""
    if answer.status_code >= 500 and path != "/readyz":  # it may report a broken part
        yield f"status {answer.status_code}"
    kept = next((how for start, how in KEPT.items() if path.startswith(start)), NOT_KEPT)
    if answer.status_code == 200 and path.count("/") > 3:
        is_visitors = path.startswith(("/contact/", "/widget/")) and path not in FOR_OTHERS
        kept = NOT_KEPT if is_visitors else kept
    if answer.get("Cache-Control") != (kept if answer.status_code == 200 else NOT_KEPT):
        yield f"Cache-Control {answer.get('Cache-Control')}"
    for header, value in {
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if path in FOR_OTHERS else "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }.items():
        if answer.get(header) not in {value, STRICTER.get(header)}:
            yield f"{header} {answer.get(header)}"
    said = policy(answer)
    is_admin = path.startswith("/admin/")
    for kind in ("script-src", "style-src", "script-src-attr"):
        allowed = said.get(kind, said["default-src"] if kind == "script-src-attr" else "")
        if "unsafe-inline" in allowed or ("unsafe" in allowed and not is_admin):
            yield f"{kind} {allowed}"
    if answer["Content-Type"].startswith("text/html") and not answer.streaming:
        found = Found()
        found.feed(answer.content.decode())
        yield from found.inside
        if found.style_attributes and not is_admin:
            yield f"{found.style_attributes} style attributes"


@pytest.fixture
def known(
    fill: Callable[[int], None], make_lead: Callable[..., Lead], extension: Extension
) -> dict[str, str]:
    """The parameters of addresses, most of them of things that exist."""
    fill(2)
    lead = make_lead("+972505550101")
    return {
        "slug": "website", "colour": "7a1fa2", "digest": "0" * 32,
        "public_id": str(lead.public_id), "pk": str(extension.pk),
        "ticket": "none", "key": str(uuid.uuid4()), "digits": lead.phone.lstrip("+"),
        "version": "1", "token": "none", "uidb64": "none", "secret": "wrong", "app_label": "leads",
        "url": "nowhere", "content_type_id": "1", "object_id": "1",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["a stranger", "an owner"])
def test_every_address_says_that_it_is_kept_nowhere_and_runs_nothing_inside_its_page(
    who: str, known: dict[str, str], superuser: Client, simulator: object
) -> None:
    asking = Client() if who == "a stranger" else superuser
    asking.raise_request_exception = False
    found = {}
    walked = sorted({address(it, known) for it in routes(get_resolver().url_patterns)})
    assert len(walked) > 200
    walked.sort(key=lambda it: "logout" in it)
    for path in walked:
        if faults := list(wrong(path, asking.get(path))):
            found[path] = faults
    assert found == {}


def test_a_form_with_what_somebody_typed_is_kept_nowhere(source: LeadSource) -> None:
    shown = Client().post("/contact/website/", {"name": "Noa", "phone": "1"})
    assert shown.status_code == 422
    assert list(wrong("/contact/website/", shown)) == []
    assert shown["Cache-Control"] == NOT_KEPT


def test_an_error_page_too(source: LeadSource) -> None:
    asking = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF="tests.admin.broken_urls"):
        answer = asking.get("/broken/")
    assert answer.status_code == 500
    assert [it for it in wrong("/broken/", answer) if not it.startswith("status")] == []


def test_the_theme_is_allowed_what_it_cannot_do_without_and_no_more(superuser: Client) -> None:
    said = policy(superuser.get(reverse("admin:index")))
    assert said["script-src"] == "'self' 'unsafe-eval'"
    assert said["script-src-attr"] == "'none'"
    assert said["style-src"] == "'self'"
    assert said["style-src-attr"] == "'unsafe-inline'"
    assert "unsafe" not in Client().get("/desk/login/")["Content-Security-Policy"]


def test_a_page_that_may_stand_in_another_may_be_loaded_by_it(source: LeadSource) -> None:
    source.allowed_origins = ["https://shop.example.com"]
    source.save()
    answer = Client().get("/contact/website/")
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_static_files_are_for_our_own_pages(db: None) -> None:
    answer = Client().get("/static/leads/site.css")
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "public" in answer["Cache-Control"]


def test_no_script_reads_the_cookie_against_forgery(superuser: Client) -> None:
    cookie = superuser.get("/admin/password_change/").cookies["csrftoken"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
