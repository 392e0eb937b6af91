"""The forms of callbacks.signin's pages."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    """A code of six digits, or a recovery code where those are accepted."""

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
    """The first code of an authenticator, and the password if the user is already signed in.

    A session alone cannot set up an authenticator: otherwise whoever finds the browser could set up
    theirs, and lock the owner out.
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
        """The user's password."""
        typed: str = self.cleaned_data["password"]
        if not self._user.check_password(typed):
            raise forms.ValidationError(gettext("This is not your password."))
        return typed
