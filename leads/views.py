"""The contact form."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_exempt

from leads import (
    before_sending,
    config_cache,
    error_pages,
    failed_submissions,
    form_fields,
    intake,
    language_choice,
    languages,
    number_guard,
    pages,
    phones,
    ports,
    request_body,
    source_texts,
    unavailable,
    visits,
)
from leads.branding.shown import branding
from leads.failed_submissions import FailedBy
from leads.forms import LeadForm
from leads.guard import circumstances, rates, stamp, websites
from leads.guard.verdicts import Refused
from leads.models import LeadSource
from leads.phones import PhoneRefused
from leads.request_body import BodyRefused
from leads.typed_text import clean_line

DEFAULT_SOURCE = "website"


@csrf_exempt  # so that a POST gets 405, not a CSRF error
@pages.answers("GET", "HEAD")
def home(request: HttpRequest) -> HttpResponse:
    """Redirects to the default source's form."""
    return _to_form(request, DEFAULT_SOURCE)


# There is no CSRF check. It would keep other sites from using a signed-in user's rights, and this
# form uses none: like the API, it treats everybody as a stranger. The check would only turn away
# visitors without cookies, and those who took an hour to write.
@csrf_exempt
@pages.answers("GET", "HEAD", "POST")
def contact(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows a source's form, and stores what a visitor submits with it."""
    if request.method == "POST":
        return _taken(request, slug)
    try:
        with config_cache.one_version():
            source = intake.active_source(slug)
            if source is None:
                return _gone(request, slug)
            return _new_form(request, source)
    except Error as error:
        if unavailable.cause(error) is None:
            raise
    return _from_memory(request, slug)


def _new_form(request: HttpRequest, source: LeadSource, *, says_when: bool = True) -> HttpResponse:
    language_choice.speak(request, source)
    hidden = _hidden({"earlier": request.GET.get("earlier", ""), **_came_here(request)})
    page = _empty_form(request, source, hidden, says_when=says_when)
    return pages.shown_inside(source, page)


def _from_memory(request: HttpRequest, slug: str) -> HttpResponse:
    """The form while the database is down, from what this process knows about the source: the
    database may be back before anybody has typed their number. Says nothing about when we would
    call, which is unknown.
    """
    with suppress(Error), config_cache.from_memory():
        if source := intake.active_source(slug):
            return _new_form(request, source, says_when=False)
    return error_pages.not_available(request)


def as_visitors_see(source: LeadSource, language: str) -> str:
    """The form's page as somebody sees it who opens it now in one of our languages, for people who
    set it up; also for a source that is switched off.
    """
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = reverse("leads:contact", args=[source.slug])
    request.resolver_match = resolve(request.path)
    request.GET = QueryDict(urlencode({language_choice.PARAMETER: language}))
    with translation.override(language):
        return _empty_form(request, source, _Hidden(uuid.uuid4(), None, "")).text


def _empty_form(
    request: HttpRequest, source: LeadSource, hidden: "_Hidden", *, says_when: bool = True
) -> HttpResponse:
    form = LeadForm(source=source, language=get_language() or "")
    return _form_page(request, source, form, hidden, says_when=says_when)


def _taken(request: HttpRequest, slug: str) -> HttpResponse:
    """Stores what was sent. If the database cannot, 503 with the form and everything in it."""
    came_by = FailedBy.WIDGET if pages.is_framed(request) else FailedBy.FORM
    try:
        with failed_submissions.counted(came_by), config_cache.one_version():
            source = intake.active_source(slug)
            if source is None:
                return _gone(request, slug)
            language_choice.speak(request, source)
            return pages.shown_inside(source, _submit(request, source))
    except Error as error:
        if unavailable.cause(error) is None:
            raise
    return _not_stored(request, slug)


def _not_stored(request: HttpRequest, slug: str) -> HttpResponse:
    """Uses what this process knows about the source; failing that, a page that needs no data."""
    try:
        with config_cache.from_memory():
            source = intake.active_source(slug)
            if source is None:
                return error_pages.not_available(request)
            language_choice.speak(request, source)
            posted = request_body.page_form(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            form = LeadForm(posted, source=source, language=get_language() or "")
            words = error_pages.not_stored()
            page = _form_page(request, source, form, _hidden(posted), 503, trouble=words)
    except BodyRefused as refused:
        return error_pages.body_refused(request, refused)
    except Error:
        return error_pages.not_available(request)
    page["Retry-After"] = str(unavailable.RETRY_AFTER)
    return pages.shown_inside(source, page)


@csrf_exempt  # it says what anybody can work out, and changes nothing
@pages.answers("POST")
def understood(request: HttpRequest, slug: str) -> HttpResponse:
    """How we read a number, for the form's page: {"call": sentence}, "" if there is nothing to say.
    The page asks when a number has been typed (static/leads/form.js).

    Errors in a number are shown only after the form is sent: nobody is corrected while typing.
    """
    with config_cache.one_version():
        source = intake.active_source(slug)
        if source is None:
            return pages.not_found(request)
        language_choice.speak(request, source)
        try:
            posted = request_body.page_form(request, request_body.LIMIT)
        except BodyRefused as refused:
            return error_pages.body_refused(request, refused)
        typed = clean_line(posted.get("phone", ""))
        answer = JsonResponse({"call": _we_will_call(request, source, typed, posted)})
    answer["Cache-Control"] = "no-store"
    return answer


def _we_will_call(
    request: HttpRequest, source: LeadSource, typed: str, posted: Mapping[str, str]
) -> str:
    how = circumstances.of_request(request)
    if not typed or not rates.may_read(how, typed, timezone.now()):
        return ""
    try:
        phone = number_guard.accept(typed, source, clean_line(posted.get("country", "")))
    except PhoneRefused:
        return ""
    number = phones.with_extension(phone.e164, phone.extension)
    return gettext("We will call %(number)s.") % {"number": phones.isolated(number)}


@csrf_exempt
def contact_without_slash(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes a POST to the address without its final slash; redirects everything else."""
    if request.method == "POST":
        return contact(request, slug)
    return _to_form(request, slug)


def _to_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Keeps the query, which says where the visitor came from."""
    address = reverse("leads:contact", args=[slug])
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address)


@dataclass(frozen=True)
class _Hidden:
    """What the form's page carries beside the fields.

    `token`: the page's own. `earlier`: the visitor's earlier request. `stamp`: when the page was
    rendered (leads.guard.stamp). `came_from`: the fields of leads.visits.
    """

    token: uuid.UUID
    earlier: uuid.UUID | None
    stamp: str
    came_from: Mapping[str, str] = field(default_factory=dict)


def _came_here(request: HttpRequest) -> dict[str, str]:
    """What a browser asking for the form says about where its visitor is. In the widget's frame,
    the website's page; the loader adds more (static/leads/frame.js).
    """
    referrer = request.headers.get("Referer", "")
    if pages.is_framed(request):
        return {visits.PAGE: referrer}
    return {visits.PAGE: request.build_absolute_uri(), visits.REFERRER: referrer}


def _hidden(posted: Mapping[str, str]) -> _Hidden:
    """The values for a new page, or for the posted one: a page shown again keeps its rendering
    time.
    """
    token, now = _uuid(posted.get("token", "")) or uuid.uuid4(), timezone.now()
    known = posted.get(stamp.FIELD, "")
    kept = known if stamp.age(known, token, now) is not None else stamp.new(token, now)
    earlier = _uuid(posted.get("earlier", ""))
    return _Hidden(token, earlier, kept, visits.handed_on(posted))


def _submit(request: HttpRequest, source: LeadSource) -> HttpResponse:
    try:
        posted = request_body.page_form(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except BodyRefused as refused:
        return error_pages.body_refused(request, refused)
    form = LeadForm(posted, source=source, language=get_language() or "")
    hidden = _hidden(posted)
    token, earlier = hidden.token, hidden.earlier
    if not form.is_valid():
        return _form_page(request, source, form, hidden, status=422)
    # The text is part of the key: the same page sent again is the same submission, but a visitor
    # who went back to correct something means a new one.
    key = intake.key_from("form", str(token), source.slug, *form.written())
    submitter = (earlier and intake.submitter_of(earlier)) or intake.key_from("by", str(token))
    how = circumstances.of_form(request, posted, token, timezone.now())
    try:
        submission = replace(
            form.submission(key, submitter, how),
            language=form.cleaned_data.get("language") or _called_in(request, source),
        )
        lead = intake.store_newest(submission)
    except Refused as refused:
        return _refused(request, source, form, hidden, refused)
    return pages.SeeOther(pages.address(request, "status", source.slug, lead.public_id))


def _called_in(request: HttpRequest, source: LeadSource) -> str:
    """The language for the call: the page's, if somebody at the source speaks it; "" means the
    source's.
    """
    language = get_language() or ""
    if not language_choice.asked(request) and languages.spoken(source.language) == language:
        return ""
    return language if ports.is_spoken(source.pk, language) else ""


def _refused(
    request: HttpRequest,
    source: LeadSource,
    form: LeadForm,
    hidden: _Hidden,
    refused: Refused,
) -> HttpResponse:
    """The form with everything that was typed, and when to send it again."""
    status = 403 if refused.is_for_good else 429
    trouble = error_pages.not_taken(refused)
    page = _form_page(request, source, form, hidden, status=status, trouble=trouble)
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
    trouble: str = "",
    *,
    says_when: bool = True,
) -> HttpResponse:
    """`trouble`: why the submission was not taken, if the reason is not in its fields. `says_when`:
    whether the page says when we would call; never together with `trouble`.

    Leaves out what a foreign website's page sent: those would be its words on our page.
    """
    if form.is_bound and websites.is_foreign(circumstances.of_request(request), source):
        form = LeadForm(source=source, language=get_language() or "")
        hidden = _hidden({})
        trouble = gettext(
            "This was sent from another website, and nothing was saved. Please fill in the form "
            "here."
        )
    form.offer_times()
    form.focus_on_what_is_wrong()
    context = {"source": source, "form": form, "hidden": hidden, "branding": branding(source)}
    context["fields_field"] = form_fields.MARK
    context["marks"] = " ".join(visits.MARKS)
    context["trap"], context["stamp_field"] = circumstances.TRAP, stamp.FIELD
    context["texts"] = source_texts.shown(source, get_language() or "")
    context["privacy_url"] = source_texts.privacy_url(source, get_language() or "")
    context["choices"] = pages.in_languages(request, source_texts.offered(source))
    context["trouble"] = trouble
    if says_when and not trouble:
        language = _called_in(request, source)
        context["expectation"] = before_sending.expectation(source, timezone.now(), language)
    page = render(request, "leads/contact.html", context, status=status)
    if pages.is_framed(request):
        page["X-Robots-Tag"] = "noindex"  # everybody finds the same form below contact/
    if not form.is_bound:
        # Every visit gets a new token, but without no-store: after "back" the browser must show its
        # earlier page with the earlier token. A page with typed text is not kept anywhere
        # (callbacks.config.page_headers).
        page["Cache-Control"] = "private, no-cache"
    return page


def _gone(request: HttpRequest, slug: str) -> HttpResponse:
    """No such form. In an open widget's frame, the page says what to do instead."""
    source = LeadSource.objects.filter(slug=slug).first() if pages.is_framed(request) else None
    language_choice.speak(request, source)
    if source is None:
        return pages.not_found(request)
    page = render(request, "leads/widget_gone.html", {"branding": branding(source)}, status=404)
    return pages.shown_inside(source, page)
