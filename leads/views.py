"""The visitor's pages: the contact form, and the page that shows how a request stands."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from leads import config_cache, error_pages, intake, origins, request_body, visitor_status
from leads.forms import LeadForm
from leads.guard import circumstances, robots
from leads.guard.verdicts import Refused
from leads.models import LeadSource
from leads.request_body import BodyRefused

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
            return _not_found(request)
        if request.method == "POST":
            return _shown_inside(source, _submit(request, source))
        earlier = _uuid(request.GET.get("earlier", ""))
        page = _form_page(request, source, LeadForm(source=source), uuid.uuid4(), earlier)
        return _shown_inside(source, page)


@csrf_exempt
def contact_without_slash(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes what is posted to the address without its final slash; everything else is sent on."""
    if request.method == "POST":
        return contact(request, slug)
    address = reverse("leads:contact", args=[slug])
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address)


def _submit(request: HttpRequest, source: LeadSource) -> HttpResponse:
    try:
        posted = request_body.page_form(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except BodyRefused as refused:
        return error_pages.body_refused(request, refused)
    form = LeadForm(posted, source=source)
    token = _uuid(posted.get("token", "")) or uuid.uuid4()
    earlier = _uuid(posted.get("earlier", ""))
    if not form.is_valid():
        return _form_page(request, source, form, token, earlier, status=422)
    # What is written is part of the key: the same page sent again is the same submission, but a
    # visitor who went back to correct something asks for the corrected one.
    written = (str(value or "") for value in form.cleaned_data.values())
    key = intake.key_from("form", str(token), source.slug, *written)
    submitter = (earlier and intake.submitter_of(earlier)) or intake.key_from("by", str(token))
    how = circumstances.of_request(request, trap=posted.get(robots.TRAP, ""))
    try:
        lead = intake.store_newest(form.submission(key, submitter, how))
    except Refused as refused:
        return _refused(request, source, form, token, earlier, refused)
    return SeeOther(reverse("leads:status", args=[source.slug, lead.public_id]))


def _refused(
    request: HttpRequest,
    source: LeadSource,
    form: LeadForm,
    token: uuid.UUID,
    earlier: uuid.UUID | None,
    refused: Refused,
) -> HttpResponse:
    """The form with all that was typed, and when to send it again."""
    page = _form_page(request, source, form, token, earlier, status=429, refused=refused)
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
    token: uuid.UUID,
    earlier: uuid.UUID | None,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    form.offer_times()
    context = {"source": source, "form": form, "token": token, "earlier": earlier}
    context["trap"] = robots.TRAP
    context["refused"] = error_pages.too_many(refused) if refused else ""
    context["expectation"] = visitor_status.expectation(source, timezone.now())
    page = render(request, "leads/contact.html", context, status=status)
    # Every visit gets a new token, but not with no-store: after "back" the browser must show the
    # page that it had, with the token that it had.
    page["Cache-Control"] = "private, no-cache"
    return page


@_answers("GET", "HEAD")
def status(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Shows the visitor who submitted a lead how it stands now."""
    lead = visitor_status.find(public_id, slug)
    if lead is None:
        return _not_found(request)
    now = timezone.now()
    stands = visitor_status.standing(lead, now)
    source = intake.active_source(slug, visitor_status.version_of(lead))
    context = {
        "slug": slug,
        "has_form": source is not None,
        "offers_times": source is not None and source.offers_times,
        "public_id": public_id,
        "stands": stands,
        "refresh": visitor_status.refresh_after(lead, stands, now),
        "last_digits": visitor_status.last_digits(lead.phone),
    }
    page = render(request, "leads/status.html", context)
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex"
    return _shown_inside(source, page) if source else page


def _shown_inside(source: LeadSource, page: HttpResponse) -> HttpResponse:
    """The source's websites may show this page inside theirs; all others may not, as any page."""
    if websites := origins.shown_inside(source.allowed_origins):
        page.xframe_options_exempt = True
        page._csp_replace = {"frame-ancestors": websites}  # type: ignore[attr-defined]
    return page


def _not_found(request: HttpRequest) -> HttpResponse:
    """Renders the page. Http404 would show Django's own page while DEBUG is on."""
    return render(request, "404.html", status=404)
