"""One try to hand a mail to the mail server, and what the server's answer means."""

import smtplib
from dataclasses import dataclass
from enum import Enum, auto

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext

from callbacks.mailing.backends import InDoubt, MailIsOff
from callbacks.models import OutgoingMail

_MOST_WORDS = 300  # characters of a server's message
_PERMANENT = 500


class Verdict(Enum):
    """The result of a try."""

    SENT = auto()  # the server accepted the mail
    AGAIN = auto()  # not accepted now; try later
    IN_DOUBT = auto()  # unknown
    REFUSED = auto()  # refused, and would be refused again


@dataclass(frozen=True)
class Outcome:
    """The verdict, and a sentence for people, without secrets."""

    verdict: Verdict
    error: str = ""


def hand_over(mail: OutgoingMail) -> Outcome:
    """Sends a mail. Limited by EMAIL_TIMEOUT for each answer, and by backends.LONGEST in all.

    Holds no transaction and no lock. Each try has the same Message-ID, so that a receiver can
    recognise a repeated mail.
    """
    try:
        get_connection().send_messages([_message(mail)])
    except MailIsOff:
        return Outcome(Verdict.REFUSED, gettext("No mail server is set: EMAIL_URL is empty."))
    except InDoubt:
        return Outcome(
            Verdict.IN_DOUBT,
            gettext("The mail server got the mail and did not answer. The mail may have arrived."),
        )
    except (ValueError, LookupError) as error:  # BadHeaderError and UnicodeError among them
        kind = type(error).__name__
        return Outcome(
            Verdict.REFUSED, gettext("The mail could not be created (%(kind)s).") % {"kind": kind}
        )
    except smtplib.SMTPNotSupportedError:
        return Outcome(
            Verdict.AGAIN,
            gettext("The mail server does not support a feature that this mail needs."),
        )
    except (smtplib.SMTPException, OSError) as error:
        return _refused(error)
    return Outcome(Verdict.SENT)


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        headers={
            # RFC 3834: asks automatic responders not to answer.
            "Auto-Submitted": "auto-generated",
            **mail.headers,
            "Message-ID": mail.message_id,
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for file in mail.attachments.all():
        message.attach(file.name, bytes(file.data), file.content_type)
    return message


def _refused(error: Exception) -> Outcome:
    said: bytes | str
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            sentence = gettext("The mail server refused the address (%(code)s): %(said)s")
            is_final = code >= _PERMANENT
        case smtplib.SMTPDataError():
            code, said = error.smtp_code, error.smtp_error
            sentence = gettext("The mail server refused the mail (%(code)s): %(said)s")
            is_final = code >= _PERMANENT
        case smtplib.SMTPAuthenticationError():
            code, said, is_final = error.smtp_code, error.smtp_error, False
            sentence = gettext("The mail server refused our login (%(code)s): %(said)s")
        case smtplib.SMTPResponseException():
            code, said, is_final = error.smtp_code, error.smtp_error, False
            sentence = gettext("The mail server refused mail from this system (%(code)s): %(said)s")
        case TimeoutError():
            return Outcome(Verdict.AGAIN, gettext("The mail server did not answer in time."))
        case smtplib.SMTPServerDisconnected():
            return Outcome(
                Verdict.AGAIN,
                gettext("The mail server broke the connection or did not answer in time."),
            )
        case _:
            return Outcome(
                Verdict.AGAIN,
                gettext("The mail server could not be reached (%(kind)s).")
                % {"kind": type(error).__name__},
            )
    verdict = Verdict.REFUSED if is_final else Verdict.AGAIN
    return Outcome(verdict, sentence % {"code": code, "said": _words(said)})


def _words(said: bytes | str) -> str:
    """A server's message on one line, without our login."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    for secret in (settings.EMAIL_HOST_PASSWORD, settings.EMAIL_HOST_USER):
        if secret:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:_MOST_WORDS]
