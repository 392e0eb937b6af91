"""Mail backends: Django's SMTP with a time limit for the whole session, and one without a server.

`EMAIL_TIMEOUT` limits the wait for each answer, but a server that sends a byte now and then could
still hold a connection for hours. So the connection is cut after LONGEST seconds.
"""

import logging
import smtplib
import socket
import threading
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

log = logging.getLogger(__name__)

# Seconds from the connection to the last answer.
LONGEST = 45.0
_END = b"\r\n.\r\n"


class MailIsOff(Exception):  # noqa: N818  # not an error: no mail server is set
    """EMAIL_URL is empty."""


class InDoubt(Exception):  # noqa: N818  # the mail may have been accepted
    """All of the mail was sent, but no answer came: it may arrive or not."""


class _Bounded(smtplib.SMTP):
    """A session that is cut after LONGEST seconds, and knows whether a mail was sent completely."""

    is_handed_over = False
    _cut: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._cut = threading.Timer(LONGEST, self._shut)
        self._cut.daemon = True
        try:
            self._cut.start()
        except RuntimeError as error:  # no thread can be started now
            log.warning("no thread could be started to limit a mail session")
            made.close()
            raise OSError("no thread could be started to limit the session") from error
        return made

    def _shut(self) -> None:
        try:
            if self.sock:
                # Not SSLSocket's own, which would change what the other thread is reading.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except OSError:
            pass  # the session is over already

    def send(self, s: Any) -> None:
        """Notes when the end of a mail has been written to the connection."""
        super().send(s)
        if isinstance(s, bytes) and s.endswith(_END):
            self.is_handed_over = True

    def close(self) -> None:
        """Ends the session and its timer."""
        if self._cut:
            self._cut.cancel()
        super().close()


class _BoundedSsl(_Bounded, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


class Smtp(EmailBackend):
    """Django's backend with limited sessions. `send_messages` raises InDoubt or smtplib errors."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The session's class: with TLS from the start, or not."""
        return _BoundedSsl if self.use_ssl else _Bounded

    def _send(self, email_message: EmailMessage) -> bool:
        try:
            return bool(super()._send(email_message))  # type: ignore[misc]
        except smtplib.SMTPResponseException:
            raise  # the server has answered
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if getattr(self.connection, "is_handed_over", False):
                raise InDoubt from error
            raise

    def close(self) -> None:
        """Ends the session. An error here changes nothing about mail that the server accepted."""
        session, self.connection = self.connection, None
        if session is None:
            return
        try:
            if session.sock:
                session.sock.settimeout(1.0)
            session.quit()
        except (smtplib.SMTPException, OSError):
            session.close()


class NoServer(BaseEmailBackend):
    """Used instead of a mail server if EMAIL_URL is empty."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:  # noqa: ARG002
        """Raises MailIsOff."""
        raise MailIsOff
