"""Receives the provider's posts. A secret in the address keeps others out.

The answers follow the provider's format (reference, CDR notification): `Err` 0 = accepted, 1 =
could not be read, 2 = an error on our side, please send again.
"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from callbacks.reconciliation import call_progress, records
from callbacks.telephony import post_secrets
from callbacks.voicenter import CdrError, PopUpError, parse_cdr, parse_popup, popup_answer
from callbacks.voicenter.events import cdr as cdr_format
from callbacks.voicenter.events import popup as popup_format
from leads import log_context, request_body
from leads.guard import address as addresses
from leads.request_body import BodyRefused

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def cdr(request: HttpRequest, secret: str) -> HttpResponse:
    """Receives the record of one leg of an ended call."""
    setting = _check(request, secret)
    try:
        body = request_body.read(request, cdr_format.MAX_BODY)
        record = parse_cdr(body, request.content_type or "")
    except (CdrError, BodyRefused) as error:
        log.warning("call record could not be read error=%s", type(error).__name__)
        return _answer(1, "Parse error")
    post_secrets.was_used(setting)
    try:
        records.receive(record)
    except DatabaseError as error:
        log.error(
            "call record could not be stored call_id=%s error=%s",
            record.call_id,
            type(error).__name__,
        )
        return _answer(2, "Application error", status=503)
    return _answer(0, "OK")


@csrf_exempt
@require_http_methods(["GET", "POST", "OPTIONS"])
def popup(request: HttpRequest, secret: str) -> HttpResponse:
    """Receives a pop-up: a call rings, is answered or is hung up. Answers with the lead's page.

    Pop-ups come from the vendor's servers and from its extension in the salesperson's browser. A
    browser shows the answer to that extension only if we name its origin; no other origin may read
    the answer.
    """
    setting = _check(request, secret)
    answer = HttpResponse(status=204) if request.method == "OPTIONS" else _popup(request, setting)
    answer["Vary"] = "Origin"
    if request.headers.get("Origin") == popup_format.BROWSER_EXTENSION:
        answer["Access-Control-Allow-Origin"] = popup_format.BROWSER_EXTENSION
        if request.method == "OPTIONS":
            answer["Access-Control-Allow-Methods"] = "GET, POST"
            answer["Access-Control-Allow-Headers"] = "Content-Type"
            answer["Access-Control-Max-Age"] = "86400"
    return answer


def _popup(request: HttpRequest, setting: str) -> HttpResponse:
    """Answers a pop-up with the secret of `setting`.

    The provider waits three seconds for the answer (reference, Pop-up screen).

    The answer has no page if the call is not ours or not live, so that somebody with an old CALLID
    learns nothing from it.
    """
    try:
        if request.method == "GET":
            query = request.META.get("QUERY_STRING", "").encode()
            asked = parse_popup(query, "application/x-www-form-urlencoded")
        else:
            body = request_body.read(request, popup_format.MAX_BODY)
            asked = parse_popup(body, request.content_type or "")
    except (PopUpError, BodyRefused) as error:
        log.warning("pop-up could not be read error=%s", type(error).__name__)
        return JsonResponse({"STATUS": "ERROR", "Err": 1, "Errdesc": "Parse error"})
    post_secrets.was_used(setting)
    try:
        attempt = call_progress.follow(asked)
    except DatabaseError as error:
        log.error(
            "pop-up could not be answered call_id=%s error=%s", asked.call_id, type(error).__name__
        )
        unavailable = {"STATUS": "ERROR", "Err": 2, "Errdesc": "Application error"}
        return JsonResponse(unavailable, status=503)
    if attempt is None or not attempt.is_live:
        log.info("pop-up for no live call status=%s call_id=%s", asked.status, asked.call_id)
        return JsonResponse(popup_answer())
    lead = attempt.lead
    log_context.follow(lead.pk)
    log.info("pop-up status=%s attempt=%s call_id=%s", asked.status, attempt.pk, asked.call_id)
    page = request.build_absolute_uri(reverse("admin:leads_lead_change", args=[lead.pk]))
    newest = lead.newest_request()
    name = newest.name
    if extension := lead.extension_to_ask_for():
        name = gettext("%(name)s (ask for extension %(extension)s)") % {
            "name": newest.name,
            "extension": extension,
        }
    return JsonResponse(popup_answer(url=page, client_name=name, company=lead.source.name))


def _check(request: HttpRequest, secret: str) -> str:
    """The setting that has this secret: CDR_SECRET or CDR_SECRET_PREVIOUS.

    Raises Http404 for a wrong secret or an address outside VOICENTER_ADDRESSES: the same answer as
    for an unknown URL.
    """
    name = post_secrets.named(secret.encode())
    if not name:
        raise Http404
    address = addresses.of_request(request)
    allowed = settings.VOICENTER_ADDRESSES
    if allowed and (address is None or not addresses.is_in(address, allowed)):
        # Worth a log line: somebody has the secret and posts from elsewhere.
        log.warning("post refused: address not in VOICENTER_ADDRESSES address=%s", address)
        raise Http404
    return name


def _answer(err: int, description: str, status: int = 200) -> JsonResponse:
    return JsonResponse({"Err": err, "Errdesc": description}, status=status)
