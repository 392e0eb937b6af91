"""Is this process alive? Does the whole system work? What are its figures?"""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from callbacks.common import stopping
from callbacks.monitoring import metrics as figures_page
from callbacks.monitoring import readiness
from callbacks.monitoring.access import may_read

log = logging.getLogger(__name__)

# A person reads this at night, as curl prints it: one line each, with plain quotation marks.
_TO_BE_READ = {"indent": 1, "ensure_ascii": False}


@csrf_exempt  # so that a POST gets 405, not a CSRF error
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 as soon as the process serves requests; 503 while it still serves but is about to
    stop.
    """
    if stopping.has_begun():
        stops = HttpResponse("stops", content_type="text/plain", status=503)
        _leave_unlogged(stops)
        return _unkept(stops)
    return _unkept(HttpResponse("ok", content_type="text/plain"))


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if leads are stored and called, else 503. METRICS_TOKEN shows which part fails."""
    checks = readiness.checks()
    is_ready = all(check.ok for check in checks)
    body: dict[str, object] = {"ready": is_ready}
    if may_read(request):
        body["checks"] = {
            check.name: {"ok": check.ok} | ({"advice": check.advice} if check.advice else {})
            for check in checks
        }
    answer = _unkept(
        JsonResponse(body, status=200 if is_ready else 503, json_dumps_params=_TO_BE_READ)
    )
    if not is_ready:
        log.warning("not ready: %s", ", ".join(it.name for it in checks if not it.ok))
        _leave_unlogged(answer)
    return answer


@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures in Prometheus's format; callbacks.monitoring.metrics lists them."""
    if not may_read(request):
        refused = HttpResponse("Send METRICS_TOKEN.\n", content_type="text/plain", status=401)
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return _unkept(refused)
    text, content_type = figures_page.exposition(request.headers.get("Accept", ""))
    return _unkept(HttpResponse(text, content_type=content_type))


def _leave_unlogged(response: HttpResponse) -> None:
    """Keeps Django from logging the answer as a failed request."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's mark


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
