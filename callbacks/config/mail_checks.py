"""System checks of the settings of outgoing mail. Only E051 applies without EMAIL_URL.

E050 DEFAULT_FROM_EMAIL    E051 EMAIL_TIMEOUT, MAIL_KEPT_DAYS    W010 EMAIL_URL without TLS
"""

from collections.abc import Iterator, Sequence
from email.utils import parseaddr

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from callbacks.config.tags import SETTINGS

_LONGEST_TIMEOUT, _LONGEST_KEPT = 30.0, 365
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@checks.register(SETTINGS)
def check_mail(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - the settings belong to no single application
    **kwargs: object,  # noqa: ARG001
) -> list[CheckMessage]:
    """Reports every mistake at once. No message shows a secret."""
    return [*_numbers(), *_addresses()]


def _numbers() -> Iterator[CheckMessage]:
    for name, most in (("EMAIL_TIMEOUT", _LONGEST_TIMEOUT), ("MAIL_KEPT_DAYS", _LONGEST_KEPT)):
        value = getattr(settings, name)
        if not 1 <= value <= most:
            yield Error(
                f"{name} is {value}, which is out of range.",
                hint=f"Set {name} to a number from 1 to {most:g}.",
                id="callbacks.E051",
            )


def _addresses() -> Iterator[CheckMessage]:
    if not settings.EMAIL_HOST:
        return
    try:
        validate_email(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    except ValidationError:
        yield Error(
            "EMAIL_URL is set, but DEFAULT_FROM_EMAIL is not a valid sender address.",
            hint=(
                "Set DEFAULT_FROM_EMAIL to an address that your mail server may send from: "
                "DEFAULT_FROM_EMAIL=Callbacks <callbacks@example.com>"
            ),
            id="callbacks.E050",
        )
    has_tls = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if not has_tls and settings.EMAIL_HOST not in _LOCAL:
        yield checks.Warning(
            "EMAIL_URL does not use TLS, so others on the network can read the mail and the "
            "password.",
            hint="Write smtp+tls:// or smtp+ssl:// in EMAIL_URL if your mail server supports it.",
            id="callbacks.W010",
        )
