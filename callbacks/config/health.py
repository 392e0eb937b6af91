"""Is this process alive?"""

from django.http import HttpRequest, HttpResponse


def healthz(_request: HttpRequest) -> HttpResponse:
    """200 as soon as the process serves requests."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})
