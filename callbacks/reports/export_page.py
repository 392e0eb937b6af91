"""The buttons below the report's figures: the same view as a file."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.exports.answers import answer
from callbacks.exports.records import may_export
from callbacks.models.exports import ExportWhat
from callbacks.reports import selection
from callbacks.reports.export import Export
from callbacks.reports.filters import NotUnderstood


def callback_times_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """POST: what the page shows for the same query, as the `format` csv or xlsx; recorded.

    403 without the right. If the query cannot be understood, redirects to the page, which says why.
    A GET, sent after a login in between, redirects to the page too.
    """
    if not may_export(request.user):
        raise PermissionDenied
    page = f"{reverse('callback-times')}?{request.GET.urlencode()}"
    if request.method != "POST":
        return HttpResponseRedirect(page)
    now = timezone.now()
    try:
        selected = selection.read(request.GET, now, scope.of(request.user))
    except NotUnderstood:
        messages.error(request, gettext("Nothing was exported. See below for what to correct."))
        return HttpResponseRedirect(page)
    export = Export.of(selected, now)
    return answer(request, ExportWhat.CALLBACK_TIMES, export.name, export.rows(), export.fill)
