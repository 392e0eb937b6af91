"""Answers to requests that failed: JSON below /api/, a page everywhere else.

callbacks.config.urls registers these views as Django's handlers. Django logs the failure after they
return.
"""

import logging
import math
import sys
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.db import Error
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseServerError,
)
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext, ngettext
from django.views.csrf import csrf_failure

from leads import api, config_cache, intake, pages, request_body, unavailable
from leads.guard import circumstances, websites
from leads.guard.verdicts import Refused
from leads.request_body import MOST_FIELDS, BodyRefused, TooManyFields

log = logging.getLogger(__name__)

_METHODS = ("GET", "HEAD", "POST")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answers 400."""
    foreign = ""
    if isinstance(exception, DisallowedHost):
        foreign = gettext("This website does not use the name in the address.")
    if _is_for_the_api(request):
        return api.refused(foreign)
    words = {
        "request": request,
        "too_much": _too_much(request, exception),
        "foreign": foreign,
    }
    return HttpResponseBadRequest(loader.render_to_string("400.html", words))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers 500; 503 if the database is unavailable (leads.unavailable)."""
    if cause := unavailable.cause(sys.exception()):
        answer = api.not_available() if _is_for_the_api(request) else not_available(request)
        here = request.resolver_match
        # Replaces Django's log line, whose stack trace says nothing useful about a database that is
        # down.
        log.error("not available route=%s reason=%s", here.view_name if here else "-", cause)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's mark
        return answer
    if _is_for_the_api(request):
        return api.broken()
    page = HttpResponseServerError(loader.render_to_string("500.html", {"request": request}))
    return _in_its_frame(request, page)


def not_available(request: HttpRequest) -> HttpResponse:
    """Answers 503 with a page that needs no database. The page carries what was typed on a
    visitor's page in hidden fields, so that a button can send it again; the page's token makes it
    count once. Data posted by a foreign website's page is not carried.
    """
    here = request.resolver_match
    is_visitors = here is not None and here.namespace in {"leads", "widget"}
    is_kept = is_visitors and request.method == "POST" and not _is_foreign(request)
    typed = _typed(request) if is_kept else None
    words = {"request": request, "typed": typed or {}, "is_form": typed is not None}
    page = HttpResponse(loader.render_to_string("503.html", words), status=503)
    page["Retry-After"] = str(unavailable.RETRY_AFTER)
    page["Cache-Control"] = "no-store"
    return _in_its_frame(request, page)


def _is_foreign(request: HttpRequest) -> bool:
    """Whether another website's page sent the request. Without the database: uses what this process
    knows of the source's own websites.
    """
    how = circumstances.of_request(request)
    if how.is_cross_site and request.resolver_match is not None:
        with suppress(Error), config_cache.from_memory():
            source = intake.active_source(request.resolver_match.kwargs.get("slug", ""))
            if source is not None:
                return websites.is_foreign(how, source)
    return how.is_cross_site


def _typed(request: HttpRequest) -> dict[str, str] | None:
    with suppress(BodyRefused, SuspiciousOperation):
        return request_body.page_form(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return None


def _in_its_frame(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """Lets a page of the widget show inside its source's websites, as this process knows them
    without the database.
    """
    if not pages.is_framed(request) or request.resolver_match is None:
        return page
    with suppress(Error), config_cache.from_memory():
        source = intake.active_source(request.resolver_match.kwargs.get("slug", ""))
        if source is not None:
            return pages.shown_inside(source, page)
    return page


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answers a request that lacks the cookie of our pages: 403, or 405 for a method that no page
    takes.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(_METHODS)
    return csrf_failure(request, reason)


def body_refused(request: HttpRequest, refused: BodyRefused) -> HttpResponse:
    """Answers a body that cannot be used with its status and the reason."""
    if _is_for_the_api(request):
        return api.body_refused(refused)
    if refused.status == 413:
        return render(request, "413.html", status=413)
    words = {"too_much": "", "reason": refused.sentence}
    return render(request, "400.html", words, status=refused.status)


def not_taken(refused: Refused) -> str:
    """For a visitor whose request is refused: when to try again, if at all."""
    if refused.is_for_good:
        return gettext(
            "We cannot accept this request here, and nothing was sent. Please contact us "
            "another way."
        )
    minutes = math.ceil(refused.seconds / 60)
    if minutes > 90:
        hours = math.ceil(minutes / 60)
        return ngettext(
            "Too many requests have come from your network. Nothing was sent; what you wrote is "
            "still here. Try again in %(number)d hour.",
            "Too many requests have come from your network. Nothing was sent; what you wrote is "
            "still here. Try again in %(number)d hours.",
            hours,
        ) % {"number": hours}
    return ngettext(
        "Too many requests have come from your network. Nothing was sent; what you wrote is still "
        "here. Try again in %(number)d minute.",
        "Too many requests have come from your network. Nothing was sent; what you wrote is still "
        "here. Try again in %(number)d minutes.",
        minutes,
    ) % {"number": minutes}


def not_stored() -> str:
    """For a visitor whose request could not be stored: they can send it again as it is."""
    return gettext(
        "We could not save your request just now. This is not your fault, and everything you "
        "wrote is still here. Wait a few seconds and press “%(button)s” again: no matter how "
        "often you press it, we get one request."
    ) % {"button": gettext("Call me back")}


def too_many_changes(wait: timedelta) -> str:
    """For a visitor who has changed a request too often."""
    minutes = math.ceil(wait.total_seconds() / 60)
    return ngettext(
        "You have changed this request too many times. Nothing was changed this time. Try again "
        "in %(number)d minute.",
        "You have changed this request too many times. Nothing was changed this time. Try again "
        "in %(number)d minutes.",
        minutes,
    ) % {"number": minutes}


def too_many_numbers(wait: timedelta) -> str:
    """For somebody who put too many numbers on the never-call list."""
    hours = math.ceil(wait.total_seconds() / 3600)
    return ngettext(
        "Too many numbers were put on our list from your network. Try again in %(number)d hour, "
        "or tell the person who calls you.",
        "Too many numbers were put on our list from your network. Try again in %(number)d "
        "hours, or tell the person who calls you.",
        hours,
    ) % {"number": hours}


def _too_much(request: HttpRequest, exception: Exception) -> str:
    """Which limit a form exceeds; "" if it was refused for another reason."""
    if isinstance(exception, TooManyFieldsSent):
        few = isinstance(exception, TooManyFields) or not request.path_info.startswith("/admin/")
        most = MOST_FIELDS if few else settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return gettext("This form has more than %(most)s fields, the most we accept.") % {
            "most": f"{most:,}"
        }
    if isinstance(exception, RequestDataTooBig):
        size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return gettext("This form has more than %(size)s KiB of text, the most we accept.") % {
            "size": size
        }
    return ""


def _is_for_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
