"""What is known of a submission besides its fields."""

from dataclasses import dataclass

from django.http import HttpRequest

from leads.guard import address
from leads.guard.address import Address


@dataclass(frozen=True)
class Circumstances:
    """How a stranger's submission reached us.

    `address`: None where the server does not know it. `was_forwarded`: somebody says that they have
    passed it on. `trap`: what was written into the field of the form that people do not see.
    """

    address: Address | None
    was_forwarded: bool = False
    trap: str = ""


def of_request(request: HttpRequest, trap: str = "") -> Circumstances:
    """The circumstances of what a request submits."""
    return Circumstances(
        address=address.of_request(request),
        was_forwarded="X-Forwarded-For" in request.headers,
        trap=trap,
    )
