"""What is answered to a request that failed: JSON to programs, a page to people.

Django's handlers (callbacks.config.urls). The failure and its traceback are in the log by then.
"""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from leads import api


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The handler for 400."""
    return api.refused() if _is_for_the_api(request) else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The handler for 500."""
    return api.broken() if _is_for_the_api(request) else defaults.server_error(request)


def _is_for_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
