"""System checks of the sign-in settings.

E062 OIDC_...    E063 SIGN_IN_KEYS    E064 how long a session lasts    W061 SECOND_FACTOR_GROUPS=off
"""

from collections.abc import Iterator, Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  # Django's name

from callbacks.config import secret_checks
from callbacks.config.tags import SETTINGS

_LEAST_CHARACTERS = 32
_LONGEST = 24.0 * 90  # hours


@checks.register(SETTINGS)
def check_sign_in(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - the settings belong to no single application
    **kwargs: object,  # noqa: ARG001
) -> list[CheckMessage]:
    """Reports every mistake at once. No message shows a secret."""
    return [*_keys(), *_sessions(), *_single_sign_on()]


def _keys() -> Iterator[CheckMessage]:
    # SECRET_KEY, which is used if there are none, has its own checks.
    own = set(settings.SIGN_IN_KEYS) - {secret_checks.secret_key(), *settings.SECRET_KEY_FALLBACKS}
    if not settings.DEBUG and any(len(it) < _LEAST_CHARACTERS for it in own):
        yield Error(
            f"A key in SIGN_IN_KEYS has fewer than {_LEAST_CHARACTERS} characters.",
            hint=(
                "Generate each like SECRET_KEY: python -c 'import secrets; "
                "print(secrets.token_hex(30))'. Leave it empty to use SECRET_KEY."
            ),
            id="callbacks.E063",
        )
    # Plain HTTP is for trying things out; a public site has TLS.
    if settings.HTTPS and not settings.SECOND_FACTOR_GROUPS:
        yield Warning(
            "SECOND_FACTOR_GROUPS is off, so a password alone opens every account.",
            hint=(
                'Remove the setting, or name groups: SECOND_FACTOR_GROUPS="Owners, Sales '
                'managers, Integrators"'
            ),
            id="callbacks.W061",
        )


def _sessions() -> Iterator[CheckMessage]:
    for idle, longest in (
        ("SESSION_IDLE", "SESSION_LONGEST"),
        ("DEAR_SESSION_IDLE", "DEAR_SESSION_LONGEST"),
    ):
        if not 0 < getattr(settings, idle) <= getattr(settings, longest) <= _LONGEST:
            yield Error(
                f"{idle} and {longest} must be hours above 0. The first must not exceed the "
                f"second, and the second must not exceed {_LONGEST:g}.",
                hint=f"Set {idle}=2 and {longest}=12, or leave both empty.",
                id="callbacks.E064",
            )
    if (
        settings.DEAR_SESSION_IDLE > settings.SESSION_IDLE
        or settings.DEAR_SESSION_LONGEST > settings.SESSION_LONGEST
    ):
        yield Error(
            "DEAR_SESSION_IDLE and DEAR_SESSION_LONGEST are for people with the most rights, and "
            "must not exceed SESSION_IDLE and SESSION_LONGEST.",
            hint="Lower them, or leave them empty.",
            id="callbacks.E064",
        )


def _single_sign_on() -> Iterator[CheckMessage]:
    if not settings.OIDC_ISSUER:
        return
    addresses = {
        "OIDC_ISSUER": settings.OIDC_ISSUER,
        "OIDC_AUTHORIZATION_URL": settings.OIDC_OP_AUTHORIZATION_ENDPOINT,
        "OIDC_TOKEN_URL": settings.OIDC_OP_TOKEN_ENDPOINT,
        "OIDC_USERINFO_URL": settings.OIDC_OP_USER_ENDPOINT,
        "OIDC_KEYS_URL": settings.OIDC_OP_JWKS_ENDPOINT,
    }
    scheme = "https://" if settings.HTTPS else "http"
    for name, address in addresses.items():
        if not address.startswith(scheme):
            yield Error(
                f"{name} is not an https address, which single sign-on needs.",
                hint=(
                    f"Set {name} to the value in your provider's "
                    "/.well-known/openid-configuration, or leave OIDC_ISSUER empty."
                ),
                id="callbacks.E062",
            )
    if not {"openid", "email"} <= set(settings.OIDC_RP_SCOPES.split()):
        yield Error(
            "OIDC_SCOPES lacks openid or email, which are needed to identify people.",
            hint="Set OIDC_SCOPES=openid email, followed by any others, or leave it empty.",
            id="callbacks.E062",
        )
    given = {
        "OIDC_CLIENT_ID": settings.OIDC_RP_CLIENT_ID,
        "OIDC_CLIENT_SECRET": settings.OIDC_RP_CLIENT_SECRET,
        "OIDC_DOMAINS": settings.OIDC_DOMAINS,
    }
    for name, value in given.items():
        if not value:
            yield Error(
                f"{name} is empty, but single sign-on needs it.",
                hint=f"Set {name} (docs/signin.md), or leave OIDC_ISSUER empty.",
                id="callbacks.E062",
            )
