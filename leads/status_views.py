"""A request's page: how the request stands, and what its visitor does there (leads.asked)."""

import math
import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_exempt

from leads import (
    acting,
    api,
    callback_times,
    dated_sentences,
    error_pages,
    feedback,
    log_context,
    number_guard,
    one_line,
    pages,
    phones,
    ports,
    request_body,
    source_texts,
    visitor_status,
)
from leads.acts import Act
from leads.asked import Asked, Posted, act_page, asked_about, is_foreign, key_of, not_now, token_of
from leads.forms import SURE, LeadForm, country_choices, sure_words
from leads.guard import challenge, circumstances, rates, stamp
from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import Refused
from leads.models import LeadSource, WhyTakenBack
from leads.phones import PhoneRefused, TypedPhone
from leads.request_body import BodyRefused
from leads.signals import number_refused
from leads.typed_text import clean_line


@pages.answers("GET", "HEAD")
@asked_about
def status(asked: Asked) -> HttpResponse:
    """Shows the visitor how their request stands now, and what they can change."""
    lead, stands, now = asked.lead, asked.stands, asked.now
    source = asked.source or lead.source
    offered = asked.offered
    if Act.NEVER_CALL not in offered and visitor_status.has_been_called(lead, now):
        offered = (*offered, Act.NEVER_CALL)
    return asked.page(
        "leads/status.html",
        acts=[it.value for it in offered],
        ask_after=visitor_status.ask_after(stands, now),
        refresh=visitor_status.refresh_after(lead, stands, now),
        **_question(asked),
        caller=phones.shown_to(visitor_status.caller_number(lead, stands), lead.phone),
        is_challenged=challenge.is_asked(lead, now),
        has_form=asked.source is not None,
        texts=source_texts.shown(source, get_language() or ""),
        choices=pages.in_languages(asked.request, source_texts.offered(source)),
    )


def _question(asked: Asked) -> dict[str, Any]:
    """The answer to the question after the call, and the question's form for a page that was loaded
    before the call.
    """
    answered = feedback.given(asked.lead) if asked.stands.status == "connected" else None
    return {"answered": answered, "question": feedback.form_for(answered)}


@csrf_exempt  # the solution is signed by us, and no cookie grants anything
@pages.answers("GET", "POST")
def solve(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """For the page of a request held as mildly suspicious: GET returns a challenge, POST takes its
    solution. JSON, in the widget's format.
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


# --- what a visitor does --------------------------------------------------------------------------


@act_page(Act.CANCEL)
def cancel(asked: Asked, _posted: Posted) -> HttpResponse:
    """Takes the request back."""
    if not asked.is_post:
        return asked.page("leads/act_cancel.html")
    acting.take_back(asked.lead, WhyTakenBack.CANCELLED, asked.now)
    return asked.back()


@act_page(Act.NOT_MINE)
def not_mine(asked: Asked, _posted: Posted) -> HttpResponse:
    """Takes the request back; nobody here calls the number for it."""
    if not asked.is_post:
        return asked.page("leads/act_not_mine.html", can_correct=Act.NUMBER in asked.offered)
    acting.take_back(asked.lead, WhyTakenBack.NOT_THEIRS, asked.now)
    return asked.back()


@act_page(Act.TIME, "call_at")
def time(asked: Asked, posted: Posted) -> HttpResponse:
    """Moves the call to another time."""
    source = asked.source
    if source is None:
        return not_now(asked)
    hours = ports.hours(source.pk, asked.lead.phone)
    typed = clean_line(posted.get("call_at", ""))
    context: dict[str, Any] = {
        "days": callback_times.on_offer(hours, asked.now, is_known=True),
        "zone": dated_sentences.zone_name(hours.zone, asked.now),
        "typed": typed,
        **_carried(asked, posted),
    }
    if not asked.is_post:
        return asked.page("leads/act_time.html", **context)
    try:
        if not typed:
            raise callback_times.TimeRefused(gettext("Choose a time."))
        chosen_at = callback_times.choose(typed, hours, asked.now, offered=True)
    except callback_times.TimeRefused as refused:
        return asked.page("leads/act_time.html", 422, wrong=str(refused), **context)
    key = key_of(asked, posted, "call_at")
    if wait := rates.wait_to_change(asked.lead, str(key), asked.now):
        trouble = error_pages.too_many_changes(wait)
        return _later(asked.page("leads/act_time.html", 429, trouble=trouble, **context), wait)
    how = circumstances.of_request(asked.request)
    return asked.back(acting.retime(asked.lead, source, chosen_at, key, how, asked.now))


@act_page(Act.NUMBER, "phone", "country")
def number(asked: Asked, posted: Posted) -> HttpResponse:
    """Asks for a call to another number instead."""
    source = asked.source
    if source is None:
        return not_now(asked)
    typed = clean_line(posted.get("phone", ""))
    context: dict[str, Any] = {
        "not_mine": Act.NOT_MINE in asked.offered,
        "typed": typed,
        **_countries(source, clean_line(posted.get("country", ""))),
        **_carried(asked, posted),
    }
    if not asked.is_post:
        return asked.page("leads/act_number.html", **context)
    try:
        phone = _other_number(asked, source, typed, posted)
    except PhoneRefused as refused:
        context |= {"wrong": refused.message, "sure": refused.number}
        context["sure_words"] = sure_words(refused.number) if refused.number else ""
        return asked.page("leads/act_number.html", 422, **context)
    key = key_of(asked, posted, "phone", "country")
    if wait := rates.wait_to_change(asked.lead, str(key), asked.now):
        trouble = error_pages.too_many_changes(wait)
        return _later(asked.page("leads/act_number.html", 429, trouble=trouble, **context), wait)
    how = circumstances.of_form(asked.request, posted, token_of(posted), asked.now)
    try:
        return asked.back(acting.correct(asked.lead, source, phone, key, how, asked.now))
    except Refused as refused_request:
        trouble = error_pages.not_taken(refused_request)
        if refused_request.is_for_good:
            return asked.page("leads/act_number.html", 403, trouble=trouble, **context)
        page = asked.page("leads/act_number.html", 429, trouble=trouble, **context)
        return _later(page, refused_request.retry_after)


def _countries(source: LeadSource, chosen: str) -> dict[str, Any]:
    """The form's countries and the chosen one; no list if there is only one country."""
    choices = country_choices(source)
    is_one = chosen in {code for code, _name in choices}
    return {"countries": choices, "country": chosen if is_one else source.default_country}


def _other_number(asked: Asked, source: LeadSource, typed: str, posted: Posted) -> TypedPhone:
    """Raises PhoneRefused for a number that nobody may call, for the number that we already have,
    and for a number that may be incomplete, unless the visitor confirms it.
    """
    if not typed:
        raise PhoneRefused("invalid", gettext("Enter your phone number."))
    try:
        phone = number_guard.accept(typed, source, clean_line(posted.get("country", "")))
    except PhoneRefused as refused:
        number_refused.send(sender=LeadSource, refused=refused)
        raise
    if phone.e164 == one_line.stored(asked.lead.phone):
        same = gettext("This is the number we already have for you. Enter another one.")
        raise PhoneRefused("same", same)
    if phone.is_doubtful and clean_line(posted.get(SURE, "")) != phone.e164:
        raise PhoneRefused("unsure", LeadForm.may_be_half(phone.e164), number=phone.e164)
    return phone


def _carried(asked: Asked, posted: Posted) -> dict[str, str]:
    """The hidden fields of an act's page: its token, and when it was rendered."""
    token = token_of(posted)
    known = posted.get(stamp.FIELD, "")
    is_its_own = stamp.age(known, token, asked.now) is not None
    return {
        "token": str(token),
        "stamp_field": stamp.FIELD,
        "stamp": known if is_its_own else stamp.new(token, asked.now),
        "trap": circumstances.TRAP,
    }


def _later(page: HttpResponse, wait: timedelta) -> HttpResponse:
    page["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return page


@csrf_exempt  # no cookie grants anything
@pages.answers("GET", "HEAD", "POST")
@asked_about
def never_call_again(asked: Asked) -> HttpResponse:
    """Asks the visitor whether their number should never be called again; POST does it.

    Anybody can type anybody's number: until our call has rung it, the number goes on no list, and
    only this request is taken back. The page says what happened to this request, and tells nobody
    whether the number was already listed. Refuses pages of foreign websites, and addresses that
    list number after number.
    """
    lead, now = asked.lead, asked.now
    has_been_called = visitor_status.has_been_called(lead, now)
    trouble, status, wait = "", 200, None
    if asked.is_post:
        how: Circumstances = circumstances.of_request(asked.request)
        if is_foreign(asked):
            trouble, status = gettext("This was sent from another website. Answer here."), 403
        elif has_been_called and (wait := rates.wait_to_list(how, lead.phone, now)):
            trouble, status = error_pages.too_many_numbers(wait), 429
        else:
            acting.never_again(lead, now, lists=has_been_called)
            done = pages.address(asked.request, "never-call", asked.slug, lead.public_id)
            return pages.secret(pages.SeeOther(done))
    taken = visitor_status.taken_back(lead)
    is_never = taken is not None and taken.why == WhyTakenBack.NEVER
    page = asked.page(
        "leads/never_call.html",
        status,
        is_done=is_never or (taken is not None and not has_been_called),
        is_listed=is_never,
        has_been_called=has_been_called,
        trouble=trouble,
    )
    return _later(page, wait) if wait else page
