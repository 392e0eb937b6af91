"""Who a request is from. A user who still owes a second factor counts as nobody, at every address.

So no view has to care: it sees a visitor who is not signed in. Only callbacks.signin's pages know
who has given a password but no code yet (`at_the_door`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from callbacks.models import SignIn
from callbacks.signin import second_factor, sessions


class SignInMiddleware:
    """Runs after Django's and django-otp's middleware, which know a session's user and device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on. The session is read only when something asks for the user."""
        found = request.user
        request.user = SimpleLazyObject(partial(_who, request, found))  # type: ignore[assignment]
        return self._get_response(request)


def at_the_door(request: HttpRequest) -> User | None:
    """The user who has given a password and owes the second factor."""
    return None if request.user.is_authenticated else getattr(request, "_at_the_door", None)


def has_passed(request: HttpRequest) -> bool:
    """Whether this middleware has checked the request's user, who owes nothing."""
    return bool(request.user.is_authenticated and getattr(request, "_has_passed", False))


def let_in(request: HttpRequest, user: User) -> None:
    """The second factor was right: from now on the session is the user's."""
    request.user = user
    request._has_passed = True  # type: ignore[attr-defined]


def sign_in_of(request: HttpRequest) -> SignIn | None:
    """The row of the request's session."""
    bool(request.user.is_authenticated)  # reading the user also reads the row
    return getattr(request, "_sign_in", None)


def _who(request: Any, user: Any) -> Any:
    if not user.is_authenticated:
        return user
    row = sessions.of(request, user)
    if row is None:
        request.session.flush()
        return AnonymousUser()
    request._sign_in = row
    if not user.is_verified() and _owes(user, row):
        request._at_the_door = user
        return AnonymousUser()
    request._has_passed = True
    return user


def _owes(user: User, row: SignIn) -> bool:
    has_one = getattr(row, "has_authenticator", None)  # a row just created does not say
    if has_one is None:
        has_one = second_factor.of(user) is not None
    return has_one or second_factor.is_demanded(user)
