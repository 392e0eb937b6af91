"""Warnings that only `manage.py check --deploy` gives: settings that a public site rarely wants.

W080 HTTPS    W081 HSTS_SECONDS    W082 DEBUG

They replace Django's own warnings (SILENCED), which name Django settings that these settings
determine.
"""

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags

# By the id of Django's check: our setting that decides the matter.
SILENCED = {
    "security.W004": "HSTS_SECONDS",  # SECURE_HSTS_SECONDS
    "security.W005": "HSTS_SUBDOMAINS",  # a choice, off by default
    "security.W008": "HTTPS",  # SECURE_SSL_REDIRECT
    "security.W009": "SECRET_KEY",
    "security.W012": "HTTPS",  # SESSION_COOKIE_SECURE
    "security.W016": "HTTPS",  # CSRF_COOKIE_SECURE
    "security.W018": "DEBUG",
    "security.W020": "ALLOWED_HOSTS",
    "security.W021": "HSTS_SUBDOMAINS",  # SECURE_HSTS_PRELOAD, which is for whole domains
    "security.W025": "SECRET_KEY_FALLBACKS",
}


@checks.register(Tags.security, deploy=True)
def check_deployed(**_: object) -> list[CheckMessage]:
    """Reports every warning at once."""
    return [*_found()]


def _found() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield checks.Warning(
            "DEBUG is on, so errors show code and settings to visitors.",
            hint="Set DEBUG=false.",
            id="callbacks.W082",
        )
    if not settings.HTTPS:
        yield checks.Warning(
            "HTTPS is off, so others on the network can read passwords, sessions and visitors' "
            "numbers.",
            hint=(
                "Once the site has a certificate (docs/deploy.md), set HTTPS=true, and "
                "BEHIND_PROXY=true if a proxy handles it."
            ),
            id="callbacks.W080",
        )
    elif settings.HSTS_SECONDS == 0:
        yield checks.Warning(
            "HSTS_SECONDS is 0, so a browser that is given an http address connects without TLS "
            "first.",
            hint="Set HSTS_SECONDS=3600, and more once HTTPS has worked for a while.",
            id="callbacks.W081",
        )
