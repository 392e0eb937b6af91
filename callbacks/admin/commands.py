"""What a manager does: what is asked before, how it is carried out, what is said and logged."""

# ruff: noqa: ARG002  # the methods of a kind of command may need the thing

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
    """It is so already; the text says it to the manager."""


@dataclass(frozen=True)
class Command(Generic[Thing]):
    """Something a manager does to one thing or to several, each for itself.

    `run(thing, user)` does it and returns a sentence for the manager. It raises CannotCall
    when it is refused, NothingToDo when it is so already. `logged`: what Django's log says at the
    thing; "" where `run` writes the log. `asks_provider`: `run` asks the provider, which may take
    seconds, so it is not in a transaction; and it raises MayBeDone when the answer is lost.
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
        """The same, once it is chosen what is done: in a form, along with the yes."""
        return replace(self, run=run, logged=logged)

    def saying(self, explanation: Text, **others: Text) -> Self:
        """The same, asked in other words."""
        return replace(self, explanation=explanation, **others)  # type: ignore[arg-type]

    def lines(self, thing: Thing) -> Sequence[str]:
        """How the question shows a thing."""
        return [str(thing)]

    def said(self, thing: Thing, sentence: str) -> str:
        """What the manager is told of a thing."""
        return sentence

    def log_entry(self, thing: Thing) -> tuple[Model, str]:
        """At which object the log says what."""
        return thing, str(self.logged)

    def question(
        self,
        things: Sequence[Thing],
        back: str,
        action: str = "",
        form: forms.Form | None = None,
    ) -> Confirmation:
        """What is asked before it is done to `things`; `action`: the list's, to be posted again."""
        several = self.title_of_several if len(things) > 1 else ""
        return Confirmation(
            title=str(several) % {"count": len(things)} if several else self.title,
            explanation=self.explanation,
            button=self.button,
            things=[line for thing in things for line in self.lines(thing)],
            back=back,
            danger=self.danger,
            action=action,
            chosen=[thing.pk for thing in things] if action else [],
            form=form,
        )

    def carry_out(self, model_admin: Any, request: HttpRequest, things: Sequence[Thing]) -> None:
        """Does it to each thing; one that is refused does not keep the others from it."""
        for thing in things:
            level, sentence = self.do(model_admin, request, thing)
            model_admin.message_user(request, self.said(thing, sentence), level)

    def do(self, model_admin: Any, request: HttpRequest, thing: Thing) -> tuple[int, str]:
        """Does it to one thing; returns the level of the message and the sentence."""
        at, text = self.log_entry(thing)
        began = timezone.now()
        try:
            # The log entry is committed with what was done, or neither is.
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
    """As of when it began: what follows from it stands after it in the history."""
    entry = model_admin.log_change(request, at, text)
    entry.action_time = began
    entry.save(update_fields=["action_time"])
