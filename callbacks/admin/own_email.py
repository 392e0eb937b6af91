"""The mail address of one's own login is changed with the password: whoever finds a browser that is
signed in has no link for a forgotten password sent to an address of theirs.
"""

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget


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
    """Raises ValidationError if this is not the user's password."""
    if not user.check_password(typed):
        raise forms.ValidationError(
            gettext("Enter your password to change your own e-mail address.")
        )
