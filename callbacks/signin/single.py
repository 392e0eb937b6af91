"""Single sign-on by OpenID Connect, if it is configured (docs/signin.md).

The library handles code flow, state, nonce and PKCE. What it leaves open is checked here: who
issued a token and for whom (`iss`, `aud`), that the claims belong to the same person (`sub`), that
the mail address is verified and in one of our domains, and that a disabled login stays out, even
with an earlier session.
"""

import logging
from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from callbacks.signin import door, second_factor

log = logging.getLogger(__name__)


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """Finds the login of a user who signed in elsewhere. Makes nobody a superuser or staff."""

    def verify_token(self, token: str, **kwargs: Any) -> Any:
        """Also checks who issued the token, and for whom. Raises SuspiciousOperation."""
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_ISSUER:
            raise SuspiciousOperation("the token is another issuer's")
        if settings.OIDC_RP_CLIENT_ID not in audiences:
            raise SuspiciousOperation("the token is for somebody else")
        if len(audiences) > 1 and payload.get("azp") != settings.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the token is for somebody else too")
        if "exp" not in payload:
            raise SuspiciousOperation("the token never ends")
        return payload

    def get_userinfo(self, access_token: str, id_token: str, payload: Any) -> Any:
        """The claims, which must belong to the token's person. Raises SuspiciousOperation."""
        claims = super().get_userinfo(access_token, id_token, payload)
        if not payload.get("sub") or claims.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the claims are another person's")
        return claims

    def verify_claims(self, claims: Any) -> bool:
        """Whether the claims have a verified mail address in one of our domains."""
        address = claims.get("email")
        if not isinstance(address, str) or claims.get("email_verified") is not True:
            return False
        name, at, domain = address.rpartition("@")
        return bool(name and at) and domain.casefold() in settings.OIDC_DOMAINS

    def filter_users_by_claims(self, claims: Any) -> Any:
        """Enabled logins with this address."""
        return super().filter_users_by_claims(claims).filter(is_active=True)

    def create_user(self, claims: Any) -> User | None:
        """Creates a login without a password, unless one with this address or name exists."""
        address = claims["email"].casefold()
        if User.objects.filter(email__iexact=address).exists():
            return None
        if User.objects.filter(username=address[:150]).exists():
            return None  # the name of another login
        user = User.objects.create_user(address[:150], email=address)
        second_factor.note(user, user, gettext("Login made by single sign-on"))
        return self.update_user(user, claims)

    def update_user(self, user: User, claims: Any) -> User:
        """Sets the user's groups among those that OIDC_GROUPS names; other groups stay."""
        if not settings.OIDC_GROUPS:
            return user
        told = claims.get(settings.OIDC_GROUPS_CLAIM)
        names = {it for it in told if isinstance(it, str)} if isinstance(told, list) else set()
        wanted = {ours for theirs, ours in settings.OIDC_GROUPS if theirs in names}
        managed = {ours for _, ours in settings.OIDC_GROUPS}
        has = set(user.groups.filter(name__in=managed).values_list("name", flat=True))
        if has != wanted:
            user.groups.remove(*Group.objects.filter(name__in=has - wanted))
            user.groups.add(*Group.objects.filter(name__in=wanted - has))
            second_factor.note(user, user, gettext("Groups changed by single sign-on"))
        return user

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session; None once the login is disabled."""
        return User.objects.filter(pk=user_id, is_active=True).first()


class _Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # the library has no types
    """Sends a returning user on, or says that it did not work."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Problems between the servers are not errors of ours, and nobody is signed in."""
        try:
            answer: HttpResponse = super().get(request)
        except (requests.RequestException, jwt.PyJWTError, SuspiciousOperation, ValueError) as it:
            # Its message may contain the provider's answer.
            log.warning("single sign-on failed error=%s", type(it).__name__)
            return self.login_failure()
        return answer

    @property
    def success_url(self) -> str:
        """Where the user was going, or where they work."""
        return self.request.session.get("oidc_login_next") or door.home_of(self.user)

    def login_failure(self) -> HttpResponse:
        """The same page for every reason."""
        return render(self.request, "signin/single_failed.html", status=403)


def is_offered() -> bool:
    """Whether it is configured."""
    return bool(settings.OIDC_ISSUER)


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider."""
    if not is_offered():
        raise Http404
    return OIDCAuthenticationRequestView.as_view()(request)  # type: ignore[no-any-return]


@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """The address that the provider sends the browser back to."""
    if not is_offered():
        raise Http404
    return _Callback.as_view()(request)  # type: ignore[no-any-return]
