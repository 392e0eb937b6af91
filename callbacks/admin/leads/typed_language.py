"""A language that a manager types by its code, for a text in that language."""

from django import forms
from django.utils.translation import gettext

from leads import languages


def code(typed: str) -> str:
    """The standard code ("he" for "iw"). Raises ValidationError if `typed` is not a code."""
    if found := languages.read(typed):
        return found
    sentence = gettext("%(typed)s is not a language code. Use a code like en, he, ru.")
    raise forms.ValidationError(sentence % {"typed": typed})
