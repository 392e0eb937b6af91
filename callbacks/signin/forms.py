"""The forms of the pages of callbacks.signin."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    """A code of six digits; where they are taken, a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class SetUpForm(CodeForm):
    """The first code of an authenticator; with the password of whoever is signed in already.

    A session alone sets none up: it would be theirs who found the browser, and the door closed to
    whom it belongs to.
    """

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "code")

    def __init__(self, *args: Any, user: User, asks_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
        self._user = user
        if not asks_password:
            del self.fields["password"]

    def clean_password(self) -> str:
        """The one that is signed in with."""
        typed: str = self.cleaned_data["password"]
        if not self._user.check_password(typed):
            raise forms.ValidationError(gettext("This is not your password."))
        return typed
