"""Mail that a person reads who signs in."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings as SettingsWrapper

from tests.support.mail_server import MailServer, mail_server


@pytest.fixture
def mail(settings: SettingsWrapper) -> Iterator[MailServer]:
    """A mail server that keeps what the product sends."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "callbacks.mailing.backends.Smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "Callbacks <callbacks@example.com>"
        settings.SITE_URL = "https://callbacks.example.com"
        yield server
