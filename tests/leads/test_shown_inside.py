"""The form inside other websites: those that a source names, and no others."""

import pytest
from django.test import Client

from callbacks.models import Team
from leads import origins
from leads.models import LeadSource
from tests.support.visitors import Visitor

READ = {
    "as it is": ("https://www.example.com", "https://www.example.com"),
    "a trailing slash": ("https://www.example.com/", "https://www.example.com"),
    "a path": ("https://www.example.com/contact?x=1#top", "https://www.example.com"),
    "no scheme": ("www.example.com", "https://www.example.com"),
    "no scheme, with a path": ("example.com/contact/", "https://example.com"),
    "capitals": ("HTTPS://WWW.Example.COM", "https://www.example.com"),
    "spaces around": ("  example.com  ", "https://example.com"),
    "without encryption": ("http://example.com", "http://example.com"),
    "a port": ("https://example.com:8443/a", "https://example.com:8443"),
    "the usual port": ("https://example.com:443", "https://example.com"),
    "on this machine": ("http://localhost:3000/", "http://localhost:3000"),
    "other letters": ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
}
REFUSED = {
    "everybody": "*",
    "all below": "https://*.example.com",
    "a word": "example",
    "a scheme of its own": "javascript://example.com",
    "a login": "https://a:b@example.com",
    "no number of a port": "https://example.com:port",
    "a port beyond": "https://example.com:99999",
    "a second policy": "https://example.com;script-src",
    "quotes": "'self'",
    "two dots": "https://www..example.com",
    "too long": "https://" + "a." * 100 + "com",
}


@pytest.mark.parametrize(("typed", "origin"), READ.values(), ids=READ)
def test_what_is_read(typed: str, origin: str) -> None:
    assert origins.read(typed) == origin
    assert origins.read(origin) == origin


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_what_to_do(typed: str) -> None:
    with pytest.raises(origins.NoOrigin, match=r"Enter websites separated by commas"):
        origins.read(typed)


PAGES = ("the form", "the form with an error", "the page of a request")
STORED = {
    "none": ([], "'none'", "DENY"),
    "two": (
        ["https://www.example.com", "https://example.org"],
        "https://www.example.com https://example.org", None,
    ),
    "typed in an older release": (["www.example.com/", "*"], "https://www.example.com", None),
    "a policy of its own": (["https://a.example; script-src *"], "'none'", "DENY"),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", PAGES)
@pytest.mark.parametrize(("stored", "named", "frames"), STORED.values(), ids=STORED)
def test_the_pages_may_be_shown_inside_the_websites_that_are_named(
    where: str, stored: list[str], named: str, frames: str | None, source: LeadSource, team: Team
) -> None:
    LeadSource.objects.filter(pk=source.pk).update(allowed_origins=stored)
    if where == "the form":
        answer = Client().get("/contact/website/")
    elif where == "the form with an error":
        answer = Client().post("/contact/website/", {"name": "", "phone": ""})
        assert answer.status_code == 422
    else:
        visitor = Visitor()
        visitor.sends()
        answer = Client().get(visitor.page)
    policy = dict(it.strip().split(" ", 1) for it in answer["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == named
    assert policy["script-src"] == "'self'"
    assert answer.get("X-Frame-Options") == frames


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/contact/nothing/", "/desk/login/"])
def test_no_other_page_may(path: str, source: LeadSource) -> None:
    LeadSource.objects.update(allowed_origins=["https://www.example.com"])
    answer = Client().get(path)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
