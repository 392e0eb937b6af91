"""A manager's commands: the question asked first, the action, the message and the log entry."""

# ruff: noqa: ARG002  # overriding methods may need the thing

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.admin.confirm import Confirmation
from callbacks.calling import manual_requests
from callbacks.common.translation import Text

Thing = TypeVar("Thing", bound=Model)


class NothingToDo(Exception):  # noqa: N818  # said to a manager
    """The thing is already in the wanted state; the text tells the manager so."""


@dataclass(frozen=True)
class Command(Generic[Thing]):
    """Something a manager does to one or more things, each separately.

    `run(thing, user)` does it and returns a sentence for the manager. It raises CannotCall when
    it is refused, and NothingToDo when there is nothing to change. `logged`: the entry in Django's
    log; "" if `run` writes the log. `asks_provider`: `run` asks the provider, which may take
    seconds, so it does not run in a transaction; it raises MayBeDone when the answer is lost.
    """

    run: Callable[[Thing, Any], str]
    title: Text
    explanation: Text
    button: Text
    logged: Text = ""
    title_of_several: Text = ""  # with %(count)d
    danger: bool = False
    asks_provider: bool = False

    def doing(self, run: Callable[[Thing, Any], str], logged: Text = "") -> Self:
        """A copy that runs `run`, for a command whose details are chosen in the form."""
        return replace(self, run=run, logged=logged)

    def saying(self, explanation: Text, **others: Text) -> Self:
        """A copy with another explanation."""
        return replace(self, explanation=explanation, **others)  # type: ignore[arg-type]

    def lines(self, thing: Thing, user: Any) -> Sequence[str]:
        """How the question shows a thing to `user`."""
        return [str(thing)]

    def said(self, thing: Thing, sentence: str) -> str:
        """The manager's message about a thing."""
        return sentence

    def log_entry(self, thing: Thing) -> tuple[Model, str]:
        """The object to log at, and the text."""
        return thing, str(self.logged)

    def question(
        self,
        things: Sequence[Thing],
        user: Any,
        back: str,
        action: str = "",
        form: forms.Form | None = None,
    ) -> Confirmation:
        """The question to ask `user` first. `action`: the list's action, which is posted again."""
        several = self.title_of_several if len(things) > 1 else ""
        return Confirmation(
            title=str(several) % {"count": len(things)} if several else self.title,
            explanation=self.explanation,
            button=self.button,
            things=[line for thing in things for line in self.lines(thing, user)],
            back=back,
            danger=self.danger,
            action=action,
            chosen=[thing.pk for thing in things] if action else [],
            form=form,
        )

    def carry_out(self, model_admin: Any, request: HttpRequest, things: Sequence[Thing]) -> None:
        """Does it to each thing. If one is refused, the others still get done."""
        for thing in things:
            level, sentence = self.do(model_admin, request, thing)
            model_admin.message_user(request, self.said(thing, sentence), level)

    def do(self, model_admin: Any, request: HttpRequest, thing: Thing) -> tuple[int, str]:
        """Does it to one thing; returns the level of the message and the sentence."""
        at, text = self.log_entry(thing)
        began = timezone.now()
        try:
            # The change and its log entry are committed together.
            with nullcontext() if self.asks_provider else transaction.atomic():
                sentence = self.run(thing, request.user)
                if text:
                    _log(model_admin, request, at, text, began)
        except manual_requests.MayBeDone as doubt:
            lost = gettext(
                "%(logged)s; the provider's answer does not tell whether it was done"
            ) % {"logged": text}
            _log(model_admin, request, at, lost, began)
            return messages.WARNING, str(doubt)
        except manual_requests.CannotCall as refusal:
            return messages.ERROR, str(refusal)
        except NothingToDo as already:
            return messages.WARNING, str(already)
        return messages.SUCCESS, sentence


def _log(model_admin: Any, request: HttpRequest, at: Model, text: str, began: datetime) -> None:
    """Logs with the start time, so that what the command caused comes after it in the history."""
    entry = model_admin.log_change(request, at, text)
    entry.action_time = began
    entry.save(update_fields=["action_time"])
