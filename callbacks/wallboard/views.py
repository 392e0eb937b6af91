"""The page of a wallboard, and the figures that it requests every few seconds."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from callbacks.common.shared_reading import StillReading
from callbacks.models import Wallboard
from callbacks.models.wallboards import link_id_of
from callbacks.wallboard import snapshot
from leads import language_choice


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The empty board, which its script fills in. 404 for a link that no longer works."""
    board = _board(token)
    if board is None:
        return _discreet(render(request, "wallboard/withdrawn.html", status=404))
    language_choice.speak_as(request, board.language)
    return _discreet(render(request, "wallboard/board.html", {"board": board}))


@require_safe
def now(_request: HttpRequest, token: str) -> HttpResponse:
    """The figures as JSON, as of the time in them: seldom more than `snapshot.FRESH_FOR` ago.

    404: the link no longer works. 503: the database is slow; the board asks again.
    """
    link_id = link_id_of(token)
    try:
        body = snapshot.body_for(link_id) if link_id else None
    except StillReading:
        busy = {"error": gettext("Not available now. Try again shortly.")}
        return _discreet(JsonResponse(busy, status=503))
    if body is None:
        return _discreet(JsonResponse({"error": gettext("No such board.")}, status=404))
    return _discreet(HttpResponse(body, content_type="application/json"))


def _board(token: str) -> Wallboard | None:
    link_id = link_id_of(token)
    return Wallboard.objects.filter(link_id=link_id, withdrawn_at=None).first() if link_id else None


def _discreet(response: HttpResponse) -> HttpResponse:
    """Keeps the page out of caches and search engines, and its address out of referrers."""
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
