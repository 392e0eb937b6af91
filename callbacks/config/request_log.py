"""One log line a request, by the name of its address; and which lead it was about."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from leads import log_context

log = logging.getLogger(__name__)

_SAFE = {"GET", "HEAD", "OPTIONS"}


class RequestLogMiddleware:
    """Who only looks is of interest when something goes wrong: such lines are DEBUG ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Times the request; the path and its parameters, which may say anything, stay out."""
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

    def process_view(
        self, _request: HttpRequest, _view: object, _args: object, kwargs: dict[str, Any]
    ) -> None:
        """A page or an answer about one lead names it in its address."""
        if public_id := kwargs.get("public_id"):
            log_context.follow(public_id)
