"""Asking before something is done: a confirmation page with a POST form.

A GET never does anything: links are followed by prefetching browsers and by mistake. The page
works without JavaScript and says what will happen, to whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib.admin import helpers
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from callbacks.common.translation import Text

CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Confirmation:
    """What is asked before an action."""

    title: Text
    explanation: Text
    button: Text
    things: Sequence[str]
    back: str
    danger: bool = False
    # For a list's action: its name and the chosen rows, which are posted again.
    action: str = ""
    chosen: Sequence[int] = field(default_factory=tuple)
    # Details to enter when confirming; errors are shown beside the fields.
    form: forms.Form | None = None


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the person has pressed the question's button."""
    return request.method == "POST" and CONFIRMED in request.POST


def ask(
    request: HttpRequest, model_admin: "ModelAdmin[Any]", question: Confirmation
) -> TemplateResponse:
    """The page that asks."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.title,
        "opts": model_admin.model._meta,
        "question": question,
        "confirmed_name": CONFIRMED,
        "chosen_name": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)
