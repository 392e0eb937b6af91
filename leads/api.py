"""The API: `POST /api/leads/` and `GET /api/leads/<uuid>/`. Reference: docs/api.md.

Every answer is JSON. A refusal is `{"errors": {field: [sentence, ...]}}`.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.csrf import csrf_exempt

from leads import (
    acts,
    api_keys,
    config_cache,
    expiry,
    failed_submissions,
    form_fields,
    intake,
    language_choice,
    languages,
    log_context,
    request_body,
    source_texts,
    status_cache,
    unavailable,
    visitor_status,
    visits,
)
from leads.api_keys import KeyRefused
from leads.failed_submissions import FailedBy
from leads.forms import ApiForm
from leads.guard import address, circumstances, keyless
from leads.guard.verdicts import Refused
from leads.models import ApiClient, ApiScope, Lead, LeadSource
from leads.request_body import BodyRefused

FIELDS = (
    "source", "name", "phone", "email", "message", "language", "call_at", "earlier", "consent",
    *visits.FIELDS,
)  # fmt: skip
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")

_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponse]


def _endpoint(*methods: str) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Makes a view answer only `methods`, and answer in JSON while the database is unavailable.

    There is no CSRF check: the API grants nothing because of a cookie, so there is nothing to
    abuse.
    """

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @csrf_exempt
        @wraps(view)
        def answer(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponse:
            if request.method not in methods:
                refused = _errors(405, {"method": [_use_one_of(methods)]})
                refused["Allow"] = ", ".join(methods)
                return refused
            try:
                api_keys.refuse_in_address(request)
                return view(request, *args, **kwargs)
            except BodyRefused as refusal:
                return body_refused(refusal)
            except KeyRefused as refusal:
                return _key_refused(refusal)
            except Error as error:
                if unavailable.cause(error) is None:
                    raise
                return not_available()

        return answer

    return decorate


def _use_one_of(methods: tuple[str, ...]) -> str:
    sentence = ngettext("Use %(methods)s.", "Use one of these: %(methods)s.", len(methods))
    return sentence % {"methods": ", ".join(methods)}


@_endpoint("POST")
def create(request: HttpRequest) -> HttpResponse:
    """Stores a lead: 201 with its id, or 400, 401, 403, 404, 413, 415, 422, 429 or 503 with errors
    by field.
    """
    with failed_submissions.counted(FailedBy.API):
        return _create(request)


def _create(request: HttpRequest) -> HttpResponse:
    client = api_keys.client_of(request, ApiScope.SUBMIT, timezone.now())
    header = request.headers.get("Idempotency-Key")
    if header is not None and not _IDEMPOTENCY_KEY.fullmatch(header):
        message = gettext("Use 1 to 255 printable ASCII characters.")
        return _errors(400, {"Idempotency-Key": [message]})
    fields = request_body.fields(
        request, FIELDS, api_keys.refuse_in_body, prefix=form_fields.PREFIX
    )
    if not fields.get("source"):
        return _errors(400, {"source": [gettext("Name the source that the lead comes from.")]})
    whose = _whose(request, client)
    with config_cache.one_version():
        source = intake.active_source(fields["source"])
        if source is not None:
            return _store(request, source, fields, _Sent(client, header, whose))
    slug = intake.slug_of_any(fields["source"]) if header else ""
    if slug and header:
        key, mark = _Sent(client, header, whose).key_and_mark(slug, fields)
        if known := intake.find(key):
            return _repeated(request, known, mark, fields)
    return _errors(404, {"source": [gettext("There is no such source.")]})


@dataclass(frozen=True)
class _Sent:
    """The client that sent the request, its Idempotency-Key, and the sender's identity."""

    client: ApiClient | None
    header: str | None
    whose: tuple[str, ...]

    def key_and_mark(self, slug: str, fields: Mapping[str, str]) -> tuple[uuid.UUID, str]:
        """The submission's key, and the fingerprint of its fields; "" if nobody will ask for it.

        An Idempotency-Key belongs to its sender: a stranger who used it before blocks nobody's
        request. If the sender is unknown, the fields tell senders apart.
        """
        if self.header is None:
            return uuid.uuid4(), ""
        mark = intake.fingerprint({**fields, "source": slug})
        return intake.key_from("api", *(self.whose or ("fields", mark)), slug, self.header), mark


def _whose(request: HttpRequest, client: ApiClient | None) -> tuple[str, ...]:
    if client:
        return ("client", str(client.pk))
    sender = address.sender(request)
    hidden = salted_hmac("leads.api.sender", sender, algorithm="sha256").hexdigest()
    return ("address", hidden) if sender else ()


def _store(
    request: HttpRequest, source: LeadSource, fields: Mapping[str, str], sent: _Sent
) -> HttpResponse:
    client, how = sent.client, circumstances.of_api(request, fields, sent.client)
    language_choice.speak(request, source, fields.get("language", ""))
    if client and not api_keys.may_submit_to(client, source):
        return _errors(403, {"source": [gettext("This API key is not for this source.")]})
    key, mark = sent.key_and_mark(source.slug, fields)
    # Looked up before the fields are checked: a repeated submission gets its first answer again,
    # even if the rules have changed since, or the source is switched off.
    if sent.header is not None and (known := intake.find(key)):
        return _repeated(request, known, mark, fields)
    if keyless.is_refused(source, how):
        raise KeyRefused(401, gettext("This source only accepts requests with an API key."))
    form = ApiForm(fields, source=source, language=languages.read(fields.get("language", "")))
    unknown = form.unknown(fields)
    if not form.is_valid() or unknown:
        return _not_valid(form, unknown)
    earlier = _uuid(fields.get("earlier", "").strip())
    submitter = intake.submitter_of(earlier) if earlier else None
    store = intake.store_correction if submitter else intake.store
    try:
        lead = store(form.submission(key, submitter or uuid.uuid4(), how, mark))
    except Refused as refused:
        return _not_taken(refused, client)
    return _repeated(request, lead, mark, fields)


def _not_taken(refused: Refused, client: ApiClient | None) -> HttpResponse:
    """403 or 429: the guard refused the request."""
    if refused.is_for_good:
        return _errors(403, {"request": [gettext("We cannot accept this request here.")]})
    sentence = gettext("Too many requests come from this address. See Retry-After.")
    if client:
        sentence = gettext("Too many requests were sent with this client's keys. See Retry-After.")
    answer = _errors(429, {"request": [sentence]})
    answer["Retry-After"] = str(refused.seconds)
    return answer


def _not_valid(form: ApiForm, unknown: Mapping[str, list[str]]) -> HttpResponse:
    """400 with what is wrong; for a missing consent, also the text to agree to."""
    errors = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
    errors |= unknown
    body: dict[str, object] = {"errors": errors}
    if form.unsure_of:
        body["codes"] = {"phone": "unsure"}
    if "consent" in errors and (text := form.consent_text):
        body["consent"] = {
            "version": str(text.version),
            "language": text.language,
            "text": text.text,
            "privacy_url": source_texts.privacy_url(form.source, text.language),
        }
    return _json(body, status=400)


def _key_refused(refused: KeyRefused) -> HttpResponse:
    answer = _errors(refused.status, {"Authorization": [str(refused)]})
    if refused.status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _repeated(
    request: HttpRequest, lead: Lead, mark: str, fields: Mapping[str, str]
) -> HttpResponse:
    """The answer for the lead that a key belongs to; 422 if the key came with other fields."""
    if lead.submission_fingerprint in {mark, ""}:  # "": stored by a release without fingerprints
        return _created(request, lead, fields.get("language", ""))
    sentence = gettext(
        "This key was already sent with another body. Use a new key for each submission."
    )
    return _errors(422, {"Idempotency-Key": [sentence]})


@_endpoint("GET", "HEAD")
def status(request: HttpRequest, public_id: str) -> HttpResponse:
    """How a lead stands, in sentences that a visitor may see."""
    parsed = _uuid(public_id)
    # Together with the lead's source, this decides the language.
    before = language_choice.of_request(request)
    words = f"{before.language} {before.is_asked}"
    body = status_cache.get(parsed, words, lambda: _standing(request, parsed)) if parsed else None
    if body is None:
        return _errors(404, {"id": [gettext("There is no such lead.")]})
    if "errors" in body:
        return _json({"errors": body["errors"]}, status=HTTPStatus.GONE)
    answer = _json(body)
    answer["X-Robots-Tag"] = "noindex"
    answer["Content-Language"] = str(body["language"])
    return answer


def _standing(request: HttpRequest, public_id: uuid.UUID) -> dict[str, object] | None:
    lead = visitor_status.find(public_id)
    if lead is None:
        return None
    log_context.follow(lead.pk)
    now = timezone.now()
    source = intake.active_by_id(lead.came_through, visitor_status.version_of(lead))
    language_choice.speak(request, source or lead.source)
    if expiry.has_expired(lead, now):
        said = gettext("The status of this request is no longer shown.")
        return {"errors": {"id": [said]}, "final": True}
    stands = visitor_status.standing(lead, now)
    return {
        "status": stands.status,
        "language": get_language(),
        "title": str(stands.title),
        "message": str(stands.message),
        "call_after": stands.call_after.isoformat() if stands.call_after else None,
        "estimate": stands.estimate,
        "caller_number": visitor_status.caller_number(lead, stands),
        "final": stands.final,
        "ask_after": visitor_status.ask_after(stands, now),
        "acts": [it.value for it in acts.offered(stands, source, lead, now)],
    }


@csrf_exempt
def nothing_here(_request: HttpRequest) -> HttpResponse:
    """The answer to every other address below /api/."""
    return _errors(404, {"path": [gettext("There is nothing at this address.")]})


def body_refused(refused: BodyRefused) -> HttpResponse:
    """400, 413 or 415: the body cannot be used."""
    return _errors(refused.status, refused.errors)


def refused(sentence: str = "") -> HttpResponse:
    """400: Django refused the request before it reached a view; `sentence` says why, if known."""
    return _errors(400, {"request": [sentence or gettext("We cannot accept this request.")]})


def not_available() -> HttpResponse:
    """503: the database is unavailable now (leads.unavailable)."""
    answer = _errors(503, {"server": [gettext("Not available now. Try again shortly.")]})
    answer["Retry-After"] = str(unavailable.RETRY_AFTER)
    return answer


def broken() -> HttpResponse:
    """500: an unforeseen error in our code."""
    return _errors(500, {"server": [gettext("Something went wrong on our side.")]})


def _created(request: HttpRequest, lead: Lead, named: str) -> HttpResponse:
    """201 with values that never change: a repeated submission gets the same answer, however late.

    `named`: the language sent with the submission. The addresses carry it, so that their pages use
    it.
    """
    choice = language_choice.of_request(request, named=named)
    query = {language_choice.PARAMETER: choice.language} if choice.is_asked else {}
    path = reverse("leads:api-status", args=[lead.public_id], query=query)
    status_url = request.build_absolute_uri(path)
    page = reverse("leads:status", args=[lead.source.slug, lead.public_id], query=query)
    body = {
        "id": str(lead.public_id),
        "status_url": status_url,
        "page_url": request.build_absolute_uri(page),
    }
    answer = _json(body, status=201)
    answer["Location"] = status_url
    return answer


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _errors(status: int, errors: Mapping[str, list[str]]) -> HttpResponse:
    return _json({"errors": errors}, status=status)


def _json(body: Mapping[str, object], status: int = 200) -> HttpResponse:
    answer = JsonResponse(body, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
