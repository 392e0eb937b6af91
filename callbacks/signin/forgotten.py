"""A forgotten password: a link by mail, if mail is set up.

Everybody who asks reads the same answer at once, whether or not the address is somebody's: a thread
looks it up and sends the mail. These mails are not kept in the outbox, where managers read, because
a link opens an account.
"""

import logging
import queue
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext, override
from django.views.decorators.cache import never_cache

from callbacks.common.aside import Aside
from callbacks.common.site_address import absolute
from callbacks.mailing.backends import MailIsOff
from callbacks.signin import door, login_mail, second_factor, tries
from leads.guard import address as addresses

log = logging.getLogger(__name__)

# A mailbox gets one mail in this time; a network address may ask a few times, then once a minute.
ONE_MAILBOX = tries.Allowance("reset", 1, timedelta(minutes=5), timedelta(minutes=5))
ONE_ADDRESS = tries.Allowance("reset-from", 10, timedelta(minutes=1), timedelta(hours=1))
_MOST_WAITING = 20

# The addresses that were typed and whose mails are to be sent.
_waiting: queue.Queue[str] = queue.Queue(_MOST_WAITING)


def is_offered() -> bool:
    """Whether mail is set up."""
    return bool(settings.EMAIL_HOST)


@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Asks for the mail address, and answers everybody in the same way."""
    if not is_offered():
        raise Http404
    form = PasswordResetForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _have_sent(request, form.cleaned_data["email"])
        return HttpResponseRedirect(reverse("sign-in:sent"))
    context = {"form": form}
    return render(request, "signin/forgotten.html", context, status=422 if form.errors else 200)


@never_cache
def sent(request: HttpRequest) -> HttpResponse:
    """The page for everybody who has asked."""
    return render(request, "signin/sent.html")


class _SetPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """Notes the change in the log."""

    def save(self, commit: bool = True) -> Any:
        """Saves the new password; returns the user."""
        with transaction.atomic():
            user = super().save(commit)
            second_factor.note(user, user, gettext("Set a new password with an emailed link"))
        return user


_new_password = PasswordResetConfirmView.as_view(
    template_name="signin/new_password.html",
    form_class=_SetPasswordForm,
    success_url=reverse_lazy("desk:login"),
)


def new_password(request: HttpRequest, **parts: Any) -> HttpResponseBase:
    """The page behind the link. It signs nobody in: the second factor is still required."""
    if request.method != "POST":
        return _new_password(request, **parts)
    return door.few_at_a_time(request, lambda: _new_password(request, **parts))


def send(typed: str) -> int:
    """Mails a link to every user with this address who can log in; returns how many."""
    count = 0
    for user in PasswordResetForm().get_users(typed):
        link = reverse(
            "sign-in:new-password",
            kwargs={
                "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
                "token": default_token_generator.make_token(user),
            },
        )
        with override(login_mail.language_of(user)):
            mail = EmailMessage(
                gettext("Choose a new password"),
                render_to_string("mail/new_password.txt", _words(user, link)),
                to=[user.email],
            )
        mail.send()
        count += 1
    return count


def _words(user: User, link: str) -> dict[str, object]:
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return {"name": user.get_username(), "link": absolute(link), "minutes": minutes}


def _have_sent(request: HttpRequest, typed: str) -> None:
    now = timezone.now()
    sender = addresses.of_request(request)
    if sender is not None and tries.take(ONE_ADDRESS, addresses.customer(sender), now):
        return
    if tries.take(ONE_MAILBOX, typed.casefold(), now):
        return
    with suppress(queue.Full):
        _waiting.put_nowait(typed)
    _aside.wake()


def _send_waiting() -> bool:
    """Sends all that waits in one job, so that a process that stops sends it first."""
    while True:
        try:
            typed = _waiting.get_nowait()
        except queue.Empty:
            return False
        try:
            send(typed)
        except (OSError, MailIsOff):
            log.warning("a mail with a link to a new password could not be sent", exc_info=True)
        except Exception:
            log.exception("a mail with a link to a new password failed")
        finally:
            connection.close()  # a broken connection fails one mail and not all that wait


_aside = Aside("password-reset", _send_waiting)
