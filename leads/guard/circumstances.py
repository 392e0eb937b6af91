"""What is known of a submission besides its fields."""

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

# The name of the field that people do not see. No browser and no password manager has anything to
# fill in under it.
TRAP = "reference"


@dataclass(frozen=True)
class Filling:
    """How our form was filled in.

    `trap`: what was written into the field that people do not see. `took`: since its page was
    rendered; None where the page's stamp is missing or forged. `before`: how many requests its
    submitter had sent.
    """

    trap: str = ""
    took: timedelta | None = None
    before: int = 0


@dataclass(frozen=True)
class Circumstances:
    """How a stranger's submission reached us.

    `address`: None where the server does not know it. `was_forwarded`: somebody says that they have
    passed it on. `is_cross_site`: the browser says that a page of another website sent it; of
    `origin`, "" where it hides that. `filling`: None for what came without our form. `is_by_api`: a
    program sent it, or somebody who acts like one. `client`: whose key it showed (leads.api_keys).
    `page`: the address of the page that it was filled in on, as visits.page_of makes it.
    `came_from`: the pages that its visitor came by.
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
        """Whether a program sent it that nobody here knows."""
        return self.is_by_api and self.client is None and not self.is_of_ours

    @property
    def is_of_ours(self) -> bool:
        """Whether it comes from a server of ours (RATES_EXEMPT). Not what a proxy on this machine
        has passed on that nobody has declared (TRUSTED_PROXIES): that is anybody's, and all of it
        has this address.
        """
        if self.address is None or not address.is_in(self.address, settings.RATES_EXEMPT):
            return False
        if address.is_in(self.address, settings.TRUSTED_PROXIES):
            return False  # the proxy has not said whose request it is
        return not (self.was_forwarded and self.address.is_loopback)

    def after(self, before: int) -> "Circumstances":
        """The same of somebody who has sent so many requests before."""
        filling = self.filling and replace(self.filling, before=before)
        return replace(self, filling=filling)


def of_request(request: HttpRequest) -> Circumstances:
    """The circumstances of what a request submits."""
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
    """The same of what a program has sent, with a key of this client."""
    how = replace(of_request(request), is_by_api=True, client=client)
    came = visits.read(fields)
    return replace(how, page=came.last.get(visits.PAGE) or how.page, came_from=came)


def of_form(
    request: HttpRequest, posted: Mapping[str, str], token: uuid.UUID, now: datetime
) -> Circumstances:
    """The same of what our form has sent, from a page with this token."""
    took = stamp.age(posted.get(stamp.FIELD, ""), token, now)
    filling = Filling(posted.get(TRAP, ""), took)
    here = request.build_absolute_uri(request.path)
    # A page of an older release says nothing; its own address has the marks that it came with.
    said = posted if visits.PAGE in posted else {visits.PAGE: request.headers.get("Referer", here)}
    return replace(
        of_request(request),
        filling=filling,
        page=visits.page_of(here),
        came_from=visits.read(said),
    )
