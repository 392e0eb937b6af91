"""What all pages of a request share: access to the request, and asking about an act before doing
it.

Whoever knows the page's address is the visitor. There is no login and no cookie, so the pages also
work inside another website's frame, and a CSRF token would protect nothing. Pages of foreign
websites do not know the address; what they send is refused as well (`is_foreign`).

GET and HEAD change nothing, because mail scanners follow links. Each act first asks on its own
page, and is done by POST.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from leads import (
    acting,
    acts,
    config_cache,
    error_pages,
    expiry,
    intake,
    language_choice,
    log_context,
    pages,
    request_body,
    visitor_status,
)
from leads.acts import Act
from leads.branding.shown import branding
from leads.guard import circumstances, websites
from leads.models import Lead, LeadSource
from leads.request_body import BodyRefused
from leads.standings import Standing

log = logging.getLogger(__name__)


def _expired(
    request: HttpRequest, slug: str, source: LeadSource, *, has_form: bool
) -> HttpResponse:
    """Says nothing about the request, not even that the number was called."""
    known = {"slug": slug, "has_form": has_form, "branding": branding(source)}
    page = render(request, "leads/expired.html", known, status=410)
    return pages.shown_inside(source, pages.secret(page))


@dataclass(frozen=True)
class Asked:
    """A request, and the page view that asks about it. `source`: None if it is switched off."""

    request: HttpRequest
    slug: str
    lead: Lead
    source: LeadSource | None
    stands: Standing
    now: datetime

    @property
    def is_post(self) -> bool:
        """Whether to do the act."""
        return self.request.method == "POST"

    @property
    def offered(self) -> tuple[Act, ...]:
        """The acts that the request's standing allows."""
        return acts.offered(self.stands, self.source, self.lead, self.now)

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """Renders a page for whoever knows the request's address."""
        source = self.source or self.lead.source
        known = {
            "slug": self.slug,
            "branding": branding(source),
            "public_id": self.lead.public_id,
            "stands": self.stands,
            "last_digits": visitor_status.last_digits(self.lead.phone),
            "is_ringing": self.stands.status in acts.RINGING,
        }
        page = render(self.request, template, known | context, status=status)
        return pages.shown_inside(source, pages.secret(page))

    def back(self, lead: Lead | None = None) -> HttpResponse:
        """Redirects to the page that shows how this request, or `lead`, stands."""
        public_id = (lead or self.lead).public_id
        address = pages.address(self.request, "status", self.slug, public_id)
        return pages.secret(pages.SeeOther(address))


View = Callable[[HttpRequest, str, uuid.UUID], HttpResponse]


def asked_about(view: Callable[[Asked], HttpResponse]) -> View:
    """Finds the request that a page is about; if there is none, answers "not found"."""

    @wraps(view)
    def answer(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
        lead = visitor_status.find(public_id, slug)
        if lead is None:
            return pages.not_found(request)
        log_context.follow(lead.pk)
        now = timezone.now()
        with config_cache.one_version(visitor_status.version_of(lead)):
            source = intake.active_source(slug)
            language_choice.speak(request, source or lead.source)
            if expiry.has_expired(lead, now):
                return _expired(request, slug, source or lead.source, has_form=source is not None)
            stands = visitor_status.standing(lead, now)
            return view(Asked(request, slug, lead, source, stands, now))

    return answer


Posted = Mapping[str, str]
Deed = Callable[[Asked, Posted], HttpResponse]


def act_page(act: Act, *typed: str) -> Callable[[Deed], View]:
    """A view of one act: GET asks, POST does it, and only while the act is offered.

    `typed`: the fields that the visitor fills in. The same page sent again with the same values
    gets the same answer, however the request stands by now.
    """

    def decorate(view: Deed) -> View:
        @csrf_exempt  # see the module's docstring
        @pages.answers("GET", "HEAD", "POST")
        @asked_about
        @wraps(view)
        def answer(asked: Asked) -> HttpResponse:
            posted: Posted = {}
            if asked.is_post:
                if is_foreign(asked):
                    return foreign(asked)
                try:
                    posted = request_body.page_form(
                        asked.request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE
                    )
                except BodyRefused as refused:
                    return error_pages.body_refused(asked.request, refused)
                if typed and (known := intake.find(key_of(asked, posted, *typed))):
                    return asked.back(known)
            if act not in asked.offered:
                return not_now(asked)
            try:
                return view(asked, posted)
            except acting.StillOpen:
                log.warning("not taken back: claimed again each time")
                return asked.page("leads/act_not_now.html", 409, is_busy=True)

        return answer

    return decorate


def is_foreign(asked: Asked) -> bool:
    """Whether a page of another website sent the request."""
    how = circumstances.of_request(asked.request)
    return websites.is_foreign(how, asked.source or asked.lead.source)


def foreign(asked: Asked) -> HttpResponse:
    """The answer to a request from another website's page."""
    trouble = gettext("This was sent from another website. Answer here.")
    return asked.page("leads/act_not_now.html", 403, trouble=trouble)


def not_now(asked: Asked) -> HttpResponse:
    """The act was done already, or a call came first: the page says how the request stands."""
    if asked.is_post and asked.stands.status == "cancelled":
        return asked.back()
    return asked.page("leads/act_not_now.html", 409 if asked.is_post else 200)


def token_of(posted: Posted) -> uuid.UUID:
    """The page's token; a new one if the page carried none."""
    with suppress(ValueError):
        return uuid.UUID(posted.get("token", ""))
    return uuid.uuid4()


def key_of(asked: Asked, posted: Posted, *typed: str) -> uuid.UUID:
    """The key of a change: the same page sent again with the same `typed` fields is the same
    change.
    """
    said = (posted.get(name, "") for name in typed)
    return intake.key_from("act", str(asked.lead.public_id), str(token_of(posted)), *said)
