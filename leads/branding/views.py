"""Views for a source's colours and logo. Each answer depends on the address alone, so that caches
may keep it; no view needs to know the source.
"""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt

from leads import pages
from leads.branding import palette
from leads.models import Logo

# Seconds. Another style sheet or logo has another address.
KEPT = 365 * 24 * 3600


@csrf_exempt  # so that a POST gets 405, not a CSRF error
@pages.answers("GET", "HEAD")
def colours(request: HttpRequest, colour: str) -> HttpResponse:
    """The style sheet for a colour such as "0b57c4"."""
    if not re.fullmatch(r"[0-9a-f]{6}", colour):
        return pages.not_found(request)
    body = palette.stylesheet(f"#{colour}").encode()
    etag = hashlib.sha256(body).hexdigest()[:32]
    return _kept(request, HttpResponse(body, content_type="text/css; charset=utf-8"), etag)


@csrf_exempt
@pages.answers("GET", "HEAD")
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """A logo, by the digest of its bytes."""
    found = Logo.objects.filter(digest=digest).only("image", "kind").first()
    if found is None:
        return pages.not_found(request)
    return _kept(request, HttpResponse(bytes(found.image), content_type=found.kind), digest)


def _kept(request: HttpRequest, answer: HttpResponse, etag: str) -> HttpResponse:
    answer["ETag"] = f'"{etag}"'
    answer["Cache-Control"] = f"public, max-age={KEPT}, immutable"
    found = get_conditional_response(request, etag=answer["ETag"], response=answer)
    return found if isinstance(found, HttpResponse) else answer
