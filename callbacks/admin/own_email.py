"""Who changes the e-mail address of one's own login.

Password reset links are sent there, and single sign-on finds the login by it. So somebody at a
browser that was left signed in cannot change it.
"""

from datetime import timedelta

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from callbacks.signin import tries

_TRIES = tries.Allowance("own-email", 10, timedelta(minutes=1), timedelta(hours=1))


def is_others_to_change(user: User) -> bool:
    """Whether the user has an address but no password to prove who they are."""
    return bool(user.email) and not user.has_usable_password()


def password_field() -> forms.CharField:
    """Asks for the password."""
    return forms.CharField(
        label=_("Your password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
        help_text=_(
            "Needed only to change your own e-mail address, because password reset links are "
            "sent there."
        ),
    )


def check(user: User, typed: str) -> None:
    """Raises ValidationError if this is not the user's password, or after too many tries."""
    if tries.take(_TRIES, user.get_username(), timezone.now()):
        raise forms.ValidationError(gettext("There were too many tries. Try again in a minute."))
    if not user.check_password(typed):
        raise forms.ValidationError(
            gettext("Enter your password to change your own e-mail address.")
        )
