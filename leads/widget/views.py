"""The addresses that the loader uses: its script, and a source's settings."""

import gzip
import hashlib
from contextlib import suppress
from functools import cache
from http import HTTPStatus

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from leads import config_cache, error_pages, intake, language_choice, origins, unavailable
from leads.models import LeadSource
from leads.widget import loader, told

# Seconds. A change in the admin reaches every website within this time.
SCRIPT_KEPT = 3600
SETTINGS_KEPT = 60


@csrf_exempt  # so that a POST gets 405, not a CSRF error
def script(request: HttpRequest) -> HttpResponseBase:
    """The loader, the same for all websites."""
    if refusal := _other_method(request):
        return refusal
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    body, etag = _script(is_packed=packed)
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    if packed:
        answer["Content-Encoding"] = "gzip"
    patch_vary_headers(answer, ["Accept-Encoding"])
    return _kept(request, answer, etag, SCRIPT_KEPT)


@csrf_exempt
def settings(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A source's settings for the loader, for pages of the websites that the source names.

    The address names the source, and the language if the page asks for one. If the browser's
    preference decides the language, Vary says so, so that no cache mixes them.
    """
    if refusal := _other_method(request):
        return refusal
    try:
        with config_cache.one_version():
            return _told(request, intake.active_source(slug))
    except Error as error:
        if unavailable.cause(error) is None:
            raise
    # While the database is down, uses what this process knows, so that the button stays where it
    # is: the form behind it is shown in the same way.
    with suppress(Error), config_cache.from_memory():
        if source := intake.active_source(slug):
            return _told(request, source)
    return error_pages.not_available(request)


def _told(request: HttpRequest, source: LeadSource | None) -> HttpResponseBase:
    language = language_choice.speak(request, source).language
    if source is None:
        return _no(gettext("There is no such source."), HTTPStatus.NOT_FOUND)
    asking = request.headers.get("Origin", "")
    if asking and asking not in origins.shown_inside(source.allowed_origins):
        sentence = gettext("%(website)s is not one of this source's websites.")
        return _no(sentence % {"website": asking[: origins.MOST_LETTERS]})
    answer = JsonResponse(told.told(source, language, timezone.now()))
    if asking:
        answer["Access-Control-Allow-Origin"] = asking
    # Set here, because a 304 is made from this answer.
    patch_vary_headers(answer, ["Origin", "Accept-Language"])
    etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    return _kept(request, answer, etag, SETTINGS_KEPT)


def _kept(request: HttpRequest, answer: HttpResponse, etag: str, seconds: int) -> HttpResponseBase:
    """The answer, which caches may keep for `seconds`; 304 if the client has it already."""
    answer["ETag"] = etag
    answer["Cache-Control"] = f"public, max-age={seconds}"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    found = get_conditional_response(request, etag=etag, response=answer)
    if found is not None and found is not answer:
        for name in ("Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"):
            if name in answer:
                found[name] = answer[name]
        return found
    return answer


def _no(sentence: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> HttpResponse:
    answer = JsonResponse({"error": sentence}, status=status)
    patch_vary_headers(answer, ["Origin"])
    return answer


def _other_method(request: HttpRequest) -> HttpResponse | None:
    if request.method in {"GET", "HEAD"}:
        return None
    page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
    page["Allow"] = "GET, HEAD"
    return page


@cache
def _script(*, is_packed: bool) -> tuple[bytes, str]:
    """The script's bytes and their ETag."""
    plain = loader.script().encode()
    body = gzip.compress(plain, 9, mtime=0) if is_packed else plain
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
