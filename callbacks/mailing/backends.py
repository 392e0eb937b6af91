"""How mail is handed to a server: Django's SMTP, with a bound for the whole of it.

`EMAIL_TIMEOUT` bounds each answer; a server that sends a byte now and then could still hold a
connection for hours. So it is cut after LONGEST seconds, whatever it is doing.
"""

import smtplib
import socket
import threading
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

# Seconds from the connection to the last answer.
LONGEST = 45.0
_END = b"\r\n.\r\n"


class MailIsOff(Exception):  # noqa: N818  # no error: nobody has set a mail server
    """EMAIL_URL is empty."""


class InDoubt(Exception):  # noqa: N818  # it may have gone well
    """All of the mail was handed over, and no answer came: it may arrive or not."""


class _Bounded(smtplib.SMTP):
    """A session that is cut after LONGEST seconds, and knows whether a mail was sent to its end."""

    is_handed_over = False
    _cut: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._cut = threading.Timer(LONGEST, self._shut)
        self._cut.daemon = True
        self._cut.start()
        return made

    def _shut(self) -> None:
        try:
            if self.sock:
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is over already

    def send(self, s: Any) -> None:
        """Notes that the end of a mail has been written to the connection."""
        super().send(s)
        if isinstance(s, bytes) and s.endswith(_END):
            self.is_handed_over = True

    def close(self) -> None:
        """Ends the session, and the waiting for it."""
        if self._cut:
            self._cut.cancel()
        super().close()


class _BoundedSsl(_Bounded, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


class Smtp(EmailBackend):
    """Django's, with bounded sessions. `send_messages` raises InDoubt, or smtplib's errors."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """With TLS from the start, or not."""
        return _BoundedSsl if self.use_ssl else _Bounded

    def _send(self, email_message: EmailMessage) -> bool:
        try:
            return bool(super()._send(email_message))  # type: ignore[misc]
        except smtplib.SMTPResponseException:
            raise  # the server has said what became of it
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if getattr(self.connection, "is_handed_over", False):
                raise InDoubt from error
            raise

    def close(self) -> None:
        """Hangs up. How the server takes leave changes nothing about a mail that it has taken."""
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
    """In place of a mail server where EMAIL_URL is empty."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:  # noqa: ARG002
        """Raises MailIsOff."""
        raise MailIsOff
