"""Writes one log line per request, with the name of its route and the lead that it is about."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from leads import log_context

log = logging.getLogger(__name__)

_SAFE = {"GET", "HEAD", "OPTIONS"}


@receiver(request_finished)
def leave_the_lead(**_kwargs: Any) -> None:
    """Makes the server's later lines in this thread name no lead."""
    log_context.forget()


class RequestLogMiddleware:
    """Logs successful reads as DEBUG, and everything else as INFO."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Times and logs the request, without path and parameters, which may be confidential."""
        log_context.forget()
        started = time.monotonic()
        response = self._get_response(request)
        match = request.resolver_match
        quiet = request.method in _SAFE and response.status_code < 500
        log.log(
            logging.DEBUG if quiet else logging.INFO,
            "request method=%s route=%s status=%s ms=%.0f",
            request.method if request.method in {*_SAFE, "POST"} else "other",
            match.view_name if match else "-",
            response.status_code,
            (time.monotonic() - started) * 1000,
        )
        return response
