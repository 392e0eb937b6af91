"""Answers to requests that failed: JSON below /api/, a page everywhere else.

callbacks.config.urls registers them as Django's handlers. By then Django has logged the failure.
"""

import math
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseServerError,
)
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext, ngettext

from leads import api
from leads.guard.verdicts import Refused
from leads.request_body import MOST_FIELDS, BodyRefused, TooManyFields


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answers 400."""
    foreign = ""
    if isinstance(exception, DisallowedHost):
        foreign = gettext("This website does not answer under the name in the address.")
    if _is_for_the_api(request):
        return api.refused(foreign)
    words = {
        "request": request,
        "too_much": _too_much(request, exception),
        "foreign": foreign,
    }
    return HttpResponseBadRequest(loader.render_to_string("400.html", words))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers 500."""
    if _is_for_the_api(request):
        return api.broken()
    return HttpResponseServerError(loader.render_to_string("500.html", {"request": request}))


def body_refused(request: HttpRequest, refused: BodyRefused) -> HttpResponse:
    """Answers a body that cannot be used with its status, and why."""
    if _is_for_the_api(request):
        return api.body_refused(refused)
    if refused.status == 413:
        return render(request, "413.html", status=413)
    words = {"too_much": "", "reason": refused.sentence}
    return render(request, "400.html", words, status=refused.status)


def not_taken(refused: Refused) -> str:
    """For a visitor whose request is refused: when to try again, if ever."""
    if refused.is_for_good:
        return gettext(
            "We cannot take this request here, and nothing was sent. Please reach us another way."
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


def too_many_changes(wait: timedelta) -> str:
    """For whoever changes a request again and again."""
    minutes = math.ceil(wait.total_seconds() / 60)
    return ngettext(
        "You have changed this request many times. Nothing was changed now. Try again in "
        "%(number)d minute.",
        "You have changed this request many times. Nothing was changed now. Try again in "
        "%(number)d minutes.",
        minutes,
    ) % {"number": minutes}


def too_many_numbers(wait: timedelta) -> str:
    """For whoever puts number after number on the never-call list."""
    hours = math.ceil(wait.total_seconds() / 3600)
    return ngettext(
        "Too many numbers were put on our list from your network. Try again in %(number)d hour, or "
        "tell whoever calls you.",
        "Too many numbers were put on our list from your network. Try again in %(number)d hours, "
        "or tell whoever calls you.",
        hours,
    ) % {"number": hours}


def _too_much(request: HttpRequest, exception: Exception) -> str:
    """Which limit a form has passed; "" when it was refused for something else."""
    if isinstance(exception, TooManyFieldsSent):
        few = isinstance(exception, TooManyFields) or not request.path_info.startswith("/admin/")
        most = MOST_FIELDS if few else settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return gettext("This form has more than %(most)s fields, and no more are taken.") % {
            "most": f"{most:,}"
        }
    if isinstance(exception, RequestDataTooBig):
        size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return gettext("This form has more than %(size)s KiB of text, and no more is taken.") % {
            "size": size
        }
    return ""


def _is_for_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
