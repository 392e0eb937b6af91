"""Answers to requests that failed: JSON below /api/, a page everywhere else.

callbacks.config.urls registers them as Django's handlers. By then Django has logged the failure.
"""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from leads import api


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answers 400."""
    return api.refused() if _is_for_the_api(request) else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers 500."""
    return api.broken() if _is_for_the_api(request) else defaults.server_error(request)


def _is_for_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
