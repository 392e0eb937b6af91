"""The visitor's pages: the contact form, and the page that shows how a request stands."""

import logging
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from leads import (
    api,
    config_cache,
    error_pages,
    intake,
    joining,
    log_context,
    never_call,
    origins,
    request_body,
    visitor_status,
)
from leads.forms import LeadForm
from leads.guard import challenge, circumstances, rates, stamp, websites
from leads.guard.verdicts import Refused
from leads.models import Lead, LeadSource, ListedBy
from leads.request_body import BodyRefused

log = logging.getLogger(__name__)

DEFAULT_SOURCE = "website"
_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponse]


def _answers(*methods: str) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Makes a view answer `methods` only. Django's own decorator would answer an empty page."""

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @wraps(view)
        def answer(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponse:
            if request.method not in methods:
                page = render(request, "405.html", status=405)
                page["Allow"] = ", ".join(methods)
                return page
            return view(request, *args, **kwargs)

        return answer

    return decorate


class SeeOther(HttpResponseRedirect):
    """303: the browser gets the next page by GET, so that a reload submits nothing."""

    status_code = 303


@csrf_exempt  # what is posted here is told the right method, not that a cookie is missing
@_answers("GET", "HEAD")
def home(_request: HttpRequest) -> HttpResponse:
    """Redirects to the default source's form."""
    return redirect("leads:contact", slug=DEFAULT_SOURCE)


# There is no CSRF check. Such a check keeps other sites from using a signed-in user's rights, and
# this form uses none: like the API, it treats everybody as a stranger. The check would only turn
# away visitors without cookies, and those who took an hour to write.
@csrf_exempt
@_answers("GET", "HEAD", "POST")
def contact(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the form of a source, and stores what a visitor submits with it."""
    with config_cache.one_version():
        source = intake.active_source(slug)
        if source is None:
            return _gone(request, slug)
        if request.method == "POST":
            return _shown_inside(source, _submit(request, source))
        hidden = _hidden({"earlier": request.GET.get("earlier", "")})
        page = _form_page(request, source, LeadForm(source=source), hidden)
        return _shown_inside(source, page)


@csrf_exempt
def contact_without_slash(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes what is posted to the address without its final slash; everything else is sent on."""
    if request.method == "POST":
        return contact(request, slug)
    address = reverse("leads:contact", args=[slug])
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address)


@dataclass(frozen=True)
class _Hidden:
    """What the page of the form carries besides the fields.

    `token`: the page's own. `earlier`: the request that its visitor sent before. `stamp`: when it
    was rendered (leads.guard.stamp).
    """

    token: uuid.UUID
    earlier: uuid.UUID | None
    stamp: str


def _hidden(posted: Mapping[str, str]) -> _Hidden:
    """Of a new page, or of the one that was posted: its time goes on when it is shown again."""
    token, now = _uuid(posted.get("token", "")) or uuid.uuid4(), timezone.now()
    known = posted.get(stamp.FIELD, "")
    kept = known if stamp.age(known, token, now) is not None else stamp.new(token, now)
    return _Hidden(token, _uuid(posted.get("earlier", "")), kept)


def _submit(request: HttpRequest, source: LeadSource) -> HttpResponse:
    try:
        posted = request_body.page_form(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except BodyRefused as refused:
        return error_pages.body_refused(request, refused)
    form = LeadForm(posted, source=source)
    hidden = _hidden(posted)
    token, earlier = hidden.token, hidden.earlier
    if not form.is_valid():
        return _form_page(request, source, form, hidden, status=422)
    # What is written is part of the key: the same page sent again is the same submission, but a
    # visitor who went back to correct something asks for the corrected one.
    key = intake.key_from("form", str(token), source.slug, *form.written())
    submitter = (earlier and intake.submitter_of(earlier)) or intake.key_from("by", str(token))
    how = circumstances.of_form(request, posted, token, timezone.now())
    try:
        lead = intake.store_newest(form.submission(key, submitter, how))
    except Refused as refused:
        return _refused(request, source, form, hidden, refused)
    return SeeOther(_address(request, "status", source.slug, lead.public_id))


def _refused(
    request: HttpRequest,
    source: LeadSource,
    form: LeadForm,
    hidden: _Hidden,
    refused: Refused,
) -> HttpResponse:
    """The form with all that was typed, and when to send it again."""
    status = 403 if refused.is_for_good else 429
    page = _form_page(request, source, form, hidden, status=status, refused=refused)
    if not refused.is_for_good:
        page["Retry-After"] = str(refused.seconds)
    return page


def _uuid(posted: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(posted)
    except ValueError:
        return None


def _form_page(
    request: HttpRequest,
    source: LeadSource,
    form: LeadForm,
    hidden: _Hidden,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    form.offer_times()
    context = {"source": source, "form": form, "hidden": hidden}
    context["trap"], context["stamp_field"] = circumstances.TRAP, stamp.FIELD
    context["refused"] = error_pages.not_taken(refused) if refused else ""
    context["expectation"] = visitor_status.expectation(source, timezone.now())
    page = render(request, "leads/contact.html", context, status=status)
    if not form.is_bound:
        # Every visit gets a new token, but not with no-store: after "back" the browser must show
        # the page that it had, with the token that it had. A page with what somebody typed is kept
        # nowhere (callbacks.config.page_headers).
        page["Cache-Control"] = "private, no-cache"
    return page


@_answers("GET", "HEAD")
def status(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Shows the visitor who submitted a lead how it stands now."""
    lead = visitor_status.find(public_id, slug)
    if lead is None:
        return _not_found(request)
    log_context.follow(lead.pk)
    now = timezone.now()
    stands = visitor_status.standing(lead, now)
    source = intake.active_source(slug, visitor_status.version_of(lead))
    context = {
        "slug": slug,
        "has_form": source is not None,
        "offers_times": source is not None and source.offers_times,
        "public_id": public_id,
        "stands": stands,
        "ask_after": visitor_status.ask_after(stands, now),
        "refresh": visitor_status.refresh_after(lead, stands, now),
        "last_digits": visitor_status.last_digits(lead.phone),
        "is_challenged": challenge.is_asked(lead, now),
    }
    page = render(request, "leads/status.html", context)
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex"
    return _shown_inside(source or lead.source, page)


@csrf_exempt  # what is sent is signed by us, and grants nothing because of a cookie
@_answers("GET", "POST")
def solve(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """For the page of a request that is held as mildly suspicious: GET, a challenge; POST, its
    solution. JSON, as the widget has it.
    """
    lead = visitor_status.find(public_id, slug)
    now = timezone.now()
    if lead is None or not challenge.is_asked(lead, now):
        return api.nothing_here(request)
    log_context.follow(lead.pk)
    if request.method == "GET":
        answer = JsonResponse(challenge.ask(lead, now))
    else:
        try:
            solution = request_body.fields(request, ("altcha",)).get("altcha", "")
        except BodyRefused as refused:
            return api.body_refused(refused)
        is_solved = challenge.answer(lead, solution, now)
        answer = JsonResponse({"solved": is_solved}, status=200 if is_solved else 400)
    answer["Cache-Control"] = "no-store"
    return answer


# As with the form: whoever has the page's address, and nothing else, is asked for.
@csrf_exempt
@_answers("GET", "HEAD", "POST")
def never_call_again(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Asks the visitor whether their number is never to be called again; by POST it is done.

    Anybody can type anybody's number: before our call has rung it, the number goes on no list,
    and this request alone is taken back. Whether it is on the list already is told to nobody.
    Nothing is done for a page of a foreign website, nor for an address that lists number after
    number.
    """
    lead = visitor_status.find(public_id, slug)
    if lead is None:
        return _not_found(request)
    log_context.follow(lead.pk)
    now, source = timezone.now(), intake.active_source(slug)
    has_been_called = visitor_status.has_been_called(lead, now)
    trouble, status, wait = "", 200, None
    if request.method == "POST":
        how = circumstances.of_request(request)
        if websites.is_foreign(how, source or lead.source):
            trouble, status = gettext("A page of another website sent this. Answer here."), 403
        elif has_been_called and (wait := rates.wait_to_list(how, lead.phone, now)):
            trouble, status = error_pages.too_many_numbers(wait), 429
        else:
            _never_call(lead, now, lists=has_been_called)
            return SeeOther(f"{request.path}?done=yes")
    context = {
        "slug": slug,
        "public_id": public_id,
        "last_digits": visitor_status.last_digits(lead.phone),
        "is_done": request.GET.get("done") == "yes" and not trouble,
        "has_been_called": has_been_called,
        "trouble": trouble,
    }
    page = render(request, "leads/never_call.html", context, status=status)
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex"
    if wait:
        page["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return _shown_inside(source or lead.source, page)


def _never_call(lead: Lead, now: datetime, *, lists: bool) -> None:
    """Puts its number on the list; or, not `lists`, takes the request back."""
    if lists:
        reason = gettext("the visitor asked for it on the page of their request")
        never_call.add(lead.phone, reason, None, ListedBy.VISITOR, lead)
        log.info("never call again")
    else:
        joining.withdraw([lead], now)
        log.info("taken back")


def _shown_inside(source: LeadSource, page: HttpResponse) -> HttpResponse:
    """The source's websites may show this page inside theirs; all others may not, as any page."""
    if websites := origins.shown_inside(source.allowed_origins):
        page.xframe_options_exempt = True
        page._csp_replace = {"frame-ancestors": websites}  # type: ignore[attr-defined]
    return page


def _address(request: HttpRequest, name: str, *args: object) -> str:
    """Of another page for the visitor: in the widget's frame, another page in the frame."""
    here = request.resolver_match
    return reverse(f"leads:{name}", args=args, current_app=here.namespace if here else None)


def _gone(request: HttpRequest, slug: str) -> HttpResponse:
    """There is no such form. In the frame of a widget that is open, what to do instead."""
    source = LeadSource.objects.filter(slug=slug).first() if is_framed(request) else None
    if source is None:
        return _not_found(request)
    return _shown_inside(source, render(request, "leads/widget_gone.html", status=404))


def is_framed(request: HttpRequest) -> bool:
    """Whether the page stands in the frame of the widget."""
    here = request.resolver_match
    return here is not None and here.namespace == "widget"


def _not_found(request: HttpRequest) -> HttpResponse:
    """Renders the page. Http404 would show Django's own page while DEBUG is on."""
    return render(request, "404.html", status=404)
