"""What visitors' pages share: methods, redirects, headers, and the "not found" page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language

from leads import language_choice, origins, visits
from leads.models import LeadSource

_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponse]


def answers(*methods: str) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Makes a view answer only `methods`. Django's own decorator would answer with an empty
    page.
    """

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @wraps(view)
        def answer(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponse:
            if request.method not in methods:
                page = render(request, "405.html", status=405)
                page["Allow"] = ", ".join(methods)
                return page
            return view(request, *args, **kwargs)

        return answer

    return decorate


class SeeOther(HttpResponseRedirect):
    """303: the browser loads the next page by GET, so that a reload submits nothing."""

    status_code = 303


def shown_inside(source: LeadSource, page: HttpResponse) -> HttpResponse:
    """Lets the source's websites show this page inside theirs; no other website may."""
    if websites := origins.shown_inside(source.allowed_origins):
        page.xframe_options_exempt = True
        page._csp_replace = {"frame-ancestors": websites}  # type: ignore[attr-defined]
    return page


def secret(page: HttpResponse) -> HttpResponse:
    """Headers for a page whose address is a secret: no cache keeps it, no search engine lists it,
    and no other page learns where its reader came from.
    """
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex, nofollow"
    page["Referrer-Policy"] = "no-referrer"
    return page


def address(request: HttpRequest | None, name: str, *args: object, **query: object) -> str:
    """The address of another page for the visitor: inside the widget's frame if this page is, and
    in the language that this page was asked for in, unless `query`, the part after "?", names
    another.
    """
    here = request.resolver_match if request else None
    if language := language_choice.asked(request) if request else "":
        query = {language_choice.PARAMETER: language} | query
    where = here.namespace if here else None
    return reverse(f"leads:{name}", args=args, current_app=where, query=query or None)


# The parts after "?" that a page keeps in another language.
_KEPT = ("earlier", "next", *visits.MARKS)


@dataclass(frozen=True)
class InLanguage:
    """This page in one language, which may be its current one."""

    code: str
    name: str
    direction: str
    address: str
    is_current: bool


def in_languages(request: HttpRequest, codes: Sequence[str]) -> list[InLanguage]:
    """This page in each language that its reader may choose. Empty if there is no choice, and on a
    page that answers a POST, whose data would be lost.
    """
    if len(codes) < 2 or request.method == "POST":
        return []
    kept = {name: request.GET[name] for name in _KEPT if name in request.GET}
    return [
        InLanguage(
            code,
            language_choice.own_name(code),
            language_choice.direction(code),
            f"{request.path}?{urlencode({**kept, language_choice.PARAMETER: code})}",
            code == get_language(),
        )
        for code in codes
    ]


def is_framed(request: HttpRequest) -> bool:
    """Whether the page is inside the widget's frame."""
    here = request.resolver_match
    return here is not None and here.namespace == "widget"


def not_found(request: HttpRequest) -> HttpResponse:
    """Renders the page. Http404 would show Django's own page while DEBUG is on."""
    return render(request, "404.html", status=404)
