"""A form's own error messages, which say what is wrong and what to do."""

from typing import Any

from django import forms


def at_least_one(form: "forms.ModelForm[Any]", name: str, words: str) -> None:
    """Refuses 0 in a field with these words, in the browser and on the server."""
    if field := form.fields.get(name):
        field.widget.attrs["min"] = 1
        field.error_messages["min_value"] = words


def say(form: "forms.ModelForm[Any]", name: str, code: str, words: str) -> None:
    """Sets the words for one kind of error in a field."""
    if field := form.fields.get(name):
        field.error_messages[code] = words
