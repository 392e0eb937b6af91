from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings as SettingsWrapper

from tests.support.mail_server import MailServer, mail_server


@pytest.fixture
def server(settings: SettingsWrapper) -> Iterator[MailServer]:
    """A mail server over SMTP, with the settings of EMAIL_URL=smtp://127.0.0.1:port."""
    with mail_server() as running:
        settings.EMAIL_BACKEND = "callbacks.mailing.backends.Smtp"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        settings.EMAIL_TIMEOUT = 20.0
        settings.DEFAULT_FROM_EMAIL = "Callbacks <callbacks@example.com>"
        yield running
