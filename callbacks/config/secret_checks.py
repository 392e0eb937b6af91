"""System checks of secrets and of settings that expose them. Nothing starts while one is an error.

E001 SECRET_KEY, SECRET_KEY_FALLBACKS    E008 CDR_SECRET, CDR_SECRET_PREVIOUS
E030 METRICS_TOKEN    E060 one secret for two purposes
E002, E061 ALLOWED_HOSTS    E014 DEBUG with HTTPS
W060 CDR_SECRET_PREVIOUS is still accepted

No message shows a secret. callbacks.config.checks runs them with the others.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

LEAST_KEY_CHARACTERS = 50  # as Django's own security.W009
LEAST_SECRET_CHARACTERS = 32
# Different characters: 32 random hexadecimal digits have fewer than 11 once in a million times.
LEAST_VARIETY = 10
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")
# From Django's key for a new project, and from examples and templates.
_KNOWN = ("django-insecure", "changeme", "change-me", "secret-key", "your-secret", "example")
_MAKE_ONE = "python -c 'import secrets; print(secrets.token_hex(30))'"


def found() -> Iterator[CheckMessage]:
    """Every mistake at once."""
    if not settings.DEBUG:
        yield from _secret_key()
        yield from _hosts()
    yield from _debug()
    yield from _provider_secrets()
    yield from _metrics_token()
    yield from _each_its_own()


def secret_key() -> str:
    """SECRET_KEY; "" if there is none, when Django refuses to return it."""
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:
        return ""


def weakness(secret: str, least: int) -> str:
    """What is wrong with a secret, to follow its name: "is ..."; "" for a good one."""
    if not secret:
        return "is missing"
    if len(secret) < least:
        return f"is too short: it has {len(secret)} characters and needs at least {least}"
    if len(set(secret)) < LEAST_VARIETY:
        return f"is easy to guess: it has only {len(set(secret))} different characters"
    if any(word in secret.lower() for word in _KNOWN):
        return "is easy to guess: it comes from an example"
    return ""


def _secret_key() -> Iterator[CheckMessage]:
    if wrong := weakness(secret_key(), LEAST_KEY_CHARACTERS):
        yield Error(
            f"SECRET_KEY {wrong}. Anybody who guesses it can sign in as any user.",
            hint=(
                "Set SECRET_KEY to the output of this command, the same for every process: "
                f"{_MAKE_ONE}. `make run` generates a key itself. To work on the code, set "
                "DEBUG=true."
            ),
            id="callbacks.E001",
        )
    for earlier in settings.SECRET_KEY_FALLBACKS:
        if wrong := weakness(earlier, LEAST_KEY_CHARACTERS):
            yield Error(
                f"One of SECRET_KEY_FALLBACKS {wrong}. Anybody who guesses it can sign in as any "
                "user.",
                hint="Remove it from SECRET_KEY_FALLBACKS.",
                id="callbacks.E001",
            )


def _hosts() -> Iterator[CheckMessage]:
    if not settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS is empty, so every request would be refused.",
            hint="Set ALLOWED_HOSTS to the site's names, separated by commas: "
            "ALLOWED_HOSTS=callbacks.example.com",
            id="callbacks.E002",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS contains *, so a request can claim any host name, and links in "
            "answers would lead there.",
            hint="Set ALLOWED_HOSTS to the site's names, separated by commas: "
            "ALLOWED_HOSTS=callbacks.example.com",
            id="callbacks.E061",
        )


def _debug() -> Iterator[CheckMessage]:
    if settings.DEBUG and settings.HTTPS:
        yield Error(
            "DEBUG is on although HTTPS suggests that strangers can reach this site. Errors "
            "would show them code and settings.",
            hint="Set DEBUG=false for a public site, or HTTPS=false to work on the code.",
            id="callbacks.E014",
        )


def _provider_secrets() -> Iterator[CheckMessage]:
    for name in ("CDR_SECRET", "CDR_SECRET_PREVIOUS"):
        secret = getattr(settings, name)
        if name == "CDR_SECRET_PREVIOUS" and not secret:
            continue
        wrong = weakness(secret, LEAST_SECRET_CHARACTERS)
        if not wrong and not _URL_SAFE.fullmatch(secret):
            wrong = "has characters other than letters, digits, - and _"
        if wrong:
            yield Error(
                f"{name} {wrong}. Nothing else keeps others from posting call records.",
                hint=f"Set {name} to the output of this command, and give the provider the new "
                f"address: {_MAKE_ONE}",
                id="callbacks.E008",
            )
    if settings.CDR_SECRET_PREVIOUS:
        yield checks.Warning(
            "CDR_SECRET_PREVIOUS is set, so the provider's old address is accepted as well as "
            "the new one.",
            hint=(
                "Once `manage.py voicenter check` says that the old address is no longer used, "
                "remove CDR_SECRET_PREVIOUS."
            ),
            id="callbacks.W060",
        )


def _metrics_token() -> Iterator[CheckMessage]:
    token = settings.METRICS_TOKEN
    if not token:
        return
    wrong = weakness(token, LEAST_SECRET_CHARACTERS)
    if not wrong and not _URL_SAFE.fullmatch(token):
        wrong = "has characters other than letters, digits, - and _"
    if wrong:
        yield Error(
            f"METRICS_TOKEN {wrong}.",
            hint="Set METRICS_TOKEN to the output of this command, and give it to your "
            f"monitoring: {_MAKE_ONE}",
            id="callbacks.E030",
        )


def _each_its_own() -> Iterator[CheckMessage]:
    secrets = {"SECRET_KEY": secret_key()} | {
        name: getattr(settings, name)
        for name in ("CDR_SECRET", "CDR_SECRET_PREVIOUS", "METRICS_TOKEN", "VOICENTER_CODE")
    }
    for (one, value), (other, same) in combinations(secrets.items(), 2):
        if value and value == same:
            yield Error(
                f"{one} and {other} are the same, so anybody who learns one has both.",
                hint=f"Set each to a different secret: {_MAKE_ONE}",
                id="callbacks.E060",
            )
