"""How far an export is, for the page that waits for it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from callbacks.exports import records


@require_safe
@never_cache
def export_progress(request: HttpRequest, ticket: str) -> JsonResponse:
    """GET: rows, rows written and state of an export of the user; 404 if there is none."""
    if not records.may_export(request.user):
        raise PermissionDenied
    found = records.progress(request.user.pk or 0, ticket, timezone.now())
    if found is None:
        raise Http404
    return JsonResponse(found)
