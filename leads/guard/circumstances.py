"""What is known about a submission apart from its fields."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from leads import origins, visits
from leads.guard import address, stamp
from leads.guard.address import Address
from leads.models import ApiClient
from leads.visits import CameFrom

# The name of a field that people do not see. Browsers and password managers have nothing to fill in
# under this name.
TRAP = "reference"


@dataclass(frozen=True)
class Filling:
    """How our form was filled in.

    `trap`: the text in the field that people do not see. `took`: time since the page was rendered;
    None if the page's stamp is missing or forged. `before`: how many requests the submitter had
    sent before.
    """

    trap: str = ""
    took: timedelta | None = None
    before: int = 0


@dataclass(frozen=True)
class Circumstances:
    """How a stranger's submission reached us.

    `address`: None if the server does not know it. `was_forwarded`: a header says that a proxy
    passed it on. `is_cross_site`: the browser says that another website's page sent it; `origin` is
    that website, "" if the browser hides it. `filling`: None if it came without our form.
    `is_by_api`: a program sent it, or somebody acting like one. `client`: the client whose key it
    showed (leads.api_keys). `page`: the address of the page with the form, as made by
    visits.page_of. `came_from`: the pages that the visitor came by.
    """

    address: Address | None
    was_forwarded: bool = False
    is_cross_site: bool = False
    origin: str = ""
    filling: Filling | None = None
    is_by_api: bool = False
    client: ApiClient | None = None
    page: str = ""
    came_from: CameFrom = field(default_factory=CameFrom)

    @property
    def is_without_key(self) -> bool:
        """Whether an unknown program sent it."""
        return self.is_by_api and self.client is None and not self.is_of_ours

    @property
    def is_of_ours(self) -> bool:
        """Whether it comes from one of our servers (RATES_EXEMPT). Not if an undeclared proxy on
        this machine (not in TRUSTED_PROXIES) passed it on: it may come from anybody, and all such
        requests have this address.
        """
        if self.address is None or not address.is_in(self.address, settings.RATES_EXEMPT):
            return False
        if address.is_in(self.address, settings.TRUSTED_PROXIES):
            return False  # the proxy did not say whose request it is
        return not (self.was_forwarded and self.address.is_loopback)

    def after(self, before: int) -> "Circumstances":
        """The same circumstances, for a submitter who sent `before` requests before."""
        filling = self.filling and replace(self.filling, before=before)
        return replace(self, filling=filling)


def of_request(request: HttpRequest) -> Circumstances:
    """The circumstances of a request's submission."""
    return Circumstances(
        address=address.of_request(request),
        was_forwarded="X-Forwarded-For" in request.headers,
        is_cross_site=request.headers.get("Sec-Fetch-Site") == "cross-site",
        origin=_origin(request.headers.get("Origin", "")),
        page=visits.page_of(request.headers.get("Referer", "")),
    )


def _origin(sent: str) -> str:
    try:
        return origins.read(sent)
    except origins.NoOrigin:
        return ""


def of_api(
    request: HttpRequest, fields: Mapping[str, str], client: ApiClient | None
) -> Circumstances:
    """The circumstances of a submission by a program, with a key of this client."""
    how = replace(of_request(request), is_by_api=True, client=client)
    came = visits.read(fields)
    return replace(how, page=came.last.get(visits.PAGE) or how.page, came_from=came)


def of_form(
    request: HttpRequest, posted: Mapping[str, str], token: uuid.UUID, now: datetime
) -> Circumstances:
    """The circumstances of a submission by our form, from a page with this token."""
    took = stamp.age(posted.get(stamp.FIELD, ""), token, now)
    filling = Filling(posted.get(TRAP, ""), took)
    here = request.build_absolute_uri(request.path)
    # A page of an older release sends no page field; its own address has the marks that it came
    # with.
    said = posted if visits.PAGE in posted else {visits.PAGE: request.headers.get("Referer", here)}
    return replace(
        of_request(request),
        filling=filling,
        page=visits.page_of(here),
        came_from=visits.read(said),
    )
